//! What a worker knows of one connection while it lasts: where it is, since when, and whether it has
//! to end. Nothing here reads a clock: a sweep does, every so often, for all connections at once.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use crate::Settings;
use crate::stream::Flow;

/// How long a connection may linger after the last answer, so that the client gets to read it.
const LINGER: Duration = Duration::from_secs(1);

/// From how many bytes on a write is taken for a part of an answer.
const DATA: usize = 64;

/// One connection.
#[derive(Debug)]
pub(crate) struct Link {
    phase: Cell<Phase>,
    since: Cell<Clock>,
    stalled: Cell<Option<Clock>>,
    /// Requests that are not answered to the end yet.
    requests: Cell<usize>,
    end: Cell<Option<End>>,
    waker: RefCell<Option<Waker>>,
    flows: RefCell<Vec<Weak<Flow>>>,
}

/// What a connection is waiting for while it has no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// TLS's handshake.
    Handshake,
    /// A request's head: its first of all, or the rest of one that has begun.
    Head,
    /// Another request.
    Idle,
    /// That the client reads the last answer and closes.
    Lingering,
}

/// Why a connection has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Once that which is under way is done.
    Drained,
    /// Now: a limit of time.
    Late(Phase),
    /// Now: the client does not read.
    Stalled,
    /// Now: the drain took too long.
    Abandoned,
}

/// Since when something is so, as far as sweeps saw it: the first one that finds it sets it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock(Option<Instant>);

impl Clock {
    /// Whether it has run for longer than that.
    pub(crate) fn exceeds(&mut self, most: Duration, now: Instant) -> bool {
        now.saturating_duration_since(*self.0.get_or_insert(now)) > most
    }
}

impl Link {
    pub(crate) fn new(phase: Phase) -> Rc<Self> {
        Rc::new(Self {
            phase: Cell::new(phase),
            since: Cell::default(),
            stalled: Cell::new(None),
            requests: Cell::new(0),
            end: Cell::new(None),
            waker: RefCell::new(None),
            flows: RefCell::default(),
        })
    }

    /// Says what it is waiting for from now on.
    pub(crate) fn enter(&self, phase: Phase) {
        if self.phase.replace(phase) != phase {
            self.since.take();
        }
    }

    /// Says that so many bytes went out. The rest of an answer keeps a connection from being idle;
    /// small things, such as HTTP/2's pings, don't.
    pub(crate) fn wrote(&self, bytes: usize) {
        self.stalled.set(None);
        if bytes >= DATA {
            self.since.take();
        }
    }

    /// Says that nothing more could go out.
    pub(crate) fn stuck(&self) {
        self.stalled.set(Some(self.stalled.get().unwrap_or_default()));
    }

    /// Counts a request until what is returned is dropped.
    pub(crate) fn request(self: &Rc<Self>) -> Busy {
        self.requests.set(self.requests.get() + 1);
        Busy(Rc::clone(self))
    }

    /// Watches that the client takes what a stream has for it.
    pub(crate) fn watch(&self, flow: &Rc<Flow>) {
        let mut flows = self.flows.borrow_mut();
        flows.retain(|flow| flow.strong_count() > 0);
        flows.push(Rc::downgrade(flow));
    }

    /// To be called by the connection's task whenever it is polled: it is woken if it has to end.
    pub(crate) fn end(&self, context: &mut Context<'_>) -> Option<End> {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
        self.end.get()
    }

    /// Ends it; what was said before only gives way to what is more urgent.
    pub(crate) fn stop(&self, end: End) {
        if matches!(self.end.get(), None | Some(End::Drained)) {
            self.end.set(Some(end));
            if let Some(waker) = self.waker.borrow().as_ref() {
                waker.wake_by_ref();
            }
        }
    }

    /// Ends it if a limit says so.
    pub(crate) fn sweep(&self, now: Instant, settings: &Settings) {
        for flow in self.flows.borrow().iter().filter_map(Weak::upgrade) {
            flow.sweep(now, settings.write_time);
        }
        if let Some(mut stalled) = self.stalled.get() {
            if stalled.exceeds(settings.write_time, now) {
                self.stop(End::Stalled);
            }
            // Who is being written to is not idle.
            return self.stalled.set(Some(stalled));
        }
        let phase = self.phase.get();
        let most = match phase {
            Phase::Lingering => LINGER,
            _ if self.requests.get() > 0 => return,
            Phase::Handshake | Phase::Head => settings.head_time,
            Phase::Idle => settings.idle_time,
        };
        let mut since = self.since.get();
        if since.exceeds(most, now) {
            self.stop(End::Late(phase));
        }
        self.since.set(since);
    }
}

/// A request that is not answered to the end yet.
#[derive(Debug)]
pub(crate) struct Busy(Rc<Link>);

impl Drop for Busy {
    fn drop(&mut self) {
        let left = self.0.requests.get() - 1;
        self.0.requests.set(left);
        if left == 0 {
            self.0.since.take();
        }
    }
}
