//! A supervisor: starts a program, finds out when it is ready, restarts it when it ends.
//!
//! In which order servers are started is the caller's: [`Handle::ready`] waits for one. What is
//! printed goes to the caller line by line.

mod backoff;
mod run;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use backoff::Backoff;

use crate::figures::Figures;
use crate::probe::Ready;
use crate::start::Start;

/// What is supervised, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What it is called in what is printed.
    pub name: String,
    /// What is started.
    pub start: Start,
    /// How it is found out that it is ready.
    pub ready: Ready,
    /// How long it may take to be ready; then it is killed and started again. (A first start may
    /// load packages.)
    pub ready_within: Duration,
    /// How long it may take to end when it is asked to, before it is killed.
    pub patience: Duration,
    /// How long it is waited before a restart.
    pub backoff: Backoff,
    /// The longest line, in bytes; what is longer is cut.
    pub line_bytes: usize,
}

/// How a supervised program does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It runs and isn't ready yet.
    Starting,
    /// It is ready.
    Ready,
    /// It ended, and is started again at `until`.
    BackingOff {
        /// When.
        until: Instant,
        /// How often it has ended in a row without having been stable.
        failures: u32,
        /// How it ended, in words.
        why: String,
    },
    /// It was stopped.
    Stopped,
    /// It can't be started, and isn't tried again: there is no such program.
    Failed {
        /// Why.
        why: String,
    },
}

/// Where a line was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// On the standard output.
    Output,
    /// On the standard error.
    Error,
}

/// Takes what a program prints: its name, where, and the line.
pub type Printed = Arc<dyn Fn(&str, Stream, &str) + Send + Sync>;

/// Why a program isn't ready.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` is not ready: {why}")]
pub struct NotReady {
    /// Its name.
    pub name: String,
    /// Why, as far as it is known.
    pub why: String,
}

/// Starts programs and keeps them running.
#[derive(Debug)]
pub struct Supervisor;

/// A supervised program. Dropped, it is killed with all that it started.
pub struct Handle {
    name: String,
    state: watch::Receiver<State>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
    shared: Arc<Shared>,
}

/// What the task tells beside the state.
#[derive(Debug, Default)]
struct Shared {
    /// The number of the child's process (its keeper's); 0 if none runs.
    pid: std::sync::atomic::AtomicU32,
    starts: AtomicU64,
}

// === impl Settings ===

impl Settings {
    /// A program that is ready when it runs, with the usual limits: two minutes to be ready, ten
    /// seconds to end, lines of 16 KiB.
    pub fn new(name: impl Into<String>, start: Start) -> Self {
        Self {
            name: name.into(),
            start,
            ready: Ready::Started,
            ready_within: Duration::from_secs(120),
            patience: Duration::from_secs(10),
            backoff: Backoff::default(),
            line_bytes: 16 * 1024,
        }
    }
}

// === impl Supervisor ===

impl Supervisor {
    /// Starts a program and keeps it running until the handle is stopped or dropped. To be called
    /// in a tokio runtime with timers.
    pub fn start(
        settings: Settings,
        output: impl Fn(&str, Stream, &str) + Send + Sync + 'static,
    ) -> Handle {
        let (tell, state) = watch::channel(State::Starting);
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::new(Shared::default());
        let name = settings.name.clone();
        let run = run::Run::new(settings, Arc::new(output), tell, Arc::clone(&shared));
        let task = tokio::spawn(run.until(stopped));
        Handle { name, state, stop: Some(stop), task, shared }
    }
}

// === impl Handle ===

impl Handle {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it does now.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Every change of its state, the present one first.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// How often it was started.
    #[must_use]
    pub fn starts(&self) -> u64 {
        self.shared.starts.load(Ordering::Relaxed)
    }

    /// What it uses, with all that it started; none if it doesn't run.
    #[must_use]
    pub fn figures(&self) -> Option<Figures> {
        let pid = self.shared.pid.load(Ordering::Relaxed);
        let kept = crate::keeper::serves();
        (pid != 0).then(|| Figures::read(pid, kept)).flatten()
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// If it can't be started, was stopped, or isn't ready in time. It goes on being tried, except
    /// in the first two cases.
    pub async fn ready(&self, within: Duration) -> Result<(), NotReady> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| {
            matches!(state, State::Ready | State::Stopped | State::Failed { .. })
        });
        let settled = match tokio::time::timeout(within, settled).await {
            Ok(Ok(state)) => state.clone(),
            Ok(Err(_)) => State::Stopped,
            Err(_) => self.state(),
        };
        if settled == State::Ready {
            return Ok(());
        }
        let why = match settled {
            State::Starting => format!("it has not been for {} s", within.as_secs()),
            other => other.to_string(),
        };
        Err(NotReady { name: self.name.clone(), why })
    }

    /// Stops it: asks it to end, kills it after its patience, returns when nothing is left of it.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // A task that has ended needs no word.
            let _ended = stop.send(());
        }
        let _ended = (&mut self.task).await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("name", &self.name).field("state", &self.state()).finish()
    }
}

// === impl State ===

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("starting"),
            Self::Ready => f.write_str("ready"),
            Self::Stopped => f.write_str("stopped"),
            Self::Failed { why } => write!(f, "can't be started: {why}"),
            Self::BackingOff { until, failures, why } => {
                let left = until.saturating_duration_since(Instant::now());
                write!(f, "{why}; restart {failures} in {:.0} s", left.as_secs_f64().ceil())
            }
        }
    }
}
