//! The targets of one server: which they are, which are going away, and which are left alone for a
//! while because requests to them failed.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use serde::Serialize;

use super::settings::Settings;
use super::target::{Health, Target, TargetState, clock};

/// The targets of one server. The same object over all changes of the configuration, for as long as
/// the server is in it.
#[derive(Debug)]
pub struct Targets {
    pub(super) server: Arc<str>,
    pub(super) settings: ArcSwap<Settings>,
    /// Replaced as a whole, under `edit`.
    pub(super) list: ArcSwap<List>,
    /// Where the next search begins.
    pub(super) turn: AtomicUsize,
    ejection: Ejection,
    edit: Mutex<Edit>,
}

#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) active: Vec<Arc<Target>>,
    /// With the end of their time.
    pub(super) draining: Vec<(Arc<Target>, Instant)>,
}

/// When a target whose requests fail is left alone, and for how long.
///
/// Failures are connections that can't be made or break, and answers that don't come. At most half
/// of a server's targets are ejected at a time, and never the last one that probes find healthy.
#[derive(Debug, Clone, Copy)]
pub struct Ejection {
    /// Failures in a row.
    pub failures: u32,
    /// For how long at first. It doubles each time, unless it was left in for as long as `longest`.
    pub shortest: Duration,
    /// For how long at most.
    pub longest: Duration,
}

/// What a server's name resolves to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NameState {
    /// The server.
    pub server: String,
    /// The name.
    pub host: String,
    /// Its addresses, sorted.
    pub addresses: Vec<IpAddr>,
    /// Those that no target may have, with what they are.
    pub refused: Vec<String>,
    /// Why the last lookup failed. `addresses` are then those of an earlier one, for a while.
    pub error: Option<String>,
    /// Lookups so far.
    pub lookups: u64,
}

/// What lists are made of, beside the settings.
#[derive(Debug, Default)]
struct Edit {
    /// What the name resolved to last; none if there is no name, or no answer yet.
    resolved: Option<NameState>,
    /// Whether the server is no longer in the configuration.
    has_left: bool,
}

impl Default for Ejection {
    fn default() -> Self {
        Self { failures: 5, shortest: Duration::from_secs(10), longest: Duration::from_secs(300) }
    }
}

// === impl Targets ===

impl Targets {
    pub(super) fn new(server: &str, settings: Settings, ejection: Ejection) -> Arc<Self> {
        let targets = Arc::new(Self {
            server: server.into(),
            settings: ArcSwap::from_pointee(settings),
            list: ArcSwap::default(),
            turn: AtomicUsize::new(0),
            ejection,
            edit: Mutex::default(),
        });
        targets.arrange(&targets.lock());
        targets
    }

    /// The server's name.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Nothing is left half done under this lock, so a thread that panicked with it does no harm.
    fn lock(&self) -> MutexGuard<'_, Edit> {
        self.edit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes new settings. Targets that stay are the same objects; those that go drain.
    pub(super) fn configure(self: &Arc<Self>, settings: Settings) {
        let mut edit = self.lock();
        let before = self.settings.load_full();
        if before.name != settings.name {
            edit.resolved = None;
        }
        edit.has_left = false;
        self.settings.store(Arc::new(settings.after(&before)));
        self.arrange(&edit);
    }

    /// Takes what the name resolves to, if it is still the server's name.
    pub(super) fn resolved(self: &Arc<Self>, state: NameState) {
        let mut edit = self.lock();
        if self.settings.load().name.as_deref() == Some(&state.host) && !edit.has_left {
            edit.resolved = Some(state);
            self.arrange(&edit);
        }
    }

    pub(super) fn name_state(&self) -> Option<NameState> {
        let host = self.settings.load().name.clone()?;
        let server = self.server.to_string();
        let unasked = || NameState { server, host: host.to_string(), ..NameState::default() };
        Some(self.lock().resolved.clone().unwrap_or_else(unasked))
    }

    /// Lets all targets drain: the server is no longer in the configuration.
    pub(super) fn leave(self: &Arc<Self>) {
        let mut edit = self.lock();
        edit.has_left = true;
        edit.resolved = None;
        self.take(&BTreeSet::new());
    }

    /// Whether the server is no longer in the configuration.
    pub(super) fn has_left(&self) -> bool {
        self.lock().has_left
    }

