//! What comes to us when a keeper is killed, or when we are the first process of a container.
//!
//! A process that calls [`adopt`] promises that it starts children only through this crate. Then
//! whatever else becomes its child is an orphan: something that a keeper, killed before its time,
//! had below it, or that somebody in the container left behind. It is killed and waited for.
//!
//! Without that promise nothing is killed here: it could be somebody else's.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::table;

/// How often we look without having been told that a child ended: an orphan may come to us alive.
const LOOK: Duration = Duration::from_secs(2);

/// Our own children. The lock is held while one is started, so that no child is taken for an orphan
/// before it is written down.
static OURS: Mutex<Ours> = Mutex::new(Ours { adopts: false, known: BTreeSet::new() });

pub(crate) struct Ours {
    adopts: bool,
    known: BTreeSet<u32>,
}

/// From now on, orphans below us come to us, and [`sweep`] kills them. The caller promises that this
/// process starts children only through this crate.
///
/// # Errors
/// If the kernel refuses (before Linux 3.4).
pub fn adopt() -> io::Result<()> {
    set_child_subreaper(Some(getpid()))?;
    ours().adopts = true;
    Ok(())
}

/// Whether orphans come to us.
#[must_use]
pub fn adopts() -> bool {
    ours().adopts
}

/// Kills and waits for orphans, for as long as it is polled.
pub async fn reap() {
    let mut child = signal(SignalKind::child()).ok();
    loop {
        sweep();
        let told = async {
            match &mut child {
                Some(child) => child.recv().await,
                None => std::future::pending().await,
            }
        };
        // Too early or too late by a little: the next look finds what this one didn't.
        let _either = tokio::time::timeout(LOOK, told).await;
    }
}

/// Kills all orphans that are with us, and waits for those that have ended. Does not block.
pub fn sweep() {
    let mut ours = ours();
    if !ours.adopts {
        return;
    }
    let children = table::children(std::process::id());
    let here: BTreeSet<u32> = children.iter().map(|entry| entry.pid).collect();
    // One that was waited for is no child any more; its number may be given to another.
    ours.known.retain(|pid| here.contains(pid));
    for entry in children.iter().filter(|entry| !ours.known.contains(&entry.pid)) {
        let Some(pid) = i32::try_from(entry.pid).ok().and_then(Pid::from_raw) else { continue };
        if entry.state != b'Z' {
            // It may just have ended by itself.
            let _gone = kill_process(pid, Signal::KILL);
        }
        let _ended = waitpid(Some(pid), WaitOptions::NOHANG);
    }
}

/// Sweeps until no orphan is left, at most `rounds` times: a killed one takes a moment to end, and
/// what it leaves behind comes to us only then.
pub(crate) async fn sweep_all(rounds: u32) {
    for _ in 0..rounds {
        sweep();
        if !adopts() || orphans() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn orphans() -> usize {
    let ours = ours();
    let children = table::children(std::process::id());
    children.iter().filter(|entry| !ours.known.contains(&entry.pid)).count()
}

pub(crate) fn ours() -> MutexGuard<'static, Ours> {
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Ours ===

impl Ours {
    pub(crate) fn add(&mut self, pid: u32) {
        self.known.insert(pid);
    }
}
