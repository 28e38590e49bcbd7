//! What all workers of a gate share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use farmgate_keys::Signer;
use farmgate_wire::Counts;

use crate::audit::Log;
use crate::authn::Memory;
use crate::limit::Limiter;
use crate::metrics::Metrics;
use crate::state::State;
use crate::upstream::Upstreams;

/// What all workers share.
pub(crate) struct Shared {
    /// The configuration in force: swapped as a whole.
    pub(crate) state: ArcSwap<State>,
    /// What outlives a configuration of those who proved who they are.
    pub(crate) memory: Memory,
    pub(crate) limiter: Limiter,
    pub(crate) log: Log,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) upstreams: Arc<Upstreams>,
    /// Signs the probes of bridges, with the keys in force.
    pub(crate) probes: Arc<ArcSwap<Signer>>,
    /// What the listeners count.
    pub(crate) counts: Arc<Counts>,
    /// Where spans go, if the environment says.
    #[cfg(feature = "otlp")]
    pub(crate) spans: Option<crate::trace::otlp::Exporter>,
    /// Whether no more connections are taken.
    pub(crate) draining: AtomicBool,
}