    /// Whether, besides, all of its targets have drained.
    pub(super) fn is_over(&self) -> bool {
        let list = self.list.load();
        list.active.is_empty() && list.draining.is_empty() && self.has_left()
    }

    fn arrange(self: &Arc<Self>, edit: &Edit) {
        let settings = self.settings.load();
        let mut wanted = settings.given.clone();
        let addresses = edit.resolved.iter().flat_map(|state| &state.addresses);
        wanted.extend(addresses.map(|address| SocketAddr::new(*address, settings.port)));
        self.take(&wanted);
    }

    /// Makes the targets those at these addresses. Only under the lock.
    fn take(self: &Arc<Self>, wanted: &BTreeSet<SocketAddr>) {
        let (settings, old) = (self.settings.load(), self.list.load_full());
        let all: Vec<&Arc<Target>> =
            old.active.iter().chain(old.draining.iter().map(|(target, _)| target)).collect();
        let mut list = List::default();
        for address in wanted {
            let same = |target: &&&Arc<Target>| {
                target.address == *address && Arc::ptr_eq(&target.dial, &settings.dial)
            };
            let known = all.iter().find(same).map(|target| Arc::clone(target));
            let new = || Arc::new(Target::new(*address, &settings, Arc::downgrade(self)));
            let target = known.unwrap_or_else(new);
            target.host.store(Arc::clone(&settings.host));
            list.active.push(target);
        }
        let stays = |target: &Arc<Target>| list.active.iter().any(|it| Arc::ptr_eq(it, target));
        let end = Instant::now() + settings.drain;
        let leaving = old.active.iter().map(|target| (Arc::clone(target), end));
        let left = old.draining.iter().map(|(target, end)| (Arc::clone(target), *end));
        list.draining = left.chain(leaving).filter(|(target, _)| !stays(target)).collect();
        self.list.store(Arc::new(list));
    }

    /// Forgets targets whose time to drain is over. When the next one is due, if there is one.
    pub(super) fn sweep(&self, now: Instant) -> Option<Instant> {
        let guard = self.lock();
        let old = self.list.load_full();
        let (over, draining): (Vec<_>, Vec<_>) =
            old.draining.iter().cloned().partition(|(_, end)| *end <= now);
        let next = draining.iter().map(|(_, end)| *end).min();
        if !over.is_empty() {
            self.list.store(Arc::new(List { active: old.active.clone(), draining }));
        }
        drop(guard);
        for (target, _) in over {
            target.gone.store(true, Ordering::Relaxed);
        }
        next
    }

    pub(super) fn states(&self) -> Vec<TargetState> {
        let list = self.list.load();
        let active = list.active.iter().map(|target| target.state(&self.server, false));
        let draining = list.draining.iter().map(|(target, _)| target.state(&self.server, true));
        active.chain(draining).collect()
    }

    /// Leaves a target alone for a while after so many failures in a row, if enough others are
    /// left.
    pub(super) fn consider_ejecting(&self, target: &Target, failures: u32) {
        if failures < self.ejection.failures {
            return;
        }
        // Two workers must not each eject half of the targets.
        let guard = self.lock();
        let list = self.list.load();
        let others = || list.active.iter().filter(|other| other.id != target.id);
        let ejected = others().filter(|other| other.is_ejected()).count();
        let healthy = |other: &Target| other.health() == Health::Healthy && !other.is_ejected();
        let last = target.health() == Health::Healthy && !others().any(|other| healthy(other));
        if last || target.is_ejected() || (ejected + 1) * 2 > list.active.len() {
            return;
        }
        let limits = &self.ejection;
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (now, longest) = (clock(), milliseconds(limits.longest));
        let calm = target.ejected_until.load(Ordering::Relaxed).saturating_add(longest) < now;
        let times = if calm { 0 } else { target.ejections.load(Ordering::Relaxed) };
        let doubled = 1_u64.checked_shl(times).unwrap_or(u64::MAX);
        let time = milliseconds(limits.shortest).saturating_mul(doubled).min(longest);
        target.ejections.store(times.saturating_add(1), Ordering::Relaxed);
        target.ejected_until.store(now.saturating_add(time), Ordering::Relaxed);
        // When its time is over, one more failure is enough.
        target.failures.store(limits.failures.saturating_sub(1), Ordering::Relaxed);
        drop(guard);
    }
}
