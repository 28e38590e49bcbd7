//! Versions and cipher suites that are broken are not spoken.
//!
//! The hellos are written by hand: no TLS library of today would send them.

use crate::probe::answer::Came;
use crate::probe::footing::Footing;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

/// A record's type.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// A handshake message's type.
const SERVER_HELLO: u8 = 2;

/// Suites of TLS 1.0 to 1.2 that servers had in common, strong ones of 1.2 among them: what is
/// refused then is the version.
const COMMON: &[u16] = &[
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014, 0x0033, 0x0039,
    0x002f, 0x0035, 0x000a,
];
/// Null, export, RC4, DES and 3DES suites.
const BROKEN: &[u16] = &[
    0x0001, 0x0002, 0x003b, 0xc006, 0xc010, 0x0003, 0x0006, 0x0008, 0x0014, 0x0004, 0x0005, 0xc007,
    0xc011, 0x0009, 0x0012, 0x0015, 0x000a, 0x0013, 0x0016, 0xc008, 0xc012,
];
/// Suites without a certificate: anybody may be in between.
const ANONYMOUS: &[u16] = &[
    0x0018, 0x001b, 0x0034, 0x003a, 0x006c, 0x006d, 0x00a6, 0x00a7, 0xc015, 0xc016, 0xc018, 0xc019,
];
/// Suites whose keys the certificate's key gives away, years later too.
const NOT_FORWARD: &[u16] = &[0x002f, 0x0035, 0x003c, 0x003d, 0x009c, 0x009d, 0xc09c, 0xc09d];

control!("weak-tls", "broken versions and suites of TLS are refused");

fn run(probe: &Probe<'_>, _: &Footing<'_>) -> Trail {
    if probe.target.trust.is_none() {
        return Trail::not_testable(
            "this farm is asked in plain HTTP on this machine: TLS ends elsewhere",
        );
    }
    let offers: [(&str, u16, &[u16]); 6] = [
        ("SSL 3.0", 0x0300, COMMON),
        ("TLS 1.0", 0x0301, COMMON),
        ("TLS 1.1", 0x0302, COMMON),
        ("TLS 1.2 with null, export, RC4 and DES suites alone", 0x0303, BROKEN),
        ("TLS 1.2 with anonymous suites alone", 0x0303, ANONYMOUS),
        ("TLS 1.2 with suites without forward secrecy alone", 0x0303, NOT_FORWARD),
    ];
    let mut trail = Trail::default();
    for (what, version, suites) in offers {
        let sent = format!("a hello of {what}");
        let hello = hello(&probe.target.host, version, suites);
        match offer(probe, &hello) {
            Ok(Reply::Alert(description)) => trail.held(sent, format!("alert {description}")),
            Ok(Reply::Closed) => trail.held(sent, "the connection was closed"),
            Ok(Reply::Hello(version, suite)) => {
                trail.failed(
                    sent,
                    format!("a server's hello: version {version:#06x}, suite {suite:#06x}"),
                );
            }
            Ok(Reply::Other) => trail.unclear(sent, "bytes that are no TLS", "what came is no TLS"),
            Err(came) => {
                let told = probe.words(&came);
                trail.unclear(sent, told, "nothing came that says whether it is refused");
            }
        }
    }
    trail
}

enum Reply {
    Alert(u8),
    Hello(u16, u16),
    Closed,
    Other,
}

fn offer(probe: &Probe<'_>, hello: &[u8]) -> Result<Reply, Came> {
    let mut connection = probe.plain(probe.gate(), None)?;
    match connection.send(hello) {
        Ok(()) => {}
        Err(Came::Closed) => return Ok(Reply::Closed),
        Err(came) => return Err(came),
    }
    // A record's header, and as much of a server's hello as names version and suite.
    let came = connection.raw(5 + 4 + 2 + 32 + 1 + 32 + 2)?;
    Ok(reply(&came))
}

