//! Active health checks, in the words of ECS and of load balancers: a path, codes, an interval, a
//! timeout, successes and failures in a row.
//!
//! Every probe is a connection of its own over the trust that requests use, so that it finds out
//! what a new request would find out. The body of the answer is not read. Beyond a load balancer's
//! ways: a target that was never healthy is probed at short intervals at first (one success makes
//! it healthy, as with a new target of an ALB), so that a server is ready when it has started and
//! not up to an interval later.

use std::error::Error;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use farmgate_wire::Body;
use farmgate_wire::client::{self, SendFailure};
use http::{HeaderMap, HeaderValue, Request, header};
use tokio::time::{Instant, sleep_until, timeout};

use super::Principal;
use super::settings::Health;
use super::target::{self, Probe, Target, unix_now};

/// The first interval of a target that was never healthy, which doubles up to the second one, for a
/// time: then it is probed like any other.
const FIRST_INTERVAL: Duration = Duration::from_millis(250);
const SECOND_INTERVAL: Duration = Duration::from_secs(2);
const NEW_FOR: Duration = Duration::from_secs(120);

/// How much of an error is kept.
const LONGEST_ERROR: usize = 200;

/// What is known of a target from its probes.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) probes: u64,
    pub(super) last: Option<Probe>,
    /// Since when the target's health is what it is, in seconds of Unix time.
    pub(super) since: u64,
    /// Successes, or failures, in a row.
    in_a_row: u32,
    was_healthy: bool,
}

/// What a probe found.
type Found = Result<u16, String>;

/// Probes a target for as long as it is polled: at once, and then at intervals, from begin to begin.
pub(super) async fn watch(
    target: Arc<Target>,
    server: Arc<str>,
    health: Arc<Health>,
    principal: Option<Principal>,
) {
    let (start, mut quick) = (Instant::now(), FIRST_INTERVAL);
    loop {
        let (begin, at) = (Instant::now(), unix_now());
        let found = timeout(health.timeout, probe(&target, &server, &health, principal.as_ref()));
        let late = || Err(format!("no answer in {} s", health.timeout.as_secs()));
        let found = found.await.unwrap_or_else(|_| late());
        let time = begin.elapsed();
        let settled = judge(&target, &health, found, at, time) || start.elapsed() > NEW_FOR;
        let interval = if settled { health.interval } else { quick.min(health.interval) };
        quick = quick.saturating_mul(2).min(SECOND_INTERVAL);
        sleep_until(begin + interval.max(time)).await;
    }
}

/// One request, and the status of its answer.
async fn probe(
    target: &Target,
    server: &str,
    health: &Health,
    principal: Option<&Principal>,
) -> Found {
    let dial = &target.dial;
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(header::HOST, HeaderValue::clone(&target.host.load()));
    headers.insert(header::USER_AGENT, HeaderValue::from_static("farmgate-health"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    if let Some(principal) = principal.filter(|_| dial.bridge)
        && let Some(signed) = principal(server)
    {
        headers.insert(farmgate_keys::PRINCIPAL_HEADER, signed);
    }
    let mut request = Request::new(Body::Empty);
    *request.uri_mut() = health.path.clone();
    *request.headers_mut() = headers;
    let connection = client::connect(target.address, dial.tls.as_ref(), health.timeout).await;
    let mut connection = connection.map_err(|failure| words(&*failure))?;
    match connection.send(request).await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(SendFailure::Unsent(_)) => Err("the connection was closed at once".to_owned()),
        Err(SendFailure::Broken(failure)) => Err(words(&*failure)),
    }
}

/// An error with what caused it, on one line.
pub(super) fn words(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source.filter(|_| text.len() < LONGEST_ERROR) {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(LONGEST_ERROR).map(printable).collect()
}

/// Writes down what a probe found, and what the target's health is now. Whether it has settled: it
/// was healthy once.
fn judge(target: &Target, health: &Health, found: Found, at: u64, time: Duration) -> bool {
    let (status, error) = match found {
        Ok(status) if health.codes.has(status) => (Some(status), None),
        Ok(status) => (Some(status), Some(format!("status {status} is not healthy"))),
        Err(error) => (None, Some(error)),
    };
    let passed = error.is_none();
    let mut record = target.record.lock().unwrap_or_else(PoisonError::into_inner);
    let same = record.last.as_ref().is_some_and(|last| last.error.is_none() == passed);
    record.in_a_row = if same { record.in_a_row.saturating_add(1) } else { 1 };
    record.probes = record.probes.saturating_add(1);
    let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    record.last = Some(Probe { status, error, at, milliseconds });
    let needed = match (passed, record.was_healthy) {
        (true, true) => health.healthy,
        (true, false) => 1,
        (false, _) => health.unhealthy,
    };
    let now = if passed { target::Health::Healthy } else { target::Health::Unhealthy };
    if record.in_a_row >= needed && target.health() != now {
        target.set_health(now);
        record.since = unix_now();
    }
    record.was_healthy |= passed;
    record.was_healthy
}

// === impl Record ===

impl Record {
    pub(super) fn new() -> Self {
        Self { probes: 0, last: None, since: unix_now(), in_a_row: 0, was_healthy: false }
    }
}
