//! Metrics: what a gate counts, for Prometheus and for CloudWatch. `docs/observe.md` lists them.
//!
//! Counters of a server are looked up once, when the configuration is compiled; a request then costs
//! a few atomic additions. What others count (connections, targets, the audit's queue) is read when
//! somebody asks. No principal, tool or address is ever a label: their number has no bound.

mod emf;
mod scrape;

use std::sync::{Arc, Mutex};

use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

use crate::audit::{Decision, Record};

pub(crate) use emf::emf;
pub(crate) use scrape::{Snapshot, state_of};

/// Upper bounds of the latency histogram, in seconds: up to 10 s for answers, beyond for streams.
const SECONDS: [f64; 14] =
    [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0];
/// Classes of status codes; the first is for requests that got no answer.
const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];
/// The server of requests for no server.
const NO_SERVER: &str = "";

/// Everything that a gate counts.
pub struct Metrics {
    farm: String,
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    bytes: IntCounterVec,
    streams: IntGaugeVec,
    refusals: IntCounterVec,
    retries: IntCounter,
    reloads: IntCounterVec,
    audit_lines: IntCounterVec,
    audit_failing: IntGaugeVec,
    certificate_expires: IntGauge,
    read: scrape::Read,
    no_server: Arc<ServerMetrics>,
    /// One scrape at a time: it sets what others count.
    scrape: Mutex<()>,
}

/// What is counted of one server.
pub struct ServerMetrics {
    /// By class of status, then allowed or refused.
    requests: [[IntCounter; 2]; CLASSES.len()],
    seconds: Histogram,
    bytes_in: IntCounter,
    bytes_out: IntCounter,
    streams: IntGauge,
}

/// What the audit counts, for one place to which its lines go.
#[derive(Clone)]
pub(crate) struct AuditMetrics {
    pub(crate) written: IntCounter,
    pub(crate) lost: IntCounter,
    pub(crate) failing: IntGauge,
}

/// Counts as an open stream until it is dropped.
pub struct OpenStream(IntGauge);

// === impl Metrics ===

impl Metrics {
    /// For a farm's gate, with everything at none.
    #[must_use]
    pub fn new(farm: &str) -> Self {
        let registry = Registry::new();
        let of = &registry;
        let requests = counters(
            of,
            "requests_total",
            "Requests, by what became of them.",
            &["server", "status", "decision"],
        );
        let seconds = histograms(of);
        let bytes = counters(of, "body_bytes_total", "Bytes of bodies.", &["server", "direction"]);
        let streams = gauges(of, "open_streams", "Streams of events that are open.", &["server"]);
        let build = gauges(of, "build_info", "The program.", &["version", "farm"]);
        build.with_label_values(&[env!("CARGO_PKG_VERSION"), farm]).set(1);
        let no_server = ServerMetrics::new(&requests, &seconds, &bytes, &streams, NO_SERVER);
        let expires = "When the certificate in use ends, in seconds of Unix time.";
        Self {
            farm: farm.to_owned(),
            refusals: counters(
                of,
                "refusals_total",
                "Refused requests, and failed ones.",
                &["reason"],
            ),
            retries: counter(of, "retries_total", "Requests that were sent to another target."),
            reloads: counters(of, "reloads_total", "Changed configurations.", &["outcome"]),
            audit_lines: counters(
                of,
                "audit_lines_total",
                "Lines of the audit.",
                &["outlet", "outcome"],
            ),
            audit_failing: gauges(
                of,
                "audit_failing",
                "Whether the audit can't be written.",
                &["outlet"],
            ),
            certificate_expires: gauge(of, "certificate_expires_seconds", expires),
            read: scrape::Read::new(of),
            no_server: Arc::new(no_server),
            scrape: Mutex::default(),
            registry,
            requests,
            seconds,
            bytes,
            streams,
        }
    }

