//! What a keeper waits for: the end of its lifeline, signals, its children.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, open};
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Whoever holds the other end of the lifeline let go of it, or is dead.
    Ended,
    /// A signal asks for an end.
    Stop,
    /// A child may have ended.
    Child,
}

/// Waits.
pub(super) struct Watch {
    lifeline: Receiver,
    child: Signal,
    asked: [Signal; 4],
}

// === impl Watch ===

impl Watch {
    /// Catches signals from here on; no child may have been started before.
    pub(super) fn new(lifeline: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            lifeline: Receiver::from_owned_fd(lifeline)?,
            child: signal(SignalKind::child())?,
            asked: [
                signal(SignalKind::terminate())?,
                signal(SignalKind::interrupt())?,
                signal(SignalKind::hangup())?,
                signal(SignalKind::quit())?,
            ],
        })
    }

    pub(super) async fn next(&mut self) -> Event {
        let [terminate, interrupt, hangup, quit] = &mut self.asked;
        tokio::select! {
            biased;
            () = ended(&self.lifeline) => Event::Ended,
            _ = self.child.recv() => Event::Child,
            _ = terminate.recv() => Event::Stop,
            _ = interrupt.recv() => Event::Stop,
            _ = hangup.recv() => Event::Stop,
            _ = quit.recv() => Event::Stop,
        }
    }
}

/// Returns when the other end is closed. Nobody writes to a lifeline; if someone does, it is read
/// and means nothing.
async fn ended(lifeline: &Receiver) {
    let mut unread = [0; 64];
    loop {
        if lifeline.readable().await.is_err() {
            return;
        }
        match lifeline.try_read(&mut unread) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
    }
}

/// Puts /dev/null in place of our standard streams, which are the child's: else its pipes would stay
/// open when it closes them.
pub(super) fn let_go_of_stdio() {
    let Ok(null) = open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()) else { return };
    // If it can't be done the pipes end with us, a little later.
    let _kept = rustix::stdio::dup2_stdin(&null);
    let _kept = rustix::stdio::dup2_stdout(&null);
    let _kept = rustix::stdio::dup2_stderr(&null);
}
