//! Farmgate's own gate: a service that authenticates callers and forwards them to others.

use super::{Key, Origin, Val};

/// A gate: an ECS service whose configuration says to whom it forwards.
///
/// It is modelled because a farm's statements go through it: it is a hop like a load balancer, and
/// it is what authenticates.
#[derive(Debug, Clone)]
pub struct Gate {
    /// The ECS service that runs it; also the key under which the model holds it.
    pub key: Key,
    /// Where its configuration is written.
    pub origin: Origin,
    /// The port on which it serves HTTPS.
    pub port: u16,
    /// Its routes, by priority.
    pub routes: Vec<GateRoute>,
}

/// A route of a gate.
#[derive(Debug, Clone)]
pub struct GateRoute {
    /// Where it is written.
    pub origin: Origin,
    /// The path pattern, with the wildcards of an ALB.
    pub path: String,
    /// The ECS service to which it leads.
    pub to: Val<Key>,
    /// The port there.
    pub port: u16,
    /// Whether that hop is encrypted.
    pub tls: bool,
    /// The path that is probed there.
    pub health_path: String,
    /// How callers prove who they are, in words; any one suffices. Empty: not at all.
    pub authentication: Vec<String>,
    /// Whether nothing of that is a proof that the gate verifies itself: an API Gateway before it
    /// verified SigV4, and says whose it was (`apigw_iam`).
    pub vouched: bool,
}
