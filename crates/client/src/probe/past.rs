//! Places behind the gate, asked as by somebody who merely is in the network: no credential, and no
//! word that is worth anything to whoever answers.

use std::net::SocketAddr;

use super::answer::Came;
use super::ask::INITIALIZE;
use super::trail::Trail;
use super::wire::Probe;

/// A server's own port: in plain HTTP, and over TLS where that isn't understood.
pub(crate) fn server(probe: &Probe<'_>, trail: &mut Trail, what: &str, path: &str, at: SocketAddr) {
    let message = format!(
        "POST {path} HTTP/1.1\r\nhost: {at}\r\ncontent-type: application/json\r\naccept: \
         application/json, text/event-stream\r\nmcp-protocol-version: 2025-11-25\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{INITIALIZE}",
        INITIALIZE.len()
    );
    let sent = format!("POST {path} to {what} at its own port {}", at.port());
    let came = ask(probe, at, message.as_bytes());
    let told = shown(&came);
    match &came {
        Came::NoConnection(_) | Came::Closed | Came::Silence => trail.held(sent, told),
        // A bridge takes only what the gate signed, and says so.
        Came::Answer(answer) if matches!(answer.status, 401 | 403) => trail.held(sent, told),
        Came::Answer(_) => trail.failed(sent, told),
        Came::Noise(_) => trail.unclear(sent, told, "what came is no HTTP"),
        Came::Spent => trail.unclear(sent, told, "the probe's bounds are used up"),
    }
}

/// A port at which nothing may answer at all.
pub(crate) fn closed(probe: &Probe<'_>, trail: &mut Trail, what: &str, at: SocketAddr) {
    let sent = format!("a connection to {what} at {at}");
    match probe.plain(at, None) {
        Err(Came::Spent) => trail.unclear(sent, "nothing", "the probe's bounds are used up"),
        Err(came) => trail.held(sent, came.words()),
        Ok(mut connection) => {
            let message =
                format!("GET /metrics HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n");
            let came = connection.ask(message.as_bytes());
            trail.failed(sent, format!("a connection; GET /metrics: {}", shown(&came)));
        }
    }
}

fn ask(probe: &Probe<'_>, at: SocketAddr, message: &[u8]) -> Came {
    let plain = match probe.plain(at, None) {
        Ok(mut connection) => connection.ask(message),
        Err(came) => return came,
    };
    // What speaks TLS ends it, complains, or leads there.
    let secure = match &plain {
        Came::Closed | Came::Noise(_) => true,
        Came::Answer(answer) => matches!(answer.status, 301 | 302 | 307 | 308 | 400 | 426),
        _ => false,
    };
    if !secure {
        return plain;
    }
    match probe.secure_to_anyone(at) {
        Ok(mut connection) => connection.ask(message),
        // It speaks no TLS after all: then it is what it said in plain text.
        Err(Came::NoConnection(_)) => plain,
        Err(came) => came,
    }
}

/// Who answers past the gate may say anything: only how it answers is told.
fn shown(came: &Came) -> String {
    match came {
        Came::Answer(answer) => format!("{}, {} bytes", answer.status, answer.body.len()),
        other => other.words(),
    }
}
