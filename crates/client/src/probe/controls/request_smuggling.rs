//! Where a request ends is said once and clearly, or the connection ends.
//!
//! Each ambiguous request is followed by a whole one on the same connection. What may come is one
//! refusal and the end, or the end alone. Two answers, or an answer that isn't a refusal, mean that
//! somebody has settled for one of the two readings; whoever is before or behind may settle for the
//! other. Every connection is this control's own, so nobody else's requests can be reached.

use crate::probe::answer::Came;
use crate::probe::ask::Ask;
use crate::probe::footing::Footing;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

control!("request-smuggling", "a request whose end can be read in two ways is refused");

fn run(probe: &Probe<'_>, _: &Footing<'_>) -> Trail {
    let target = probe.target;
    let Some(server) = target.servers.first() else {
        return Trail::not_testable("no server is known");
    };
    let good = Ask::initialize(target, server);
    let smuggled = Ask::new(target, "GET", "/farmgate-probe-smuggled").bytes();
    let mut trail = Trail::default();
    for (what, bytes) in ambiguous(&good) {
        let sent = format!("{} with {what}, and a request behind it", good.words());
        let mut connection = match probe.connect(None) {
            Ok(connection) => connection,
            Err(came) => {
                let told = probe.words(&came);
                trail.unclear(sent, told, "there was no connection");
                continue;
            }
        };
        let first = connection.ask(&[bytes.as_slice(), &smuggled].concat());
        if matches!(first, Came::Spent) {
            trail.lacks("the probe's bounds are used up");
            break;
        }
        let told = probe.words(&first);
        if !first.is(&[400, 411, 413, 414, 421, 431, 501, 505]) && first.status().is_some() {
            trail.failed(sent, told);
            continue;
        }
        match first {
            Came::Silence => trail.unclear(sent, told, "it was neither answered nor refused"),
            Came::Answer(_) => match connection.answer() {
                Came::Answer(second) => {
                    trail.failed(sent, format!("{told}, and then {}", second.status));
                }
                _ => trail.held(sent, told),
            },
            _ => trail.held(sent, told),
        }
    }
    trail
}

/// Requests that can be read in two ways, by the name of what is wrong.
fn ambiguous(good: &Ask) -> Vec<(&'static str, Vec<u8>)> {
    let length = good.body.len();
    let text = String::from_utf8_lossy(&good.bytes()).into_owned();
    let body = String::from_utf8_lossy(&good.body).into_owned();
    let framed = format!("content-length: {length}\r\n");
    let chunks = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    let with = |line: &str| text.replacen(&framed, &format!("{framed}{line}\r\n"), 1);
    let instead = |line: &str| text.replacen(&framed, &format!("{line}\r\n"), 1);
    let chunked = |lines: &str| {
        let head = good.head().replacen(&framed, &format!("{lines}\r\n"), 1);
        format!("{head}{chunks}")
    };
    let named = [
        ("a length and chunks (CL.TE)", chunked(&format!("{framed}transfer-encoding: chunked"))),
        (
            "chunks and a length (TE.CL)",
            chunked(&format!("transfer-encoding: chunked\r\n{}", framed.trim())),
        ),
        (
            "two codings (TE.TE)",
            chunked("transfer-encoding: chunked\r\ntransfer-encoding: identity"),
        ),
        ("chunks twice", chunked("transfer-encoding: chunked, chunked")),
        ("an unknown coding", chunked("transfer-encoding: xchunked")),
        ("a coding behind a vertical tab", chunked("transfer-encoding: \u{b}chunked")),
        ("a space before the colon", chunked("transfer-encoding : chunked")),
        ("two lengths", with("content-length: 3")),
        ("a list of lengths", instead(&format!("content-length: {length}, {length}"))),
        ("a length with a sign", instead(&format!("content-length: +{length}"))),
        ("a folded line (obs-fold)", with("x-probe: a\r\n b")),
        ("a bare CR in a value", with("x-probe: a\rcontent-length: 0")),
        ("a bare LF in a value", with("x-probe: a\ntransfer-encoding: chunked")),
        ("a NUL in a value", with("x-probe: a\0b")),
    ];
    named.into_iter().map(|(what, text)| (what, text.into_bytes())).collect()
}
