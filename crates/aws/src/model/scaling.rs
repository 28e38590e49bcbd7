//! Policies of Application Auto Scaling for ECS services.

use super::{Key, Val};

/// What moves the number of a service's tasks.
#[derive(Debug, Clone)]
pub struct ScalingPolicy {
    /// Its own key.
    pub key: Key,
    /// The service that it moves.
    pub service: Val<Key>,
    /// `TargetTrackingScaling`, `StepScaling`, `PredictiveScaling`; `Scheduled` for a scheduled action.
    pub kind: Val<String>,
    /// The metric that it tracks: a predefined type; `None`: one of its own, or none.
    pub metric: Val<Option<String>>,
    /// The value that it holds the metric near, as it is written.
    pub target: Val<Option<String>>,
    /// Seconds to wait before it takes tasks away again.
    pub cooldown_in: Val<Option<u64>>,
    /// Seconds to wait before it adds tasks again.
    pub cooldown_out: Val<Option<u64>>,
    /// `disable_scale_in`: it adds tasks, and never takes one away.
    pub only_out: Val<bool>,
}
