//! The framing guard: what it lets pass, what it refuses, and that hyper sees the same.

use farmgate_wire::framing::{Due, Fault, Follower, Place, Seen, Side, authority_is_valid};
use proptest::prelude::*;

use crate::agreement::{Progress, agree};

const MOST: usize = 4096;

/// What is seen, whole and byte by byte, which must not matter.
fn seen(side: Side, due: Option<Due>, text: &[u8]) -> Seen {
    let follower = || {
        let mut follower = Follower::new(side, MOST);
        due.into_iter().for_each(|due| follower.expect(due));
        follower
    };
    let whole = follower().follow(text);
    let mut bytewise = follower();
    let mut first = Seen::Clear;
    for (index, byte) in text.iter().enumerate() {
        first = match bytewise.follow(&[*byte]) {
            Seen::Clear => continue,
            Seen::Fault { at, fault } => Seen::Fault { at: at + index, fault },
            Seen::TooLarge { at } => Seen::TooLarge { at: at + index },
        };
        break;
    }
    assert_eq!(whole, first, "{}", text.escape_ascii());
    whole
}

fn request(text: &str) -> Option<Fault> {
    match seen(Side::Requests, None, text.as_bytes()) {
        Seen::Clear => None,
        Seen::Fault { fault, .. } => Some(fault),
        Seen::TooLarge { .. } => panic!("too large"),
    }
}

fn answer(due: Option<Due>, text: &str) -> Option<Fault> {
    match seen(Side::Answers, due, text.as_bytes()) {
        Seen::Clear => None,
        Seen::Fault { fault, .. } => Some(fault),
        Seen::TooLarge { .. } => panic!("too large"),
    }
}

/// Requests that are clear, with what hyper makes of them.
const CLEAR: [(&str, Progress); 14] = [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", one()),
    ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", one()),
    ("GET / HTTP/1.0\r\n\r\n", Progress { heads: 0, messages: 0 }), // hyper closes after it
    ("GET / HTTP/1.1\r\nhOSt:\ta:8080 \r\nContent-Length: 0\r\n\r\n", one()),
    ("GET http://a/x HTTP/1.1\r\nHost: A\r\n\r\n", one()),
    ("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", one()),
    ("OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", one()),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 003\r\n\r\nabc", one()),
    ("DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length:3\r\n\r\n\r\n\r", one()),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        one(),
    ),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n00\r\n\r\n", one()),
    ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx", one()),
    ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", one()),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        Progress { heads: 2, messages: 2 },
    ),
];

const fn one() -> Progress {
    Progress { heads: 1, messages: 1 }
}

/// Requests that are not.
const UNCLEAR: [(&str, Fault); 52] = [
    // CL and TE: the classic (CVE-2025-4366 and 2026-2833, -2835 of another proxy began like it).
    (
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        Fault::Length,
    ),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
        Fault::Length,
    ),
    // Several lengths, equal or not.
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n", Fault::Length),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n", Fault::Length),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\n", Fault::Length),
    // No number, or too large a one.
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\n", Fault::Length),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", Fault::Length),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x4\r\n\r\n", Fault::Length),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", Fault::Length),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4 4\r\n\r\n", Fault::Length),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551620\r\n\r\n", Fault::Length),
    // Transfer codings other than exactly `chunked`.
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Fault::Encoding),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", Fault::Encoding),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", Fault::Encoding),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", Fault::Encoding),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", Fault::Encoding),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n", Fault::Encoding),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        Fault::Encoding,
    ),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
        Fault::Encoding,
    ),
    ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", Fault::Encoding),
    // Line ends.
    ("GET / HTTP/1.1\nHost: a\r\n\r\n", Fault::LineEnd),
    ("GET / HTTP/1.1\r\nHost: a\n\r\n", Fault::LineEnd),
    ("GET / HTTP/1.1\r\nHost: a\r\n\n", Fault::LineEnd),
    ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Fault::LineEnd),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Fault::FirstLine),
    // obs-fold.
    ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", Fault::Folded),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n", Fault::Encoding),
    ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", Fault::Folded),
    // First lines.
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", Fault::FirstLine),
    ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", Fault::FirstLine),
    ("GET /\r\n", Fault::FirstLine),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Fault::FirstLine),
    // Targets.
    ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Target),
    ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Target),
    ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Target),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Target),
    ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Target),
    ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Target),
    ("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Target),
    ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", Fault::Target),
    ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", Fault::Connect),
    // Hosts.
    ("GET / HTTP/1.1\r\n\r\n", Fault::Host),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Fault::Host),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", Fault::Host),
    ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", Fault::Host),
    ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Fault::Host),
    // Bodies without a meaning.
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", Fault::Content),
    ("HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", Fault::Content),
    ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n", Fault::Expect),
    // Chunks: see below; here extensions and trailers.
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
        Fault::Chunk,
    ),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
        Fault::Chunk,
    ),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        Fault::Chunk,
    ),
];

