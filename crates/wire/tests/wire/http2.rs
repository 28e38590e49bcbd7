//! HTTP/2: by prior knowledge and over TLS, with frames made by hand where clients would behave.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::Duration;

use farmgate_wire::Settings;

use crate::support::{BODY, PATIENCE, Server, settings, tcp, until};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// A client that makes its frames by hand.
struct Frames {
    stream: TcpStream,
}

#[derive(Debug)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// A header that is not in any table (RFC 7541, 6.2.2).
fn literal(name: &str, value: &str) -> Vec<u8> {
    assert!(name.len() < 127 && value.len() < 127);
    let mut bytes = vec![0, name.len() as u8];
    bytes.extend(name.as_bytes());
    bytes.push(value.len() as u8);
    bytes.extend(value.as_bytes());
    bytes
}

/// A head: method, path and authority, and more.
fn head(method: &str, path: &str, authority: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut block = vec![0x86]; // :scheme http
    block.extend(literal(":method", method));
    block.extend(literal(":path", path));
    if !authority.is_empty() {
        block.extend(literal(":authority", authority));
    }
    for (name, value) in more {
        block.extend(literal(name, value));
    }
    block
}

impl Frames {
    fn new(server: &Server) -> Self {
        let mut stream = tcp(server.address);
        stream.write_all(PREFACE).unwrap();
        let mut client = Self { stream };
        client.send(SETTINGS, 0, 0, &[]);
        client
    }

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.stream.write_all(&Self::frame(kind, flags, stream, payload)).unwrap();
    }

    fn ask(&mut self, stream: u32, head: &[u8]) {
        self.send(HEADERS, END_HEADERS | END_STREAM, stream, head);
    }

    /// The next frame; none at the end.
    fn next(&mut self) -> Option<Frame> {
        let mut start = [0; 9];
        self.stream.read_exact(&mut start).ok()?;
        let length = u32::from_be_bytes([0, start[0], start[1], start[2]]);
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).ok()?;
        let stream = u32::from_be_bytes([start[5], start[6], start[7], start[8]]);
        Some(Frame { kind: start[3], flags: start[4], stream, payload })
    }

    /// The next frame of a kind, or the connection's end.
    fn wait_for(&mut self, kind: u8) -> Option<Frame> {
        while let Some(frame) = self.next() {
            if frame.kind == kind {
                return Some(frame);
            }
        }
        None
    }

    /// The next frame of these kinds.
    fn wait_for_one_of(&mut self, kinds: &[u8]) -> Frame {
        loop {
            let frame = self.next().expect("a frame");
            if kinds.contains(&frame.kind) {
                return frame;
            }
        }
    }

    /// The status of an answer: `:status` is in the static table for the usual ones.
    fn status(&mut self, stream: u32) -> u16 {
        loop {
            let frame = self.next().expect("an answer");
            assert!(frame.stream != stream || frame.kind != RST_STREAM, "reset: {frame:?}");
            if frame.kind == HEADERS && frame.stream == stream {
                return match frame.payload[0] {
                    0x88 => 200,
                    0x8c => 400,
                    0x8d => 404,
                    0x8e => 500,
                    // `:status` by name, with a value in Huffman code.
                    0x48 => 0,
                    other => panic!("{other:x}"),
                };
            }
        }
    }

    /// The error of a GOAWAY that ends the connection.
    fn refused(&mut self) -> Option<u32> {
        let frame = self.wait_for(GOAWAY)?;
        Some(u32::from_be_bytes(frame.payload[4..8].try_into().unwrap()))
    }
}

#[test]
fn prior_knowledge_is_enough_without_tls() {
    let server = Server::plain();
    let mut client = Frames::new(&server);
    client.ask(1, &head("GET", "/echo?x", "a", &[]));
    assert_eq!(client.status(1), 200);
    client.send(HEADERS, END_HEADERS, 3, &head("POST", "/echo", "a", &[("content-length", "3")]));
    client.send(DATA, END_STREAM, 3, b"abc");
    assert_eq!(client.status(3), 200);
    assert_eq!(client.wait_for(DATA).unwrap().payload, b"abc");
    assert_eq!(server.requests(), ["GET /echo?x a 0", "POST /echo a 3"]);
}

