//! What ways to prove who calls remember from one configuration to the next: a farm that takes a new
//! store must not take an old signature again for it, nor ask STS for everyone anew.
//!
//! It belongs to one gate: replicas don't tell each other, and nothing survives a restart.

use std::sync::Arc;

use super::sigv4::Replays;
use super::sts_proof::{Asked, Sts};

/// What is remembered.
pub(crate) struct Memory {
    /// The signatures that were used.
    pub(super) replays: Arc<Replays>,
    /// What STS answered, and how it is asked.
    pub(super) asked: Arc<Asked>,
}

// === impl Memory ===

impl Memory {
    /// With nothing in it; proofs go to this STS.
    pub(crate) fn new(sts: Sts) -> Self {
        Self { replays: Arc::default(), asked: Arc::new(Asked::new(sts)) }
    }
}