    /// What is counted of a server, to be kept as long as it is configured.
    #[must_use]
    pub fn server(&self, name: &str) -> Arc<ServerMetrics> {
        Arc::new(ServerMetrics::new(
            &self.requests,
            &self.seconds,
            &self.bytes,
            &self.streams,
            name,
        ))
    }

    /// Counts a request that ended; of none of the servers if there is none.
    pub fn request(&self, server: Option<&ServerMetrics>, record: &Record) {
        server.unwrap_or(&self.no_server).request(record);
        if let Some(reason) = record.reason {
            self.refusals.with_label_values(&[reason]).inc();
        }
    }

    /// Counts a request that was sent to another target.
    pub fn retried(&self) {
        self.retries.inc();
    }

    /// Counts a configuration that was taken.
    pub fn reloaded(&self) {
        self.reloads.with_label_values(&["taken"]).inc();
    }

    /// Counts a configuration that was refused.
    pub fn reload_refused(&self) {
        self.reloads.with_label_values(&["refused"]).inc();
    }

    /// Notes when the certificate in use ends, in seconds of Unix time.
    pub fn certificate_expires(&self, at: i64) {
        self.certificate_expires.set(at);
    }

    /// What the audit counts for a place to which its lines go.
    pub(crate) fn audit(&self, outlet: &str) -> AuditMetrics {
        let lines = |outcome| self.audit_lines.with_label_values(&[outlet, outcome]);
        AuditMetrics {
            written: lines("written"),
            lost: lines("lost"),
            failing: self.audit_failing.with_label_values(&[outlet]),
        }
    }
}

// === impl ServerMetrics ===

impl ServerMetrics {
    fn new(
        requests: &IntCounterVec,
        seconds: &HistogramVec,
        bytes: &IntCounterVec,
        streams: &IntGaugeVec,
        name: &str,
    ) -> Self {
        let request = |class| {
            ["allowed", "refused"]
                .map(|decision| requests.with_label_values(&[name, class, decision]))
        };
        Self {
            requests: CLASSES.map(request),
            seconds: seconds.with_label_values(&[name]),
            bytes_in: bytes.with_label_values(&[name, "in"]),
            bytes_out: bytes.with_label_values(&[name, "out"]),
            streams: streams.with_label_values(&[name]),
        }
    }

    /// Counts a stream of events as open, as long as the guard lives.
    #[must_use]
    pub fn stream(&self) -> OpenStream {
        self.streams.inc();
        OpenStream(self.streams.clone())
    }

    fn request(&self, record: &Record) {
        let class = usize::from(record.status / 100);
        let decision = usize::from(record.decision == Decision::Refused);
        let known = self.requests.get(class).or(self.requests.first());
        if let Some(count) = known.and_then(|of| of.get(decision)) {
            count.inc();
        }
        self.seconds.observe(record.took.as_secs_f64());
        self.bytes_in.inc_by(record.bytes_in);
        self.bytes_out.inc_by(record.bytes_out);
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

// === making ===

fn options(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("farmgate")
}

/// Registers what was made of a name and help; none but these are made, and each once.
fn register<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> C {
    #[expect(clippy::expect_used, reason = "names and labels are literals, tried by every test")]
    let made = made.expect("a metric with a valid name");
    let taken = registry.register(Box::new(made.clone()));
    debug_assert!(taken.is_ok(), "a name is given twice: {taken:?}");
    made
}

fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    register(registry, IntCounter::with_opts(options(name, help)))
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    register(registry, IntCounterVec::new(options(name, help), labels))
}

fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    register(registry, IntGauge::with_opts(options(name, help)))
}

fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    register(registry, IntGaugeVec::new(options(name, help), labels))
}

fn histograms(registry: &Registry) -> HistogramVec {
    let help = "Seconds from a request's head to the last byte of its answer.";
    let options = options("request_seconds", help);
    let options = HistogramOpts::from(options).buckets(SECONDS.to_vec());
    register(registry, HistogramVec::new(options, &["server"]))
}

#[cfg(test)]
mod tests;