#[test]
fn http2_is_served_over_tls() {
    use crate::versions::{config, connect};
    let names = ["localhost".to_owned()];
    let certificate = farmgate_wire::Certificate::self_made(&names).unwrap();
    let server = Server::start(settings(), Some(certificate.clone()));
    let mut config = config(&certificate.pem(), &[&rustls::version::TLS13]);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut client = connect(&server, &config.into(), "localhost");
    client.write(PREFACE);
    client.write(Frames::frame(SETTINGS, 0, 0, &[]));
    let request = head("GET", "/echo", "localhost", &[]);
    client.write(Frames::frame(HEADERS, END_HEADERS | END_STREAM, 1, &request));
    // The answer's head begins with `:status: 200` from the static table.
    client.read_until(&[HEADERS, END_HEADERS | END_STREAM, 0, 0, 0, 1, 0x88]);
    assert_eq!(server.requests(), ["GET /echo localhost 0"]);
}

#[test]
fn one_authority_is_wanted() {
    let server = Server::plain();
    let mut client = Frames::new(&server);
    let wrong = [
        head("GET", "/echo", "a", &[("host", "b")]),
        head("GET", "/echo", "a", &[("host", "a"), ("host", "a")]),
        head("GET", "/echo", "", &[]),
        head("GET", "/echo", "", &[("host", "a/b")]),
        head("GET", "/echo", "u@a", &[]),
        head("GET", "/echo", "", &[("host", "")]),
    ];
    for (index, head) in wrong.iter().enumerate() {
        let stream = 2 * index as u32 + 1;
        client.ask(stream, head);
        assert_eq!(client.status(stream), 400, "{index}");
    }
    assert_eq!(server.requests(), [""; 0]);
    let right = [
        head("GET", "/echo", "A:80", &[("host", "a:80")]),
        head("GET", "/echo", "", &[("host", "b")]),
    ];
    for (index, head) in right.iter().enumerate() {
        let stream = 2 * index as u32 + 101;
        client.ask(stream, head);
        assert_eq!(client.status(stream), 200, "{index}");
    }
    assert_eq!(server.requests(), ["GET /echo A:80 0", "GET /echo b 0"]);
}

#[test]
fn the_rules_of_http1_hold_for_http2() {
    let server = Server::plain();
    let mut client = Frames::new(&server);
    client.send(HEADERS, END_HEADERS, 1, &head("GET", "/echo", "a", &[]));
    assert_eq!(client.status(1), 400, "GET with a body");
    client.ask(3, &head("POST", "/echo", "a", &[("expect", "miracles")]));
    assert_eq!(client.status(3), 400);
    let mut connect = literal(":method", "CONNECT");
    connect.extend(literal(":authority", "a:443"));
    client.ask(5, &connect);
    assert_eq!(client.status(5), 400, "CONNECT");
    assert_eq!(server.requests(), [""; 0]);
}

