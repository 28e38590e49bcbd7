//! How many requests are under way at a time, and who comes next when there are too many.
//!
//! Where there is room, a place is taken with one compare-and-swap for the server and a short lock
//! on one of many parts for the principal; the queue's lock is taken only where there is none.
//! In a queue every principal has its own line, and lines take turns; if it is full, the longest
//! line gives up its newest request for one of a shorter line, so that nobody can fill it alone.
//!
//! INVARIANT: a queue's lock may be held when a principal's is taken, never the other way round, and
//! never two queues' at once. A permit is never dropped under a lock.

mod queue;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use farmgate_farm::gate::Concurrency;
use tokio::sync::oneshot;

use super::table::Key;
use queue::{Queue, Waiter};

/// Parts of the table of principals, each with its own lock.
const SHARDS: usize = 64;
/// What `Retry-After` says to those who found no place: places come free all the time.
const RETRY_AFTER: u64 = 1;

/// All places of a gate.
pub(super) struct Turns {
    bounds: Bounds,
    servers: ArcSwap<HashMap<Box<str>, Arc<Server>>>,
    principals: Box<[Mutex<HashMap<Key, Principal>>]>,
}

/// [`Concurrency`], changeable.
struct Bounds {
    per_server: AtomicUsize,
    per_principal: AtomicUsize,
    queue: AtomicUsize,
    milliseconds: AtomicU64,
}

/// A server's places.
#[derive(Default)]
struct Server {
    running: AtomicUsize,
    /// As many as are in the queue.
    waiting: AtomicUsize,
    queue: Mutex<Queue>,
}

/// A principal's requests at all servers. It is forgotten when it has none.
#[derive(Default)]
struct Principal {
    running: usize,
    waiting: usize,
}

/// A place among the requests under way. It is free again when this is dropped.
pub struct Permit {
    turns: Arc<Turns>,
    server: Arc<Server>,
    principal: Key,
    /// Not if the place was given back already.
    held: bool,
}

/// There was no place: status 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// The server has as many requests under way as it may, and none ended in time.
    #[error("the server has too many requests under way")]
    Server,
    /// The principal has.
    #[error("the caller has too many requests under way")]
    Principal,
    /// Too many wait already.
    #[error("too many requests wait for the server")]
    Queue,
}

// === impl Turns ===

impl Turns {
    pub(super) fn new(bounds: Concurrency) -> Self {
        Self {
            bounds: Bounds {
                per_server: AtomicUsize::new(bounds.per_server),
                per_principal: AtomicUsize::new(bounds.per_principal),
                queue: AtomicUsize::new(bounds.queue),
                milliseconds: AtomicU64::new(bounds.queue_milliseconds),
            },
            servers: ArcSwap::default(),
            principals: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
        }
    }

    pub(super) fn update(self: &Arc<Self>, bounds: Concurrency) {
        self.bounds.per_server.store(bounds.per_server, Ordering::SeqCst);
        self.bounds.per_principal.store(bounds.per_principal, Ordering::SeqCst);
        self.bounds.queue.store(bounds.queue, Ordering::Relaxed);
        self.bounds.milliseconds.store(bounds.queue_milliseconds, Ordering::Relaxed);
        self.serve_all();
    }

    pub(super) fn retain(&self, is_there: impl Fn(&str) -> bool) {
        self.servers.rcu(|servers| {
            let kept = servers.iter().filter(|(name, server)| is_there(name) || server.is_used());
            kept.map(|(name, server)| (name.clone(), Arc::clone(server))).collect::<HashMap<_, _>>()
        });
    }

    pub(super) fn waiting(&self) -> usize {
        self.servers.load().values().map(|server| server.waiting.load(Ordering::Relaxed)).sum()
    }

    pub(super) async fn enter(
        self: &Arc<Self>,
        server: &str,
        principal: Key,
    ) -> Result<Permit, Busy> {
        let server = self.server(server);
        if let Some(permit) = self.enter_now(&server, principal) {
            return Ok(permit);
        }
        let (place, mut turn) = self.queue_up(server, principal)?;
        let patience = Duration::from_millis(self.bounds.milliseconds.load(Ordering::Relaxed));
        if let Ok(answer) = tokio::time::timeout(patience, &mut turn).await {
            // A waiter that was put out for another's sake hears nothing.
            return answer.map_err(|_| Busy::Queue);
        }
        // Its turn may have come while it gave up.
        drop(place);
        turn.try_recv().map_err(|_| self.too_late(principal))
    }

    /// A server's places; made when it is first asked for. Callers name configured servers only, so
    /// the table is as long as the configuration.
    fn server(&self, name: &str) -> Arc<Server> {
        if let Some(server) = self.servers.load().get(name) {
            return Arc::clone(server);
        }
        self.servers.rcu(|servers| {
            let mut servers = HashMap::clone(servers);
            servers.entry(name.into()).or_default();
            servers
        });
        self.servers.load().get(name).map(Arc::clone).unwrap_or_default()
    }

    /// A place without waiting, if nobody waits.
    fn enter_now(self: &Arc<Self>, server: &Arc<Server>, principal: Key) -> Option<Permit> {
        if server.waiting.load(Ordering::SeqCst) > 0 || !self.take_principal(principal) {
            return None;
        }
        if server.take(self.bounds.per_server.load(Ordering::SeqCst)) {
            return Some(self.permit(server, principal));
        }
        if self.give_principal(principal) {
            self.serve_all();
        }
        None
    }

