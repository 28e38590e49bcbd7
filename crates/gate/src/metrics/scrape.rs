//! The metrics as text, with what other rooms count read at that moment.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use farmgate_wire::Figures as Connections;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder};

use super::{Metrics, counter, counters, gauge, gauges};
use crate::audit;
use crate::upstream::{Health, TargetState};

/// What others count, at one moment.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub(crate) connections: Connections,
    pub(crate) targets: Vec<TargetState>,
    pub(crate) audit: audit::Figures,
    /// Requests that wait for their turn.
    pub(crate) waiting: usize,
    /// Addresses and principals that are counted one by one.
    pub(crate) tracked: (usize, usize),
    pub(crate) ready: bool,
}

/// The metrics that are set from a [`Snapshot`].
pub(super) struct Read {
    connections: IntGauge,
    accepted: IntCounter,
    ended: IntCounterVec,
    targets: IntGaugeVec,
    under_way: IntGaugeVec,
    probes: IntGaugeVec,
    failures: IntGaugeVec,
    audit_queue: IntGauge,
    waiting: IntGauge,
    tracked: IntGaugeVec,
    ready: IntGauge,
}

impl Metrics {
    /// All metrics, in the text format of Prometheus.
    pub(crate) fn text(&self, now: &Snapshot) -> String {
        let _scrape = self.scrape.lock().unwrap_or_else(PoisonError::into_inner);
        self.read.set(now);
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}

impl Read {
    pub(super) fn new(of: &Registry) -> Self {
        let ended = "Connections that were refused, or ended by a limit, by reason.";
        let probes = "Health probes of the targets that are there now.";
        let failures = "Requests that failed at the targets that are there now.";
        Self {
            connections: gauge(of, "open_connections", "Connections that are open."),
            accepted: counter(of, "connections_total", "Connections that were taken."),
            ended: counters(of, "connections_ended_total", ended, &["reason"]),
            targets: gauges(of, "targets", "Targets, by state.", &["server", "state"]),
            under_way: gauges(of, "requests_under_way", "Requests at targets.", &["server"]),
            probes: gauges(of, "health_probes", probes, &["server"]),
            failures: gauges(of, "target_failures", failures, &["server"]),
            audit_queue: gauge(of, "audit_queue_bytes", "Bytes of lines that wait."),
            waiting: gauge(of, "requests_waiting", "Requests that wait for their turn."),
            tracked: gauges(of, "limited_callers", "Callers that are counted.", &["kind"]),
            ready: gauge(of, "ready", "Whether the gate is ready."),
        }
    }

    fn set(&self, now: &Snapshot) {
        let connections = &now.connections;
        self.connections.set(signed(connections.open));
        raise(&self.accepted, connections.accepted);
        for (reason, total) in [
            ("too_many", connections.refused_all),
            ("too_many_of_address", connections.refused_address),
            ("accept_error", connections.accept_errors),
            ("handshake", connections.handshake_failed),
            ("framing", connections.framing_refused),
            ("head_late", connections.head_late),
            ("idle", connections.idle),
            ("stalled", connections.stalled),
        ] {
            raise(&self.ended.with_label_values(&[reason]), total);
        }
        self.set_targets(&now.targets);
        self.audit_queue.set(signed(now.audit.queued));
        self.waiting.set(signed(now.waiting as u64));
        for (kind, tracked) in [("address", now.tracked.0), ("principal", now.tracked.1)] {
            self.tracked.with_label_values(&[kind]).set(signed(tracked as u64));
        }
        self.ready.set(now.ready.into());
    }

    fn set_targets(&self, targets: &[TargetState]) {
        let all = [&self.targets, &self.under_way, &self.probes, &self.failures];
        all.iter().for_each(|gauges| gauges.reset());
        let mut servers: BTreeMap<&str, Vec<&TargetState>> = BTreeMap::new();
        for target in targets {
            servers.entry(&target.server).or_default().push(target);
        }
        for (server, targets) in servers {
            for state in ["healthy", "unhealthy", "unknown", "ejected", "draining"] {
                let count = targets.iter().filter(|target| state_of(target) == state).count();
                self.targets.with_label_values(&[server, state]).set(signed(count as u64));
            }
            let sum = |of: fn(&TargetState) -> u64| signed(targets.iter().map(|it| of(it)).sum());
            self.under_way.with_label_values(&[server]).set(sum(|it| u64::from(it.outstanding)));
            self.probes.with_label_values(&[server]).set(sum(|it| it.probes));
            self.failures.with_label_values(&[server]).set(sum(|it| it.failures));
        }
    }
}

/// The one word for a target.
pub(crate) fn state_of(target: &TargetState) -> &'static str {
    match target.health {
        _ if target.draining => "draining",
        _ if target.ejected => "ejected",
        Health::Healthy => "healthy",
        Health::Unhealthy => "unhealthy",
        Health::Unknown => "unknown",
    }
}

/// Brings a counter to a total that someone else counted.
fn raise(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
