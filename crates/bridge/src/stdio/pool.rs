//! How many processes there may be, in all and of one principal, and when the next may be started.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use farmgate_runner::supervise::Backoff;
use farmgate_runner::{Child, Start};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::process::{Ends, Listener, Manner, Process};
use crate::settings::{Children, Log, Settings};

/// Starts processes, and counts them.
#[derive(Debug)]
pub(super) struct Pool {
    start: Start,
    bounds: Children,
    manner: Manner,
    open: Cell<usize>,
    of: RefCell<HashMap<Rc<str>, usize>>,
    running: RefCell<HashMap<u64, Process>>,
    next: Cell<u64>,
    trouble: RefCell<Trouble>,
    left: Notify,
}

/// Processes that ended before they said anything: a command that doesn't work. One that a request
/// brings down later doesn't count: it would keep everybody else from starting theirs.
#[derive(Debug, Default)]
struct Trouble {
    failures: u32,
    until: Option<Instant>,
}

/// A process that may be started, or that runs.
#[derive(Debug)]
pub(super) struct Permit {
    pool: Rc<Pool>,
    subject: Rc<str>,
    number: Cell<u64>,
}

/// Why none may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Busy {
    /// There are as many as there may be.
    All,
    /// The principal has as many as one may have.
    One,
    /// The last ones ended at once: not before so many seconds.
    Broken(u64),
}

// === impl Pool ===

impl Pool {
    pub(super) fn new(settings: &Settings, start: &Start) -> Rc<Self> {
        Rc::new(Self {
            start: start.clone(),
            bounds: settings.children.clone(),
            manner: Manner {
                log: settings.log.clone(),
                message_bytes: settings.message_bytes,
                patience: settings.children.patience,
            },
            open: Cell::new(0),
            of: RefCell::default(),
            running: RefCell::default(),
            next: Cell::new(0),
            trouble: RefCell::default(),
            left: Notify::new(),
        })
    }

    pub(super) fn log(&self) -> &Log {
        &self.manner.log
    }

    /// Takes a place for a process of `subject`.
    pub(super) fn enter(self: &Rc<Self>, subject: &Rc<str>) -> Result<Permit, Busy> {
        self.works()?;
        let mut of = self.of.borrow_mut();
        let own = of.get(subject).copied().unwrap_or_default();
        if own >= self.bounds.most_of_one {
            return Err(Busy::One);
        }
        if self.open.get() >= self.bounds.most {
            return Err(Busy::All);
        }
        of.insert(Rc::clone(subject), own + 1);
        self.open.set(self.open.get() + 1);
        Ok(Permit { pool: Rc::clone(self), subject: Rc::clone(subject), number: Cell::new(0) })
    }

    /// Whether the last process worked, or it is time to try again.
    pub(super) fn works(&self) -> Result<(), Busy> {
        let now = Instant::now();
        match self.trouble.borrow().until.filter(|until| *until > now) {
            Some(until) => Err(Busy::Broken((until - now).as_secs() + 1)),
            None => Ok(()),
        }
    }

    /// The two halves of a process that isn't started yet.
    pub(super) fn process(&self) -> (Process, Ends) {
        self.next.set(self.next.get() + 1);
        Process::new(self.next.get())
    }

    /// Starts a process; `listener` is told what it prints, and that it is gone.
    pub(super) fn launch<L: Listener>(
        &self,
        permit: Permit,
        process: &Process,
        ends: Ends,
        listener: Rc<L>,
    ) -> Result<(), std::io::Error> {
        let child = match Child::start(&self.start) {
            Ok(child) => child,
            Err(error) => {
                self.log().say(None, format!("the server can't be started: {error}"));
                permit.leave(false);
                return Err(error);
            }
        };
        permit.number.set(process.number);
        self.running.borrow_mut().insert(process.number, process.clone());
        tokio::task::spawn_local(ends.run(child, listener, self.manner.clone(), permit));
        Ok(())
    }

    /// Ends all processes, and waits until nothing is left of them.
    pub(super) async fn end(&self) {
        self.running.borrow().values().for_each(Process::stop);
        loop {
            let left = self.left.notified();
            if self.open.get() == 0 {
                return;
            }
            left.await;
        }
    }
}

// === impl Permit ===

impl Permit {
    /// Gives the place back: the process is gone, and worked before, or never did.
    pub(super) fn leave(self, worked: bool) {
        let mut trouble = self.pool.trouble.borrow_mut();
        if worked {
            *trouble = Trouble::default();
        } else {
            trouble.failures = trouble.failures.saturating_add(1);
            trouble.until = Some(Instant::now() + Backoff::default().after(trouble.failures));
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.pool.running.borrow_mut().remove(&self.number.get());
        self.pool.open.set(self.pool.open.get().saturating_sub(1));
        let mut of = self.pool.of.borrow_mut();
        if let Some(own) = of.get_mut(&self.subject) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                of.remove(&self.subject);
            }
        }
        drop(of);
        self.pool.left.notify_waiters();
    }
}
