//! Who asks too often is told to wait, and let in again afterwards.

use std::time::{Duration, Instant};

use crate::probe::answer::{Answer, Came};
use crate::probe::ask::Ask;
use crate::probe::footing::Footing;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

/// How often it is tried whether requests are let through again.
const TRIES: u32 = 3;

control!("rate-limit", "too many requests are refused with 429, and later ones are not");

fn run(probe: &Probe<'_>, _: &Footing<'_>) -> Trail {
    let target = probe.target;
    let Some(server) = target.servers.first() else {
        return Trail::not_testable("no server is known");
    };
    let most = u64::from(probe.settings.rate_requests);
    let gates = u64::from(target.gates.max(1));
    let rate = target.bounds.map(|bounds| bounds.per_address);
    let limit = rate.map(|rate| u64::from(rate.requests) * gates);
    if let Some(limit) = limit.filter(|limit| *limit + 10 > most) {
        return Trail::not_testable(format!(
            "{limit} requests of one address are let through ({gates} gates), and the probe sends \
             at most {most}"
        ));
    }
    let ask = Ask::initialize(target, server).bytes();
    let (begin, mut sent) = (Instant::now(), 0);
    let mut connection = None;
    let refused = loop {
        // What is let through again meanwhile comes on top.
        let again = rate.map_or(0, |rate| {
            let seconds = begin.elapsed().as_secs() + 1;
            seconds * gates * u64::from(rate.requests) / rate.seconds.max(1)
        });
        if sent >= limit.map_or(most, |limit| (limit + again + 10).min(most)) {
            break None;
        }
        let mut open = match connection.take() {
            Some(open) => open,
            None => match probe.connect(None) {
                Ok(open) => open,
                Err(came) => break Some(came),
            },
        };
        sent += 1;
        match open.ask(&ask) {
            Came::Answer(answer) if answer.status == 429 => break Some(Came::Answer(answer)),
            Came::Answer(answer) => connection = keeps(&answer).then_some(open),
            // A connection may end between two requests.
            Came::Closed => {}
            other => break Some(other),
        }
    };
    let mut trail = Trail::default();
    let told = format!("{sent} calls without a credential");
    match (refused, limit) {
        (Some(Came::Answer(answer)), _) => recovered(probe, &mut trail, &ask, &told, &answer),
        (Some(came), _) => {
            trail.unclear(told, probe.words(&came), "the farm stopped answering");
        }
        (None, Some(limit)) => trail.failed(told, format!("no 429, though {limit} are too many")),
        (None, None) => trail.unclear(
            told,
            "no 429",
            "how many requests are let through isn't known, and the probe sends no more",
        ),
    }
    trail
}

fn keeps(answer: &Answer) -> bool {
    !answer.header("connection").is_some_and(|it| it.eq_ignore_ascii_case("close"))
}

/// Waits as long as it is told to, and asks again.
fn recovered(probe: &Probe<'_>, trail: &mut Trail, ask: &[u8], sent: &str, refused: &Answer) {
    let wait = refused.header("retry-after").and_then(|it| it.trim().parse::<u64>().ok());
    let Some(seconds) = wait else {
        trail.failed(sent, "429 without `Retry-After`: nobody knows how long to wait");
        return;
    };
    let wait = Duration::from_secs(seconds);
    if wait > probe.settings.rate_wait {
        let why = format!("it is reached; to see it end, {seconds} s would have to pass");
        trail.unclear(sent, format!("429, `Retry-After: {seconds}`"), why);
        return;
    }
    let mut came = Came::Spent;
    for _ in 0..TRIES {
        if !probe.wait(wait) {
            trail.unclear(sent, "429", "the probe's time is used up");
            return;
        }
        came = probe.ask_once(None, ask);
        if came.status().is_some_and(|status| status != 429) {
            let then = came.status().unwrap_or_default();
            trail.held(sent, format!("429, `Retry-After: {seconds}`, and then {then}"));
            return;
        }
    }
    trail.failed(sent, format!("429, and after {seconds} s still {}", probe.words(&came)));
}