    /// A place in the queue, with the end at which the permit comes out.
    fn queue_up(
        self: &Arc<Self>,
        server: Arc<Server>,
        principal: Key,
    ) -> Result<(Place, oneshot::Receiver<Permit>), Busy> {
        let (sender, turn) = oneshot::channel();
        let mut queue = server.lock();
        if queue.len() >= self.bounds.queue.load(Ordering::Relaxed) {
            let Some(put_out) = queue.put_out(principal) else {
                drop(queue);
                return Err(Busy::Queue);
            };
            self.left(&server, put_out);
        }
        server.waiting.fetch_add(1, Ordering::SeqCst);
        self.principal(principal).entry(principal).or_default().waiting += 1;
        let ticket = queue.push(principal, sender);
        let again = self.serve(&server, &mut queue);
        drop(queue);
        if again {
            self.serve_all();
        }
        Ok((Place { turns: Arc::clone(self), server, principal, ticket }, turn))
    }

    /// Gives free places of a server to those who wait, line by line. True if others may have a
    /// place now, too, and must be looked at when the lock is gone.
    fn serve(self: &Arc<Self>, server: &Arc<Server>, queue: &mut Queue) -> bool {
        let mut again = false;
        while queue.len() > 0 && server.take(self.bounds.per_server.load(Ordering::SeqCst)) {
            let Some(Waiter { principal, turn, .. }) =
                queue.next(|principal| self.take_principal(principal))
            else {
                server.running.fetch_sub(1, Ordering::SeqCst);
                break;
            };
            self.left(server, principal);
            if let Err(mut permit) = turn.send(self.permit(server, principal)) {
                // It had given up. (Its permit must not be dropped under the lock.)
                permit.held = false;
                server.running.fetch_sub(1, Ordering::SeqCst);
                again |= self.give_principal(principal);
            }
        }
        again
    }

    /// Looks at every queue. (Only where someone waits, which is rare.)
    fn serve_all(self: &Arc<Self>) {
        let mut again = true;
        while std::mem::take(&mut again) {
            for server in self.servers.load().values() {
                if server.waiting.load(Ordering::SeqCst) > 0 {
                    again |= self.serve(server, &mut server.lock());
                }
            }
        }
    }

    /// Counts one less that waits.
    fn left(&self, server: &Server, principal: Key) {
        server.waiting.fetch_sub(1, Ordering::SeqCst);
        let mut principals = self.principal(principal);
        if let Some(counts) = principals.get_mut(&principal) {
            counts.waiting = counts.waiting.saturating_sub(1);
            if counts.running == 0 && counts.waiting == 0 {
                principals.remove(&principal);
            }
        }
    }

    /// Counts one more under way for a principal, if it may have it.
    fn take_principal(&self, principal: Key) -> bool {
        let bound = self.bounds.per_principal.load(Ordering::SeqCst);
        let mut principals = self.principal(principal);
        let running = principals.get(&principal).map_or(0, |counts| counts.running);
        if running >= bound {
            return false;
        }
        principals.entry(principal).or_default().running += 1;
        true
    }

    /// Counts one less, and says whether the principal has others that wait, at whatever server.
    fn give_principal(&self, principal: Key) -> bool {
        let mut principals = self.principal(principal);
        let Some(counts) = principals.get_mut(&principal) else { return false };
        counts.running = counts.running.saturating_sub(1);
        let waits = counts.waiting > 0;
        if counts.running == 0 && !waits {
            principals.remove(&principal);
        }
        waits
    }

    fn too_late(&self, principal: Key) -> Busy {
        let bound = self.bounds.per_principal.load(Ordering::Relaxed);
        let running = self.principal(principal).get(&principal).map_or(0, |counts| counts.running);
        if running >= bound { Busy::Principal } else { Busy::Server }
    }

    fn permit(self: &Arc<Self>, server: &Arc<Server>, principal: Key) -> Permit {
        Permit { turns: Arc::clone(self), server: Arc::clone(server), principal, held: true }
    }

    fn principal(&self, principal: Key) -> MutexGuard<'_, HashMap<Key, Principal>> {
        let index = usize::try_from(principal.0 >> 58).unwrap_or_default() % SHARDS;
        #[expect(clippy::indexing_slicing, reason = "there are SHARDS parts")]
        self.principals[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Server ===

impl Server {
    fn take(&self, bound: usize) -> bool {
        let more = |running: usize| (running < bound).then_some(running + 1);
        self.running.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).is_ok()
    }

    fn is_used(&self) -> bool {
        self.running.load(Ordering::SeqCst) > 0 || self.waiting.load(Ordering::SeqCst) > 0
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Permit ===

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.held {
            return;
        }
        self.server.running.fetch_sub(1, Ordering::SeqCst);
        if self.turns.give_principal(self.principal) {
            self.turns.serve_all();
        } else if self.server.waiting.load(Ordering::SeqCst) > 0 {
            let again = self.turns.serve(&self.server, &mut self.server.lock());
            if again {
                self.turns.serve_all();
            }
        }
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

// === impl Busy ===

impl Busy {
    /// The value of `Retry-After`, in seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        RETRY_AFTER
    }
}

/// A place in a queue, left when this is dropped.
struct Place {
    turns: Arc<Turns>,
    server: Arc<Server>,
    principal: Key,
    ticket: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut queue = self.server.lock();
        if queue.leave(self.principal, self.ticket) {
            self.turns.left(&self.server, self.principal);
        }
    }
}