#[test]
fn clear_requests_pass_and_hyper_sees_the_same() {
    for (text, progress) in CLEAR {
        assert_eq!(request(text), None, "{}", text.escape_debug());
        let every: Vec<_> = (0..text.len()).collect();
        for cuts in [&[][..], &every] {
            assert_eq!(agree(text.as_bytes(), cuts), progress, "{}", text.escape_debug());
        }
    }
}

#[test]
fn unclear_requests_are_refused() {
    for (text, fault) in UNCLEAR {
        assert_eq!(request(text), Some(fault), "{}", text.escape_debug());
    }
}

#[test]
fn chunks_are_plain_or_refused() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let unclear = [
        "\r\n",
        "g\r\n",
        "-1\r\n",
        "0x1\r\n",
        " 1\r\n",
        "1 \r\n",
        "1\t\r\n",
        "1\n",
        "1\r\r\n",
        "123456789\r\n",
        "ffffffffffffffff\r\n",
        "1\r\na\n",
        "1\r\na\rx",
        "1\r\nab",
        "0\r\n\n",
        "0\r\nx",
        "0\r\n\rx",
        "000000000\r\n",
        "1;\r\n",
        "1,\r\n",
    ];
    for chunks in unclear {
        assert_eq!(request(&format!("{head}{chunks}")), Some(Fault::Chunk), "{chunks:?}");
    }
    for chunks in ["0\r\n\r\n", "A\r\n0123456789\r\n0\r\n\r\n", "00000001\r\n\n\r\n0\r\n\r\n"] {
        assert_eq!(request(&format!("{head}{chunks}")), None, "{chunks:?}");
    }
}

#[test]
fn a_fault_is_where_nothing_of_its_message_is_complete() {
    // The byte that is refused is the last of the head at the latest, so that no one who sees what
    // comes before it sees a message.
    let text =
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n";
    let Seen::Fault { at, .. } = seen(Side::Requests, None, text) else { panic!("clear") };
    assert_eq!(at, text.len() - 1);
    assert_eq!(agree(&text[..at], &[]), Progress::default());
}

#[test]
fn heads_are_bounded_to_the_byte() {
    let head = |bytes: usize| {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(bytes - start.len() - 4))
    };
    assert_eq!(seen(Side::Requests, None, head(MOST).as_bytes()), Seen::Clear);
    let large = head(MOST + 1);
    assert_eq!(seen(Side::Requests, None, large.as_bytes()), Seen::TooLarge { at: MOST });
}