fn reply(came: &[u8]) -> Reply {
    let two = |at: usize| match came.get(at..at + 2) {
        Some([high, low]) => u16::from_be_bytes([*high, *low]),
        _ => 0,
    };
    match (came.first(), came.get(1), came.get(5)) {
        (None, ..) => Reply::Closed,
        (Some(&ALERT), Some(3), _) => Reply::Alert(came.get(6).copied().unwrap_or_default()),
        (Some(&HANDSHAKE), Some(3), Some(&SERVER_HELLO)) => {
            let session = came.get(43).copied().map_or(0, usize::from);
            Reply::Hello(two(9), two(44 + session))
        }
        _ => Reply::Other,
    }
}

/// A ClientHello (RFC 2246, 7.4.1.2; RFC 5246, 7.4.1.2) in one record.
fn hello(host: &str, version: u16, suites: &[u16]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    // Not random: nothing is agreed upon.
    body.extend((0..32).map(|n: u8| n.wrapping_mul(37).wrapping_add(11)));
    body.push(0);
    let listed: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    body.extend(prefixed(&listed));
    body.extend([1, 0]);
    if version > 0x0300 {
        body.extend(prefixed(&extensions(host, version)));
    }
    let mut message = vec![1, 0];
    message.extend(prefixed(&body));
    let mut record = vec![HANDSHAKE];
    record.extend(version.min(0x0301).to_be_bytes());
    record.extend(prefixed(&message));
    record
}

fn extensions(host: &str, version: u16) -> Vec<u8> {
    let mut all = Vec::new();
    let mut add = |kind: u16, body: &[u8]| {
        all.extend(kind.to_be_bytes());
        all.extend(prefixed(body));
    };
    if host.parse::<std::net::IpAddr>().is_err() {
        let mut name = vec![0];
        name.extend(prefixed(host.as_bytes()));
        add(0, &prefixed(&name));
    }
    // X25519, P-256, P-384; uncompressed points.
    add(10, &prefixed(&[0, 29, 0, 23, 0, 24]));
    add(11, &[1, 0]);
    if version == 0x0303 {
        // ECDSA, RSA-PSS and RSA with SHA-256 and SHA-384; RSA with SHA-1.
        add(13, &prefixed(&[4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 2, 1]));
    }
    all
}

/// With its length in two bytes before it.
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let mut all = length.to_be_bytes().to_vec();
    all.extend_from_slice(bytes);
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::sync::Arc;

    use rustls::crypto::aws_lc_rs;
    use rustls::server::Acceptor;

    use super::*;

    /// rustls reads the hellos as hellos: what it refuses then is what they offer.
    #[test]
    fn the_hellos_are_well_formed() {
        for (version, suites) in [(0x0303, COMMON), (0x0303, BROKEN), (0x0303, ANONYMOUS)] {
            let bytes = hello("mcp.example.com", version, suites);
            let mut acceptor = Acceptor::default();
            acceptor.read_tls(&mut bytes.as_slice()).unwrap();
            let accepted = acceptor.accept().map_err(|(error, _)| error).unwrap().unwrap();
            let read = accepted.client_hello();
            assert_eq!(read.server_name(), Some("mcp.example.com"));
            assert_eq!(read.cipher_suites().len(), suites.len());
        }
        let old = hello("127.0.0.1", 0x0300, COMMON);
        assert_eq!(&old[..3], [22, 3, 0]);
        assert_eq!(usize::from(old[3]) * 256 + usize::from(old[4]), old.len() - 5);
        let _ = Arc::new(aws_lc_rs::default_provider());
    }

    #[test]
    fn replies_are_told_apart() {
        assert!(matches!(reply(&[21, 3, 1, 0, 2, 2, 70]), Reply::Alert(70)));
        assert!(matches!(reply(b""), Reply::Closed));
        assert!(matches!(reply(b"HTTP/1.1 400"), Reply::Other));
        let mut server = vec![22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
        server.extend([7; 32]);
        server.extend([0, 0xc0, 0x13, 0]);
        assert!(matches!(reply(&server), Reply::Hello(0x0301, 0xc013)));
    }
}
