//! One target of a server: what all workers and the control thread know of it, in atomics.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use http::HeaderValue;
use serde::Serialize;
use tokio::sync::Notify;

use super::health::Record;
use super::settings::{Dial, Settings};
use super::targets::Targets;

/// What probes say of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// No probe has answered yet.
    Unknown,
    /// It answered as it should.
    Healthy,
    /// It did not.
    Unhealthy,
}

/// A target, as people and metrics see it.
#[derive(Debug, Clone, Serialize)]
pub struct TargetState {
    /// The server.
    pub server: String,
    /// Where it is.
    pub address: SocketAddr,
    /// What probes say.
    pub health: Health,
    /// Since when they say so, in seconds of Unix time.
    pub since: u64,
    /// Whether it is going away: it gets no new requests, but its sessions go on.
    pub draining: bool,
    /// Whether it gets no requests for a while because too many failed.
    pub ejected: bool,
    /// Probes so far.
    pub probes: u64,
    /// The last probe; none if there was none yet.
    pub probe: Option<Probe>,
    /// Requests under way.
    pub outstanding: u32,
    /// Answers so far.
    pub answers: u64,
    /// Of which had a status of the 5xx. (They are the server's own affair: no target is ejected
    /// for them.)
    pub server_errors: u64,
    /// Requests so far that failed: no connection, a connection that broke, no answer in time.
    pub failures: u64,
}

/// A probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The status of the answer; none if there was no answer.
    pub status: Option<u16>,
    /// What went wrong; none if the target passed.
    pub error: Option<String>,
    /// When it began, in seconds of Unix time.
    pub at: u64,
    /// How long it took.
    pub milliseconds: u64,
}

/// A target.
#[derive(Debug)]
pub(super) struct Target {
    /// No other target of this process ever has the same.
    pub(super) id: u64,
    pub(super) address: SocketAddr,
    pub(super) dial: Arc<Dial>,
    /// The `Host` that it takes.
    pub(super) host: ArcSwap<HeaderValue>,
    /// The server's targets, of which it is one.
    pub(super) home: Weak<Targets>,
    health: AtomicU8,
    /// Requests under way.
    pub(super) outstanding: AtomicU32,
    /// Connections that are being made.
    pub(super) connecting: AtomicU32,
    /// Told whenever one of them is made, or can't be.
    pub(super) connected: Notify,
    /// Whether it is no target any more: its connections are of no use.
    pub(super) gone: AtomicBool,
    /// Whether it was seen to answer twice on a connection.
    pub(super) keeps_alive: AtomicBool,
    /// Failures in a row.
    pub(super) failures: AtomicU32,
    /// Until when it is ejected, on [`clock`]; 0 if it never was.
    pub(super) ejected_until: AtomicU64,
    /// How often it was ejected, lately.
    pub(super) ejections: AtomicU32,
    pub(super) answers: AtomicU64,
    pub(super) server_errors: AtomicU64,
    pub(super) all_failures: AtomicU64,
    pub(super) record: Mutex<Record>,
}

/// Milliseconds since this process first asked, and at least 1. It never goes back, whatever
/// happens to the time of day.
pub(super) fn clock() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}

/// Seconds of Unix time.
pub(super) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

// === impl Target ===

impl Target {
    pub(super) fn new(address: SocketAddr, settings: &Settings, home: Weak<Targets>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            address,
            dial: Arc::clone(&settings.dial),
            host: ArcSwap::new(Arc::clone(&settings.host)),
            home,
            health: AtomicU8::new(0),
            outstanding: AtomicU32::new(0),
            connecting: AtomicU32::new(0),
            connected: Notify::new(),
            gone: AtomicBool::new(false),
            keeps_alive: AtomicBool::new(false),
            failures: AtomicU32::new(0),
            ejected_until: AtomicU64::new(0),
            ejections: AtomicU32::new(0),
            answers: AtomicU64::new(0),
            server_errors: AtomicU64::new(0),
            all_failures: AtomicU64::new(0),
            record: Mutex::new(Record::new()),
        }
    }

    pub(super) fn health(&self) -> Health {
        match self.health.load(Ordering::Relaxed) {
            0 => Health::Unknown,
            1 => Health::Healthy,
            _ => Health::Unhealthy,
        }
    }

    pub(super) fn set_health(&self, health: Health) {
        let number = match health {
            Health::Unknown => 0,
            Health::Healthy => 1,
            Health::Unhealthy => 2,
        };
        self.health.store(number, Ordering::Relaxed);
    }

    pub(super) fn is_ejected(&self) -> bool {
        let until = self.ejected_until.load(Ordering::Relaxed);
        until != 0 && clock() < until
    }

    /// It answered.
    pub(super) fn succeeded(&self, status: http::StatusCode) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        if status.is_server_error() {
            self.server_errors.fetch_add(1, Ordering::Relaxed);
        }
        // Mostly it is 0: a line of memory that is only read stays with all workers.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// It took no connection, broke one, or did not answer in time.
    pub(super) fn failed(&self) {
        self.all_failures.fetch_add(1, Ordering::Relaxed);
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if let Some(home) = self.home.upgrade() {
            home.consider_ejecting(self, failures);
        }
    }

    pub(super) fn state(&self, server: &str, draining: bool) -> TargetState {
        // A thread that panicked with it left it whole: it is only written in one go.
        let record = self.record.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        TargetState {
            server: server.to_owned(),
            address: self.address,
            health: self.health(),
            since: record.since,
            draining,
            ejected: self.is_ejected(),
            probes: record.probes,
            probe: record.last.clone(),
            outstanding: self.outstanding.load(Ordering::Relaxed),
            answers: self.answers.load(Ordering::Relaxed),
            server_errors: self.server_errors.load(Ordering::Relaxed),
            failures: self.all_failures.load(Ordering::Relaxed),
        }
    }
}
