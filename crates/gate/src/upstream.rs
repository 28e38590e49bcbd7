//! The servers' targets: where they are, which of them are well, and the connections to them.
//!
//! All workers share one [`Upstreams`]; what they read on a request's way is atomic, and only the
//! control thread writes lists. Each worker has a [`Client`] of its own, with its own connections.
//!
//! What is deliberately not here: how much may be under way at a server ([`crate::limit`]), and what
//! may be sent again. A request of which nothing was sent comes back to the caller, who may give it
//! to another target; one that a target may have seen doesn't, since nobody knows whether a tool may
//! be called twice.

mod address;
mod client;
mod health;
mod names;
mod pick;
mod pool;
mod settings;
mod target;
mod targets;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use farmgate_farm::gate::Config;
use farmgate_wire::Drain;
use http::HeaderValue;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};

pub use client::{Client, Unanswered, UpstreamBody};
pub(crate) use names::addresses;
pub use pick::{NoTarget, Pick};
pub use pool::Pool;
pub use target::{Health, Probe, TargetState};
pub use targets::{Ejection, NameState, Targets};

use settings::Settings;

/// Makes the value of the header `farmgate-principal` with which the gate itself calls a server's
/// bridge, from the server's name.
pub type Principal = Arc<dyn Fn(&str) -> Option<HeaderValue> + Send + Sync>;

/// What isn't in the configuration.
#[derive(Clone)]
pub struct Options {
    /// Name servers; those of the system if absent.
    pub resolver: Option<Vec<SocketAddr>>,
    /// How probes prove to bridges that the gate sends them.
    pub principal: Option<Principal>,
    /// When targets whose requests fail are left alone.
    pub ejection: Ejection,
    /// How long a name's addresses are used after lookups began to fail.
    pub stale: Duration,
}

/// The targets of all servers of a gate.
pub struct Upstreams {
    /// Replaced as a whole, under `edit`. A server that left the configuration is in it until its
    /// targets have drained.
    servers: ArcSwap<BTreeMap<Arc<str>, Arc<Targets>>>,
    edit: Mutex<()>,
    /// Tells the control task that there may be something else to watch.
    changed: Notify,
    options: Options,
}

/// What a task of the control thread is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Task {
    /// Probing the target with this id, with the settings at this place in memory: they are held by
    /// the task, so others can't come to be there.
    Probe(u64, usize),
    /// Following a server's name.
    Name(Arc<str>, Arc<str>),
}

/// Tasks, which end when this does.
#[derive(Default)]
struct Tasks {
    set: JoinSet<()>,
    running: HashMap<Task, AbortHandle>,
}

// === impl Upstreams ===

impl Upstreams {
    /// The targets of a configuration. Nothing is probed or looked up before [`Self::watch`] runs.
    ///
    /// # Errors
    /// What is wrong with which server.
    pub fn new(config: &Config, options: Options) -> Result<Arc<Self>, String> {
        let upstreams = Self {
            servers: ArcSwap::default(),
            edit: Mutex::default(),
            changed: Notify::new(),
            options,
        };
        upstreams.update(config)?;
        Ok(Arc::new(upstreams))
    }

    /// Takes another configuration. What stays keeps its state and its connections; targets that go
    /// drain.
    ///
    /// # Errors
    /// What is wrong with which server. Nothing was changed then.
    pub fn update(&self, config: &Config) -> Result<(), String> {
        let loopback = config.listen.is_some_and(|address| address.ip().is_loopback());
        let mut ready = Vec::with_capacity(config.servers.len());
        let mut wrong = Vec::new();
        for (name, server) in &config.servers {
            match Settings::new(server, loopback) {
                Ok(settings) => ready.push((name, settings)),
                Err(error) => wrong.push(format!("server `{name}`: {error}")),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong.join("; "));
        }
        let guard = self.edit.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.servers.load_full();
        let mut servers = BTreeMap::new();
        for (name, settings) in ready {
            let targets = match old.get(name.as_str()) {
                Some(targets) => {
                    targets.configure(settings);
                    Arc::clone(targets)
                }
                None => Targets::new(name, settings, self.options.ejection),
            };
            servers.insert(Arc::clone(&targets.server), targets);
        }
        for (name, targets) in old.iter().filter(|(name, _)| !config.servers.contains_key(&***name))
        {
            targets.leave();
            servers.insert(Arc::clone(name), Arc::clone(targets));
        }
        self.servers.store(Arc::new(servers));
        drop(guard);
        self.changed.notify_one();
        Ok(())
    }

