//! What the admin address shows of a gate.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use farmgate_wire::Drain;
use serde::Serialize;

use super::{View, run};
use crate::audit::Head;
use crate::metrics::{Snapshot, state_of};
use crate::shared::Shared;
use crate::upstream::TargetState;

/// Whether a gate serves, and how its servers are.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Ready {
    /// Whether it takes requests: its keys and its configuration are good, it isn't draining, and
    /// the audit can be written if it must be. A server without healthy targets changes nothing:
    /// the others are served.
    pub ready: bool,
    /// The farm.
    pub farm: String,
    /// Counts the configurations that were taken since it started, from 0.
    pub generation: u64,
    /// Whether it drains.
    pub draining: bool,
    /// What is wrong with the audit.
    pub audit: Vec<String>,
    /// The servers by name.
    pub servers: BTreeMap<String, Server>,
}

/// How a server is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Server {
    /// Targets that get requests.
    pub healthy: usize,
    /// All targets.
    pub targets: Vec<TargetState>,
}

/// Serves what there is to see of a gate until `until` begins.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, until: Drain) {
    // A gate whose admin address fails serves on: its clients come first.
    let _ = run(listener, Arc::new(Gate(shared)), until.begun()).await;
}

struct Gate(Arc<Shared>);

impl View for Gate {
    fn metrics(&self) -> String {
        let shared = &self.0;
        shared.metrics.text(&Snapshot {
            connections: shared.counts.figures(),
            targets: shared.upstreams.states(),
            audit: shared.log.figures(),
            waiting: shared.limiter.waiting(),
            tracked: shared.limiter.tracked(),
            ready: self.ready().ready,
        })
    }

    /// A gate exists only with keys and a configuration that are good, so what is left to ask is
    /// whether it still takes requests.
    fn ready(&self) -> Ready {
        let shared = &self.0;
        let state = shared.state.load();
        let names = state.config.servers.keys();
        let mut servers: BTreeMap<_, _> =
            names.map(|name| (name.clone(), Server::default())).collect();
        for target in shared.upstreams.states() {
            let server = servers.entry(target.server.clone()).or_default();
            server.healthy += usize::from(state_of(&target) == "healthy");
            server.targets.push(target);
        }
        let draining = shared.draining.load(Ordering::Relaxed);
        Ready {
            ready: !draining && shared.log.accepts(),
            farm: state.config.farm.clone(),
            generation: state.generation,
            draining,
            audit: shared.log.figures().failures,
            servers,
        }
    }

    fn heads(&self) -> Vec<Head> {
        self.0.log.heads()
    }
}