#[test]
fn after_a_fault_nothing_is_believed() {
    let mut follower = Follower::new(Side::Requests, MOST);
    assert_ne!(follower.follow(b"GET\n"), Seen::Clear);
    assert_eq!(follower.place(), Place::Lost);
    assert_ne!(follower.follow(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Seen::Clear);
    assert_eq!(follower.heads(), 0);
}

#[test]
fn answers_are_clear_or_refused() {
    let other = Some(Due::Other);
    let clear = [
        (other, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        (other, "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi"),
        (other, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
        (other, "HTTP/1.1 200 OK\r\n\r\nuntil it closes"),
        (other, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
        (other, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
        (Some(Due::Head), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
    ];
    for (due, text) in clear {
        assert_eq!(answer(due, text), None, "{text:?}");
    }
    let unclear = [
        (None, "HTTP/1.1 200 OK\r\n\r\n", Fault::Unasked),
        (other, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n", Fault::Unasked),
        (Some(Due::Head), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", Fault::Unasked),
        (other, "HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\n\r\nx", Fault::Unasked),
        (other, "HTTP/1.1 101 Switching Protocols\r\n\r\n", Fault::Switch),
        (
            other,
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
            Fault::Length,
        ),
        (other, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", Fault::Length),
        (other, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", Fault::Encoding),
        (other, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Fault::Encoding),
        (other, "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", Fault::LineEnd),
        (other, "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", Fault::Folded),
        (other, "HTTP/2 200\r\n\r\n", Fault::FirstLine),
        (other, "\r\nHTTP/1.1 200 OK\r\n\r\n", Fault::FirstLine),
        (other, "HTTP/1.1 2000 OK\r\n\r\n", Fault::FirstLine),
        (other, "HTTP/1.1 999 OK\r\n\r\n", Fault::FirstLine),
    ];
    for (due, text, fault) in unclear {
        assert_eq!(answer(due, text), Some(fault), "{text:?}");
    }
}

#[test]
fn an_authority_is_a_host_and_perhaps_a_port() {
    for valid in ["a", "a.b-c_d", "127.0.0.1:80", "[::1]", "[::1]:65535", "xn--9ca:1"] {
        assert!(authority_is_valid(valid.as_bytes()), "{valid}");
    }
    let long = "a".repeat(256);
    let invalid = [
        "", ":80", "a:", "a:b", "a:65536", "a:-1", "a:+1", "[::1", "[::1]x", "[a]", "::1", "a/b",
        "a b", "a@b", "a,b", "a%41", "\u{e9}", "a\\b", "a?b", &long,
    ];
    for invalid in invalid {
        assert!(!authority_is_valid(invalid.as_bytes()), "{invalid}");
    }
}

/// Messages put together from pieces, of which some are wrong, with bytes changed here and there.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    let start = prop::sample::select(vec![
        "POST /a HTTP/1.1\r\n",
        "GET /b HTTP/1.1\r\n",
        "DELETE * HTTP/1.1\r\n",
        "POST /c HTTP/1.0\r\n",
        "OPTIONS * HTTP/1.1\r\n",
        "\r\nPOST /d HTTP/1.1\r\n",
        "POST http://h/ HTTP/1.1\r\n",
    ]);
    let header = prop::sample::select(vec![
        "Host: h\r\n",
        "Host: h\r\n",
        "Content-Length: 3\r\n",
        "Content-Length: 0\r\n",
        "content-length:  12 \r\n",
        "Transfer-Encoding: chunked\r\n",
        "transfer-encoding:chunked \r\n",
        "Connection: keep-alive\r\n",
        "Connection: close\r\n",
        "X: y\r\n",
        "X:\r\n",
        "Expect: 100-continue\r\n",
        "Content-Length : 3\r\n",
        "X: y\n",
        " folded\r\n",
        "Upgrade: x\r\n",
        "TE: trailers\r\n",
    ]);
    let body = prop::sample::select(vec![
        "\r\n",
        "\r\nabc",
        "\r\n3\r\nabc\r\n0\r\n\r\n",
        "\r\n0\r\n\r\n",
        "\r\n1\r\n\r\r\n0\r\n\r\n",
        "\r\n012345678901",
        "\n",
        "\r\n5;x\r\nabcde\r\n0\r\n\r\n",
        "\r\n0\r\nA: b\r\n\r\n",
        "\r\na",
    ]);
    let message = (start, prop::collection::vec(header, 0..5), body)
        .prop_map(|(start, headers, body)| format!("{start}{}{body}", headers.concat()));
    let change =
        (any::<prop::sample::Index>(), prop::sample::select(b"\r\n\0 :;,0a\t\x80".to_vec()));
    (prop::collection::vec(message, 1..4), prop::collection::vec(change, 0..3)).prop_map(
        |(messages, changes)| {
            let mut bytes = messages.concat().into_bytes();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        },
    )
}

proptest! {
    // `PROPTEST_CASES` makes it more.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(3000)))]

    #[test]
    fn guard_and_hyper_agree(bytes in messages(), cuts in prop::collection::vec(any::<usize>(), 0..40)) {
        agree(&bytes, &cuts);
    }

    #[test]
    fn splits_do_not_matter(bytes in messages()) {
        seen(Side::Requests, None, &bytes);
        seen(Side::Answers, Some(Due::Other), &bytes);
    }
}
