//! `moves.tf`: what a release of farmgate calls differently than an earlier one did.
//!
//! Terraform then moves what exists to its new address. Without that, an update of farmgate would
//! replace it.

use super::hcl::{Block, File, raw};
use crate::design::Design;

/// An address that was renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The release that renamed it.
    pub since: &'static str,
    /// Its address until then, of a resource or an instance.
    pub from: &'static str,
    /// Its address from then on.
    pub to: &'static str,
}

/// All moves, oldest first. A move stays here for good: nobody knows from which release someone
/// comes. Nothing was renamed so far.
const MOVES: &[Move] = &[];

pub(super) fn file(_design: &Design) -> File {
    moved(MOVES)
}

/// The blocks for a table of moves.
#[must_use]
pub fn moved(moves: &[Move]) -> File {
    if moves.is_empty() {
        return File::new();
    }
    let mut file = File::new()
        .comment("What earlier releases of farmgate called by other addresses. It is moved, not replaced.")
        .blank();
    let mut since = None;
    for step in moves {
        if since != Some(step.since) {
            file = file.comment(format!("Since {}.", step.since));
            since = Some(step.since);
        }
        file.push(Block::new("moved").attr("from", raw(step.from)).attr("to", raw(step.to)));
    }
    file
}