    /// The targets of a server.
    #[must_use]
    pub fn server(&self, name: &str) -> Option<Arc<Targets>> {
        self.servers.load().get(name).cloned()
    }

    /// All targets.
    #[must_use]
    pub fn states(&self) -> Vec<TargetState> {
        self.servers.load().values().flat_map(|targets| targets.states()).collect()
    }

    /// All names that are looked up.
    #[must_use]
    pub fn names(&self) -> Vec<NameState> {
        self.servers.load().values().filter_map(|targets| targets.name_state()).collect()
    }

    /// Probes targets, looks up names and forgets what has drained, until `drain` begins. Must run
    /// within a `LocalSet`.
    pub async fn watch(self: Arc<Self>, drain: Drain) {
        const NEVER: Duration = Duration::from_secs(3600);
        let mut tasks = Tasks::default();
        loop {
            let next = self.sweep();
            self.reconcile(&mut tasks);
            let pause = next.map_or(NEVER, |at| at.saturating_duration_since(Instant::now()));
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep(pause) => {}
                Some(_) = tasks.set.join_next() => {}
                () = drain.begun() => return,
            }
        }
    }

    /// Forgets targets, and then servers, that have drained. When the next ones will have.
    fn sweep(&self) -> Option<Instant> {
        let guard = self.edit.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.servers.load_full();
        let now = Instant::now();
        let next = old.values().filter_map(|targets| targets.sweep(now)).min();
        if old.values().any(|targets| targets.is_over()) {
            let mut servers = BTreeMap::clone(&old);
            servers.retain(|_, targets| !targets.is_over());
            self.servers.store(Arc::new(servers));
        }
        drop(guard);
        next
    }

    /// Starts tasks for what is new, and ends those for what is gone or has changed.
    fn reconcile(self: &Arc<Self>, tasks: &mut Tasks) {
        let mut wanted = HashMap::new();
        for targets in self.servers.load().values() {
            let settings = targets.settings.load();
            for target in &targets.list.load().active {
                let place = Arc::as_ptr(&settings.health).addr();
                wanted
                    .insert(Task::Probe(target.id, place), (targets.clone(), Some(target.clone())));
            }
            if let Some(host) = settings.name.clone().filter(|_| !targets.has_left()) {
                wanted.insert(Task::Name(targets.server.clone(), host), (targets.clone(), None));
            }
        }
        tasks.running.retain(|task, handle| {
            let stays = wanted.contains_key(task) && !handle.is_finished();
            if !stays {
                handle.abort();
            }
            stays
        });
        for (task, (targets, target)) in wanted {
            if tasks.running.contains_key(&task) {
                continue;
            }
            let handle = match (&task, target) {
                (Task::Name(_, host), _) => {
                    let (host, upstreams) = (Arc::clone(host), Arc::clone(self));
                    let arranged = move || upstreams.changed.notify_one();
                    let (servers, stale) = (self.options.resolver.clone(), self.options.stale);
                    tasks.set.spawn_local(names::follow(targets, host, servers, stale, arranged))
                }
                (Task::Probe(..), Some(target)) => {
                    let health = Arc::clone(&targets.settings.load().health);
                    let principal = self.options.principal.clone();
                    let server = Arc::clone(&targets.server);
                    tasks.set.spawn_local(health::watch(target, server, health, principal))
                }
                (Task::Probe(..), None) => continue,
            };
            tasks.running.insert(task, handle);
        }
    }
}

impl fmt::Debug for Upstreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstreams").field("servers", &self.servers).finish_non_exhaustive()
    }
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self {
            resolver: None,
            principal: None,
            ejection: Ejection::default(),
            stale: Duration::from_secs(600),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resolver, principal: _, ejection, stale } = self;
        let mut shown = f.debug_struct("Options");
        shown.field("resolver", resolver).field("ejection", ejection).field("stale", stale);
        shown.finish_non_exhaustive()
    }
}
