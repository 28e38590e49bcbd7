//! Heads and bodies have bounds, and what is beyond them isn't read.

use crate::probe::answer::Came;
use crate::probe::ask::{Ask, INITIALIZE};
use crate::probe::footing::{Footing, Proved, close};
use crate::probe::trail::Trail;
use crate::probe::wire::{Connection, Probe};

/// Bounds that are taken to be exceeded where none are known.
const HEAD_BYTES: usize = 128 << 10;
const BODY_BYTES: usize = 8 << 20;
/// The largest that is sent.
const MOST_BYTES: usize = 24 << 20;
/// A chunk.
const CHUNK: usize = 64 << 10;

control!("oversize", "a head or a body beyond its bound is refused");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let target = probe.target;
    let Some(server) = target.servers.first() else {
        return Trail::not_testable("no server is known");
    };
    let mut trail = Trail::default();
    let head = target.bounds.map_or(HEAD_BYTES, |bounds| bounds.head_bytes + 1024);
    let ask = Ask::initialize(target, server).with("x-probe", &"x".repeat(head.min(MOST_BYTES)));
    let came = probe.ask(&ask.bytes());
    let refused = came.is(&[400, 413, 414, 431]) || is_cut_off(&came);
    trail.weigh(refused, format!("a head of more than {head} bytes"), &came, probe.words(&came));
    many(probe, &mut trail, Ask::initialize(target, server));

    match footing.any() {
        Err(why) => trail.lacks(format!("bodies of those who are let in aren't tried: {why}")),
        Ok(proved) => bodies(probe, &mut trail, &proved),
    }
    trail
}

/// More headers than anybody has.
fn many(probe: &Probe<'_>, trail: &mut Trail, ask: Ask) {
    let ask = (0..1000).fold(ask, |ask, n| ask.with(&format!("x-{n}"), "y"));
    let came = probe.ask(&ask.bytes());
    let refused = came.is(&[400, 413, 431]) || is_cut_off(&came);
    trail.weigh(refused, "a head of a thousand headers", &came, probe.words(&came));
}

fn bodies(probe: &Probe<'_>, trail: &mut Trail, proved: &Proved<'_>) {
    let target = probe.target;
    // A terabyte that is promised and never sent: whoever waits for it, waits long.
    let promised = Ask::initialize(target, proved.server);
    if let Ok(ask) = proved.proof.prove(target, promised) {
        let came = probe.ask(ask.instead("content-length", "1099511627776").head().as_bytes());
        let refused = came.is(&[400, 401, 403, 413]) || is_cut_off(&came);
        let sent = "a call that promises a body of a terabyte";
        match came {
            // It is waited for.
            Came::Silence => trail.failed(sent, probe.words(&came)),
            _ => trail.weigh(refused, sent, &came, probe.words(&came)),
        }
    }
    let bound = target.bounds.map_or(BODY_BYTES, |bounds| bounds.body_bytes);
    if bound + CHUNK > MOST_BYTES {
        trail.lacks(format!("bodies may have {bound} bytes, more than the probe sends"));
        return;
    }
    let body = padded(bound + 1024);
    let whole = Ask::message(target, proved.server, &body);
    let Ok(ask) = proved.proof.prove(target, whole) else { return };
    let length = body.len().to_string();
    let ask = ask.instead("transfer-encoding", "chunked");
    let head = ask.head().replacen(&format!("content-length: {length}\r\n"), "", 1);
    let mut connection = match probe.connect(None) {
        Ok(connection) => connection,
        Err(came) => {
            trail.unclear("a large body", probe.words(&came), "there was no connection");
            return;
        }
    };
    let came = in_chunks(&mut connection, &head, body.as_bytes());
    close(probe, Some(&proved.proof), proved.server, &came);
    let sent = format!("a call with a body of {length} bytes in chunks");
    let refused = came.is(&[400, 401, 403, 413]) || is_cut_off(&came);
    trail.weigh(refused, sent, &came, probe.words(&came));
}

/// Sends until the other side has had enough.
fn in_chunks(connection: &mut Connection<'_>, head: &str, body: &[u8]) -> Came {
    let mut parts = vec![head.as_bytes().to_vec()];
    for part in body.chunks(CHUNK) {
        let mut chunk = format!("{:x}\r\n", part.len()).into_bytes();
        chunk.extend_from_slice(part);
        chunk.extend_from_slice(b"\r\n");
        parts.push(chunk);
    }
    parts.push(b"0\r\n\r\n".to_vec());
    for part in &parts {
        match connection.send(part) {
            Ok(()) => {}
            Err(Came::Closed) => break,
            Err(came) => return came,
        }
    }
    connection.answer()
}

/// The message that opens a session, with so many bytes that mean nothing.
fn padded(bytes: usize) -> String {
    let padding = format!(r#""params":{{"_meta":{{"padding":"{}"}},"#, "x".repeat(bytes));
    INITIALIZE.replacen(r#""params":{"#, &padding, 1)
}

fn is_cut_off(came: &Came) -> bool {
    matches!(came, Came::Closed)
}
