//! `farmgate probe`: the controls of a running farm, tried from outside.
//!
//! Each control is a claim ("a call without a credential is refused") that is tested by sending what
//! the claim forbids, and looking at what comes. Where that needs something that works, such as a
//! credential that is taken, it is seen to work first: a farm that refuses everything holds nothing.
//! What can't be told from here is said to be so, with the reason.
//!
//! It speaks HTTP/1.1 and TLS by its own hand, since it sends what no client library would. All of it
//! is bounded: requests, bytes, time. It asks only addresses that are loopback or that the caller
//! names (see [`permit`]), follows no redirect, calls no tool, and sends no credential in plain text.
//!
//! It reads no file and no environment: who calls it says what is known of the farm ([`Target`]).

mod answer;
mod ask;
mod controls;
mod footing;
mod local;
mod past;
pub mod permit;
mod proof;
mod report;
mod scan;
pub mod target;
pub mod task;
mod trail;
mod trust;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use controls::{ControlInfo, catalogue, index};
pub use report::{Attempt, Finding, From, Report, Totals, Verdict};
pub use target::Target;
pub use trust::Trust;

use crate::probe::footing::Footing;
use crate::probe::wire::Probe;

/// How much a probe may do.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For an answer.
    pub patience: Duration,
    /// For a connection. What lets nothing in often says nothing, so this is waited in full.
    pub connect: Duration,
    /// For a credential that was made just now to be taken.
    pub settle: Duration,
    /// The longest wait for a rate limit to let requests through again.
    pub rate_wait: Duration,
    /// Requests to reach a rate limit.
    pub rate_requests: u32,
    /// Requests in all.
    pub requests: u32,
    /// Bytes that are sent, in all.
    pub bytes: u64,
    /// For everything.
    pub time: Duration,
}

/// Ends a probe before its time: what is under way ends, nothing more is sent.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nobody answers there.
    #[error("nothing answers at {place}: {why}")]
    Silent {
        /// The place.
        place: String,
        /// What came of it.
        why: String,
    },
    /// Who answers has a certificate that isn't trusted.
    #[error("the certificate of {place} is not trusted: {why}")]
    Untrusted {
        /// The place.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// It was ended.
    #[error("the probe was ended")]
    Cancelled,
}

// === impl Settings ===

impl Default for Settings {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(10),
            connect: Duration::from_secs(3),
            settle: Duration::from_secs(15),
            rate_wait: Duration::from_secs(20),
            rate_requests: 4000,
            requests: 6000,
            bytes: 96 << 20,
            time: Duration::from_secs(300),
        }
    }
}

// === impl Cancel ===

impl Cancel {
    /// Ends the probe.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was ended.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Tries every control, in the order of the catalogue. `found` is told of each as soon as it is
/// known.
///
/// # Errors
/// If nobody answers, if the certificate isn't trusted, or if it was cancelled.
pub fn run(
    target: &Target,
    settings: &Settings,
    cancel: &Cancel,
    found: &mut dyn FnMut(&Finding),
) -> Result<Report, ProbeError> {
    let probe = Probe::new(target, settings, cancel);
    probe.reach()?;
    let footing = Footing::find(&probe);
    let mut findings = Vec::new();
    for control in controls::all() {
        let finding = control.run(&probe, &footing);
        if cancel.is_cancelled() {
            return Err(ProbeError::Cancelled);
        }
        found(&finding);
        findings.push(finding);
    }
    Ok(Report::new(&target.farm, &target.url(), From::Outside, findings))
}
