//! The choice of a target: the one with the fewest requests under way among those that may have
//! more.
//!
//! Probes have the first word and failed requests the second. Those that no probe has reached yet
//! may be tried when nothing better is there (a gate that was just started knows nobody); those
//! that probes found unhealthy never are, not even if all of them are: an ALB would then try all,
//! and every client would wait for what can't be.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::HeaderValue;

use super::target::{Health, Target};
use super::targets::Targets;

/// A target that was chosen for a request, which counts as under way there until this is dropped:
/// it has to live as long as the body of the answer.
#[derive(Debug)]
pub struct Pick {
    pub(super) target: Arc<Target>,
}

/// Why no target was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTarget {
    /// There is none: its name has no addresses.
    Absent,
    /// All are unhealthy.
    Unhealthy,
    /// Those that are healthy were tried already.
    Tried,
}

// === impl Targets ===

impl Targets {
    /// Chooses a target for a request; none of those in `not`, which were tried already.
    ///
    /// # Errors
    /// If there is none that may be tried. It is known at once, and nothing waits.
    pub fn pick(&self, not: &[SocketAddr]) -> Result<Pick, NoTarget> {
        let list = self.list.load();
        let targets = list.active.as_slice();
        // Where the search begins moves on, so that equals take turns.
        let start = match targets.len() {
            0 => return Err(NoTarget::Absent),
            1 => 0,
            count => self.turn.fetch_add(1, Ordering::Relaxed) % count,
        };
        let (before, after) = targets.split_at_checked(start).unwrap_or((&[], targets));
        let (mut best, mut why) = (None, NoTarget::Unhealthy);
        for target in after.iter().chain(before) {
            let Some(rank) = rank(target) else { continue };
            if not.contains(&target.address) {
                why = NoTarget::Tried;
                continue;
            }
            let load = (rank, target.outstanding.load(Ordering::Relaxed));
            if best.is_none_or(|(least, _)| load < least) {
                best = Some((load, target));
            }
        }
        best.map(|(_, target)| Pick::new(target)).ok_or(why)
    }

    /// The target at an address, for a session that lives there: whatever probes say of it, and
    /// also while it drains. None if it is no target any more.
    #[must_use]
    pub fn find(&self, address: SocketAddr) -> Option<Pick> {
        let list = self.list.load();
        let draining = list.draining.iter().map(|(target, _)| target);
        // One that is reached in another way now has its old self among those that drain.
        let mut all = list.active.iter().chain(draining);
        all.find(|target| target.address == address).map(Pick::new)
    }
}

/// How good a target is, from 0; none if it must not be tried.
fn rank(target: &Target) -> Option<u8> {
    match (target.health(), target.is_ejected()) {
        (Health::Healthy, false) => Some(0),
        (Health::Unknown, false) => Some(1),
        (Health::Healthy, true) => Some(2),
        (Health::Unknown, true) => Some(3),
        (Health::Unhealthy, _) => None,
    }
}

// === impl Pick ===

impl Pick {
    fn new(target: &Arc<Target>) -> Self {
        target.outstanding.fetch_add(1, Ordering::Relaxed);
        Self { target: Arc::clone(target) }
    }

    /// Where the target is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.target.address
    }

    /// Whether the farm's bridge answers there, and wants the signed principal.
    #[must_use]
    pub fn bridge(&self) -> bool {
        self.target.dial.bridge
    }

    /// The `Host` that the target takes.
    #[must_use]
    pub fn host_header(&self) -> HeaderValue {
        HeaderValue::clone(&self.target.host.load())
    }
}

impl Drop for Pick {
    fn drop(&mut self) {
        self.target.outstanding.fetch_sub(1, Ordering::Relaxed);
    }
}

// === impl NoTarget ===

impl fmt::Display for NoTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "the server has no targets",
            Self::Unhealthy => "all targets of the server are unhealthy",
            Self::Tried => "all healthy targets of the server were tried",
        })
    }
}

impl std::error::Error for NoTarget {}
