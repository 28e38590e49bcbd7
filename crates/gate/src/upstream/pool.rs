//! Connections that wait for their next request: one worker's, by target, the last used first.
//!
//! A server may close a connection that waits whenever it likes, and a request that is on its way
//! then is lost: it may have been read, so it can't be sent again. So connections wait for less time
//! than servers let them, a closed one is found before it is used, and one is used again at once
//! only after the target was seen to keep connections open.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use farmgate_wire::client::Connection;

use super::target::Target;

/// Until a target has answered twice on one connection, a connection must have stayed open for this
/// long before it is used again. There are servers that close after every answer and don't say so.
const PROBATION: Duration = Duration::from_millis(100);

/// A connection that is found closed so soon after its last answer was closed for that answer, and
/// not because it waited.
const SOON: Duration = Duration::from_secs(1);

/// A connection that waited for less is not looked at with a system call before it is used, if its
/// target keeps connections: the runtime has just told what it knows of it.
const RESTED: Duration = Duration::from_millis(5);

/// How connections to targets are made and kept, by each worker.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// Waiting connections to one target.
    pub idle: usize,
    /// How long a connection to a server waits, unless the server says how long (`Keep-Alive:
    /// timeout=`). Node's and uvicorn's servers close after 5 s.
    pub idle_time: Duration,
    /// How long a connection to a bridge waits, or to a server that says that it waits longer.
    pub longest_idle_time: Duration,
    /// How long a connection may take to be made, TLS included.
    pub connect: Duration,
    /// How many connections to one target are being made at a time, by all workers.
    pub connecting: u32,
}

/// All connections of a worker that wait.
#[derive(Debug)]
pub(super) struct Idle {
    pub(super) pool: Pool,
    waiting: RefCell<BTreeMap<u64, Waiting>>,
    is_swept: Cell<bool>,
}

#[derive(Debug)]
struct Waiting {
    target: Arc<Target>,
    /// The last used at the end.
    connections: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    connection: Connection,
    since: Instant,
    until: Instant,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            idle: 64,
            idle_time: Duration::from_secs(4),
            longest_idle_time: Duration::from_secs(60),
            connect: Duration::from_secs(5),
            connecting: 128,
        }
    }
}

// === impl Idle ===

impl Idle {
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool, waiting: RefCell::default(), is_swept: Cell::new(false) }
    }

    /// A connection on which a request can be sent.
    pub(super) fn take(&self, target: &Target) -> Option<Connection> {
        let mut waiting = self.waiting.borrow_mut();
        let connections = &mut waiting.get_mut(&target.id)?.connections;
        let now = Instant::now();
        let proved = target.keeps_alive.load(Ordering::Relaxed);
        // If the oldest is not of age, none is, and none need be asked how it is.
        let of_age = |kept: &Kept| proved || now >= kept.since + PROBATION;
        if !connections.first().is_some_and(of_age) {
            return None;
        }
        let mut at = connections.len();
        while let Some(kept) = at.checked_sub(1).and_then(|last| connections.get(last)) {
            at -= 1;
            let fresh = proved && now < kept.since + RESTED;
            let closed = match fresh {
                true => kept.connection.is_closed(),
                false => kept.is_stale(target, now),
            };
            if closed || now >= kept.until {
                connections.remove(at);
            } else if kept.connection.is_ready() && of_age(kept) {
                return Some(connections.remove(at).connection);
            }
        }
        None
    }

    /// Keeps a connection whose last answer has been read.
    pub(super) fn put(
        self: &Rc<Self>,
        target: &Arc<Target>,
        connection: Connection,
        time: Duration,
    ) {
        if target.gone.load(Ordering::Relaxed) || self.pool.idle == 0 || time.is_zero() {
            return;
        }
        let now = Instant::now();
        let mut waiting = self.waiting.borrow_mut();
        let entry = waiting.entry(target.id);
        let new = || Waiting { target: Arc::clone(target), connections: Vec::new() };
        let connections = &mut entry.or_insert_with(new).connections;
        if connections.len() >= self.pool.idle {
            if !target.keeps_alive.load(Ordering::Relaxed) {
                return; // or under load none of them would ever come of age
            }
            connections.remove(0);
        }
        connections.push(Kept { connection, since: now, until: now + time });
        if !self.is_swept.replace(true) {
            tokio::task::spawn_local(sweep(Rc::downgrade(self)));
        }
    }

    /// Closes what has waited long enough, what is closed on the other side, and what leads to
    /// targets that are none any more. Whether anything is left.
    fn close_old(&self) -> bool {
        let now = Instant::now();
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(|_, Waiting { target, connections }| {
            connections.retain(|kept| now < kept.until && !kept.is_stale(target, now));
            !connections.is_empty() && !target.gone.load(Ordering::Relaxed)
        });
        !waiting.is_empty()
    }
}

/// Looks after connections that wait, for as long as there are any.
async fn sweep(idle: Weak<Idle>) {
    const INTERVAL: Duration = Duration::from_secs(1);
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Some(idle) = idle.upgrade() else { return };
        if !idle.close_old() {
            idle.is_swept.set(false);
            return;
        }
    }
}

// === impl Kept ===

impl Kept {
    /// Whether the target closed it. If it did so soon, the target doesn't keep connections.
    fn is_stale(&self, target: &Target, now: Instant) -> bool {
        let closed = self.connection.is_stale();
        if closed && now < self.since + SOON {
            target.keeps_alive.store(false, Ordering::Relaxed);
        }
        closed
    }
}
