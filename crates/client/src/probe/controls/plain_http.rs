//! Nothing is done for who asks in plain text: they are sent to HTTPS, or nowhere.

use std::net::SocketAddr;

use crate::probe::answer::{Answer, Came};
use crate::probe::ask::Ask;
use crate::probe::footing::Footing;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

control!("plain-http", "a call in plain HTTP gets no further than a redirect to HTTPS");

fn run(probe: &Probe<'_>, _: &Footing<'_>) -> Trail {
    let target = probe.target;
    if target.trust.is_none() {
        return Trail::not_testable(
            "this farm is asked in plain HTTP on this machine: TLS ends elsewhere",
        );
    }
    let Some(server) = target.servers.first() else {
        return Trail::not_testable("no server is known");
    };
    let gate = probe.gate();
    let usual = (gate.port() == 443).then(|| SocketAddr::new(gate.ip(), 80));
    let mut trail = Trail::default();
    for place in usual.into_iter().chain([gate]) {
        // Without a credential: it would be in the clear.
        for ask in [Ask::initialize(target, server), Ask::new(target, "GET", &server.path)] {
            let sent = format!("{} in plain HTTP to port {}", ask.words(), place.port());
            let came = match probe.plain(place, None) {
                Ok(mut connection) => connection.ask(&ask.bytes()),
                Err(came) => came,
            };
            let told = probe.words(&came);
            match &came {
                Came::NoConnection(_) | Came::Closed | Came::Noise(_) => trail.held(sent, told),
                Came::Silence => trail.held(sent, told),
                Came::Answer(answer) => trail.judge(leads_to_tls(answer), sent, told),
                Came::Spent => trail.unclear(sent, told, "the probe's bounds are used up"),
            }
        }
    }
    trail
}

/// A redirect to HTTPS, or a refusal of what is no TLS (426 is `Upgrade Required`).
fn leads_to_tls(answer: &Answer) -> bool {
    let secure = answer.header("location").is_some_and(|to| to.starts_with("https://"));
    match answer.status {
        301 | 302 | 307 | 308 => secure,
        400 | 426 => true,
        _ => false,
    }
}