/// What belongs to a connection of HTTP/1, or says another length than is sent, is malformed in
/// HTTP/2 (RFC 9113, 8.1.1, 8.2.2): the way of smuggling by downgrade. The stream is reset.
#[test]
fn nothing_is_smuggled_by_a_downgrade() {
    let server = Server::plain();
    let malformed = [
        ("connection", "keep-alive"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("keep-alive", "1"),
        ("proxy-connection", "close"),
        ("te", "gzip"),
        ("X-Upper", "1"),
        ("x", "a\r\nb: c"),
        ("x", "a\0b"),
        ("a b", "c"),
        (":path", "/other"),
        ("content-length", "4"),
        ("content-length", "x"),
    ];
    for header in malformed {
        let mut client = Frames::new(&server);
        client.send(HEADERS, END_HEADERS, 1, &head("POST", "/echo", "a", &[header]));
        client.send(DATA, END_STREAM, 1, b"abc");
        let answer = loop {
            match client.next() {
                Some(frame) if [HEADERS, RST_STREAM, GOAWAY].contains(&frame.kind) => {
                    break Some(frame);
                }
                Some(_) => {}
                None => break None,
            }
        };
        let answered =
            answer.as_ref().is_some_and(|frame| frame.kind == HEADERS && frame.payload[0] == 0x88);
        assert!(!answered, "{header:?}: {answer:?}");
    }
    // A wrong length shows only when the body is read.
    let taken: Vec<_> =
        server.requests().into_iter().filter(|line| !line.ends_with("broke off")).collect();
    assert_eq!(taken, [""; 0]);
}

/// Rapid reset (CVE-2023-44487): streams that are opened and reset at once don't pile up; after some
/// the connection is closed.
#[test]
fn rapid_reset_ends_the_connection() {
    let server = Server::plain();
    let mut client = Frames::new(&server);
    let head = head("GET", "/wait", "a", &[]);
    let mut attack = Vec::new();
    for number in 0..5000_u32 {
        let stream = 2 * number + 1;
        attack.extend(Frames::frame(HEADERS, END_HEADERS | END_STREAM, stream, &head));
        attack.extend(Frames::frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    // The server may have closed in the middle of it.
    let _ = client.stream.write_all(&attack);
    let error = client.refused();
    assert!(matches!(error, None | Some(11)), "ENHANCE_YOUR_CALM: {error:?}");
    until("closed", || server.figures().open == 0);
    assert_eq!(server.open(), 0);
    assert!(server.requests().len() < 5000, "all were handled");
}

/// The other side of it (CVE-2025-8671, "MadeYouReset"): streams that the server has to reset.
#[test]
fn made_resets_end_the_connection() {
    let server = Server::plain();
    let mut client = Frames::new(&server);
    let head = head("GET", "/wait", "a", &[]);
    let mut attack = Vec::new();
    for number in 0..5000_u32 {
        let stream = 2 * number + 1;
        attack.extend(Frames::frame(HEADERS, END_HEADERS | END_STREAM, stream, &head));
        // A window update of nothing is an error of the stream.
        attack.extend(Frames::frame(WINDOW_UPDATE, 0, stream, &0_u32.to_be_bytes()));
    }
    let _ = client.stream.write_all(&attack);
    let error = client.refused();
    assert!(matches!(error, None | Some(1 | 11)), "{error:?}");
    until("closed", || server.figures().open == 0);
    assert_eq!(server.open(), 0);
    assert!(server.requests().len() < 5000, "all were handled");
}

#[test]
fn streams_are_bounded() {
    let server = Server::start(Settings { streams: 10, ..settings() }, None);
    let mut client = Frames::new(&server);
    let announced = client.wait_for(SETTINGS).unwrap().payload;
    assert!(announced.chunks(6).any(|setting| setting == [0, 3, 0, 0, 0, 10]), "{announced:?}");
    let head = head("GET", "/wait", "a", &[]);
    for number in 0..10 {
        client.ask(2 * number + 1, &head);
    }
    until("ten are handled", || server.open() == 10);
    client.ask(21, &head);
    let reset = client.wait_for(RST_STREAM).unwrap();
    assert_eq!((reset.stream, reset.payload), (21, vec![0, 0, 0, 7]), "REFUSED_STREAM");
    assert_eq!(server.open(), 10);
}

#[test]
fn heads_are_bounded() {
    let server = Server::start(Settings { head_bytes: 8192, ..settings() }, None);
    let mut client = Frames::new(&server);
    let long = "x".repeat(120);
    let more: Vec<_> = (0..100).map(|_| ("x", long.as_str())).collect();
    client.ask(1, &head("GET", "/echo", "a", &more));
    let answer = loop {
        let frame = client.next().expect("an answer");
        if [HEADERS, RST_STREAM, GOAWAY].contains(&frame.kind) {
            break frame;
        }
    };
    // 431 is in no table: `:status` by name, with three digits in Huffman code.
    assert!(answer.kind != HEADERS || answer.payload[0] == 0x48, "{answer:?}");
    assert_eq!(server.requests(), [""; 0]);
}

/// A head that never ends (CONTINUATION flood, CVE-2024-27316): bounded, and the connection closed.
#[test]
fn a_flood_of_continuations_ends_the_connection() {
    let server = Server::plain();
    let mut client = Frames::new(&server);
    client.send(HEADERS, END_STREAM, 1, &head("GET", "/echo", "a", &[]));
    let piece = Frames::frame(CONTINUATION, 0, 1, &literal("x", "y").repeat(1000));
    for _ in 0..10_000 {
        if client.stream.write_all(&piece).is_err() {
            break;
        }
    }
    until("closed", || server.figures().open == 0);
    assert_eq!(server.requests(), [""; 0]);
}

/// Floods of what has to be answered (SETTINGS, PING) while nothing is read: the answers don't pile
/// up, and the connection ends.
#[test]
fn floods_of_control_frames_are_bounded() {
    for (kind, payload) in [(SETTINGS, &[][..]), (PING, &[0; 8][..])] {
        let write_time = Duration::from_millis(300);
        let server = Server::start(Settings { write_time, ..settings() }, None);
        let mut client = Frames::new(&server);
        let before = resident();
        let flood = Frames::frame(kind, 0, 0, payload).repeat(1000);
        client.stream.set_write_timeout(Some(PATIENCE)).unwrap();
        while client.stream.write_all(&flood).is_ok() {
            assert!(resident() < before + (64 << 20));
        }
        until("closed", || server.figures().open == 0);
    }
}

fn resident() -> usize {
    let figures = std::fs::read_to_string("/proc/self/statm").unwrap();
    figures.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn a_reset_drops_the_handler_and_leaves_the_others() {
    let server = Server::plain();
    let mut client = Frames::new(&server);
    client.ask(1, &head("GET", "/wait", "a", &[]));
    client.ask(3, &head("GET", "/stream", "a", &[]));
    until("both are handled", || server.open() == 2);
    client.send(RST_STREAM, 0, 1, &8_u32.to_be_bytes());
    until("one is dropped", || server.open() == 1);
    client.send(RST_STREAM, 0, 3, &8_u32.to_be_bytes());
    until("the other, too", || server.open() == 0);
    client.ask(5, &head("GET", "/echo", "a", &[]));
    assert_eq!(client.status(5), 200);
}

#[test]
fn a_disconnect_drops_all() {
    let server = Server::plain();
    let mut client = Frames::new(&server);
    for number in 0..20 {
        client.ask(2 * number + 1, &head("GET", "/wait", "a", &[]));
    }
    until("all are handled", || server.open() == 20);
    drop(client);
    until("all are dropped", || server.open() == 0);
}

/// A client that reads the connection, and lets one stream not go on: that stream ends, and its
/// sender with it.
#[test]
fn a_stream_that_is_not_let_go_on_ends() {
    let write_time = Duration::from_millis(300);
    let server = Server::start(Settings { write_time, ..settings() }, None);
    let mut client = Frames::new(&server);
    client.ask(1, &head("GET", "/flood", "a", &[]));
    until("it goes on", || server.open() == 1);
    until("it is dropped", || server.open() == 0);
    // No more was taken than there was room for.
    assert!(server.seen.given.load(Ordering::SeqCst) < BODY);
    client.ask(3, &head("GET", "/echo", "a", &[]));
    assert_eq!(client.status(3), 200);
    // A stream that is let go on does.
    let mut client = Frames::new(&server);
    client.ask(1, &head("GET", "/flood", "a", &[]));
    let mut received = 0;
    while received < 4 << 20 {
        let frame = client.wait_for(DATA).expect("more");
        received += frame.payload.len();
        let more = (frame.payload.len() as u32).to_be_bytes();
        client.send(WINDOW_UPDATE, 0, 0, &more);
        client.send(WINDOW_UPDATE, 0, 1, &more);
    }
    assert_eq!(server.open(), 1);
}

#[test]
fn an_idle_connection_ends_whatever_pings_it_sends() {
    let idle_time = Duration::from_millis(400);
    let server = Server::start(Settings { idle_time, ..settings() }, None);
    let mut client = Frames::new(&server);
    client.ask(1, &head("GET", "/echo", "a", &[]));
    assert_eq!(client.status(1), 200);
    while client.stream.write_all(&Frames::frame(PING, 0, 0, &[1; 8])).is_ok() {
        std::thread::sleep(Duration::from_millis(20));
    }
    until("counted", || server.figures().idle == 1);
}

#[test]
fn draining_says_goaway_and_lets_streams_end() {
    let server = Server::start(Settings { drain_time: PATIENCE * 10, ..settings() }, None);
    let mut client = Frames::new(&server);
    client.send(HEADERS, END_HEADERS, 1, &head("POST", "/echo", "a", &[]));
    until("it is handled", || server.open() == 1);
    server.drain.begin();
    assert_eq!(client.refused(), Some(0), "NO_ERROR");
    // hyper asks by PING what was under way, and says the last stream then.
    let ping = client.wait_for(PING).unwrap();
    client.send(PING, ACK, 0, &ping.payload);
    assert_eq!(client.refused(), Some(0));
    client.send(DATA, END_STREAM, 1, b"abc");
    assert_eq!(client.status(1), 200);
    let data = client.wait_for(DATA).unwrap();
    assert_eq!((&data.payload[..], data.flags), (&b"abc"[..], END_STREAM));
    assert!(server.ends_within(PATIENCE));
}

/// The head of a request to a handler that answers without reading.
fn unread(length: &str) -> Vec<u8> {
    head("POST", "/unread", "a", &[("content-length", length)])
}

#[test]
fn who_is_answered_unread_is_answered_and_not_reset() {
    // curl 7.88 takes a reset after an answer for a broken stream, although RFC 9113, 8.1 says not to.
    let server = Server::plain();
    for round in 1..=20 {
        let mut client = Frames::new(&server);
        client.send(HEADERS, END_HEADERS, 1, &unread("3"));
        until("the handler has answered", || server.requests().len() == round);
        client.send(DATA, END_STREAM, 1, b"abc");
        let answer = client.wait_for_one_of(&[HEADERS, RST_STREAM]);
        assert_eq!((answer.kind, answer.flags & END_STREAM), (HEADERS, END_STREAM), "{answer:?}");
        client.send(PING, 0, 0, &[7; 8]);
        let next = client.wait_for_one_of(&[PING, RST_STREAM, GOAWAY]);
        assert_eq!(next.kind, PING, "{next:?}");
    }
}

#[test]
fn a_body_that_never_comes_does_not_keep_the_answer() {
    let server = Server::plain();
    let mut client = Frames::new(&server);
    client.send(HEADERS, END_HEADERS, 1, &unread("3"));
    assert_eq!(client.wait_for_one_of(&[HEADERS, RST_STREAM]).kind, HEADERS);
    // And the stream is closed without an error (0).
    assert_eq!(client.wait_for(RST_STREAM).unwrap().payload, [0; 4]);
}

#[test]
fn who_waits_for_a_word_before_its_body_gets_the_answer() {
    let server = Server::plain();
    let mut client = Frames::new(&server);
    let more = [("content-length", "3"), ("expect", "100-continue")];
    client.send(HEADERS, END_HEADERS, 1, &head("POST", "/unread", "a", &more));
    let answer = client.wait_for_one_of(&[HEADERS, RST_STREAM]);
    assert_eq!((answer.kind, answer.flags & END_STREAM), (HEADERS, END_STREAM), "{answer:?}");
}

#[test]
fn a_large_body_that_nobody_wants_is_not_taken() {
    let server = Server::plain();
    let mut client = Frames::new(&server);
    client.send(HEADERS, END_HEADERS, 1, &unread("1000000"));
    assert_eq!(client.wait_for_one_of(&[HEADERS, RST_STREAM]).kind, HEADERS);
    assert_eq!(client.wait_for(RST_STREAM).unwrap().payload, [0; 4]);
    // One that doesn't say how long it is, is taken only so far.
    let mut client = Frames::new(&server);
    client.wait_for(SETTINGS).unwrap();
    client.send(SETTINGS, ACK, 0, &[]);
    client.send(HEADERS, END_HEADERS, 1, &head("POST", "/unread", "a", &[]));
    for _ in 0..3 {
        client.send(DATA, 0, 1, &[0; 16 << 10]);
    }
    while client.wait_for_one_of(&[WINDOW_UPDATE, HEADERS]).stream != 1 {}
    for _ in 0..2 {
        client.send(DATA, 0, 1, &[0; 16 << 10]);
    }
    assert_eq!(client.wait_for_one_of(&[HEADERS, RST_STREAM]).kind, HEADERS);
    assert_eq!(client.wait_for(RST_STREAM).unwrap().payload, [0; 4]);
}
