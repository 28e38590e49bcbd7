//! The servers that run: their processes, and how each of them is, by its process and by the gate's
//! probes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use farmgate_gate::upstream::{Health, TargetState};
use farmgate_runner::{Handle, Settings, State, Supervisor};

use super::log::Log;
use super::plan::{Kind, Planned};

/// How long a process may take to end when it is asked to: a bridge lets its calls end first.
const PATIENCE: Duration = Duration::from_secs(5);

/// The processes of all servers.
pub(super) struct Servers {
    running: Vec<Running>,
}

struct Running {
    name: String,
    kind: Kind,
    handle: Handle,
}

/// How a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It has been started, and has not answered yet.
    Starting,
    /// The gate's probes say that it is well.
    Ready,
    /// It runs, and the gate's probes fail.
    Unhealthy(String),
    /// It ended, and is started again after a while.
    Restarting(String),
    /// It can't be started.
    Failed(String),
}

// === impl Servers ===

impl Servers {
    /// Starts all of them at once.
    pub(super) fn start(planned: Vec<Planned>, log: &Arc<Log>) -> Self {
        let start = |planned: Planned| {
            let mut settings = Settings::new(&planned.name, planned.start);
            settings.ready = planned.ready;
            settings.patience = PATIENCE;
            // From here on the port is the server's.
            drop(planned.port);
            let log = Arc::clone(log);
            let handle = Supervisor::start(settings, move |name, _, line| log.printed(name, line));
            Running { name: planned.name, kind: planned.kind, handle }
        };
        Self { running: planned.into_iter().map(start).collect() }
    }

    /// How each of them is, with what the gate's probes say.
    pub(super) fn conditions(&self, targets: &[TargetState]) -> BTreeMap<String, Condition> {
        let of = |running: &Running| {
            let target = targets.iter().find(|target| target.server == running.name);
            (running.name.clone(), condition(running.kind, &running.handle.state(), target))
        };
        self.running.iter().map(of).collect()
    }

    /// Stops all of them, and returns when nothing is left.
    pub(super) async fn stop(self) {
        let mut stopping = tokio::task::JoinSet::new();
        for running in self.running {
            stopping.spawn(running.handle.stop());
        }
        while stopping.join_next().await.is_some() {}
    }
}

fn condition(kind: Kind, state: &State, target: Option<&TargetState>) -> Condition {
    match state {
        State::Starting => Condition::Starting,
        State::BackingOff { .. } => Condition::Restarting(state.to_string()),
        State::Failed { why } => Condition::Failed(why.clone()),
        State::Stopped => Condition::Failed("it was stopped".to_owned()),
        State::Ready => match target {
            Some(target) => probed(kind, target),
            None => Condition::Starting,
        },
    }
}

/// What the gate's probes say of a process that runs.
fn probed(kind: Kind, target: &TargetState) -> Condition {
    match target.health {
        Health::Healthy => Condition::Ready,
        Health::Unknown => Condition::Starting,
        Health::Unhealthy => {
            let probe = target.probe.as_ref();
            let said = probe.and_then(|probe| match (&probe.error, probe.status) {
                (Some(error), _) => Some(error.clone()),
                (None, Some(status)) => Some(format!("status {status}")),
                (None, None) => None,
            });
            let who = if kind == Kind::Bridge { "its bridge: " } else { "" };
            Condition::Unhealthy(format!("{who}{}", said.unwrap_or_else(|| "no answer".to_owned())))
        }
    }
}

// === impl Condition ===

impl Condition {
    /// Whether nothing more has to be waited for.
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::Starting | Self::Unhealthy(_))
    }

    /// Whether it takes calls.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }

    /// In a word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Unhealthy(_) => "unhealthy",
            Self::Restarting(_) => "restarting",
            Self::Failed(_) => "failed",
        }
    }

    /// Why, where somebody has to know.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Starting | Self::Ready => None,
            Self::Unhealthy(why) | Self::Restarting(why) | Self::Failed(why) => Some(why),
        }
    }
}
