//! Requests that can be read in two ways, or are too much: refused, not repaired, and nothing of
//! them reaches a server.

use crate::support::backend::Backend;
use crate::support::client::{Ask, Client};
use crate::support::farm::{Farm, Setup};

/// What a smuggler puts behind a request: a call that would be answered, had it a front of its own.
fn smuggled(farm: &Farm) -> Vec<u8> {
    farm.call(666, "smuggled").bytes()
}

/// Sends bytes, and says which statuses came back until the gate closed the connection.
fn statuses(farm: &Farm, bytes: &[u8]) -> Vec<u16> {
    let mut client = farm.client();
    client.send(bytes);
    client.half_close();
    let mut statuses = Vec::new();
    while let Ok(answer) = client.answer() {
        statuses.push(answer.status);
    }
    statuses
}

/// Requests of which the head leaves open where the body ends, or what it says.
fn ambiguous(farm: &Farm) -> Vec<(&'static str, Vec<u8>)> {
    let good = || farm.call(1, "x");
    let length = good().body.len();
    let with = |name: &str, value: &str| good().with(name, value).bytes();
    let chunked = |value: &str| {
        let mut ask = good().without("Content-Length").with("Transfer-Encoding", value);
        let body = String::from_utf8(ask.body).unwrap();
        ask.body = format!("{length:x}\r\n{body}\r\n0\r\n\r\n").into_bytes();
        ask
    };
    let replaced = |from: &str, to: &str| {
        let text = String::from_utf8(good().bytes()).unwrap();
        assert!(text.contains(from));
        text.replacen(from, to, 1).into_bytes()
    };
    let framed = format!("Content-Length: {length}\r\n");
    let mut both = chunked("chunked");
    both = both.with("Content-Length", &length.to_string());
    let mut old = chunked("chunked");
    old.line = "POST /mcp HTTP/1.0".to_owned();
    vec![
        ("two lengths that differ", with("Content-Length", "3")),
        ("two lengths that agree", with("Content-Length", &length.to_string())),
        (
            "a list of lengths",
            replaced(&framed, &format!("Content-Length: {length}, {length}\r\n")),
        ),
        ("a length with a sign", replaced(&framed, &format!("Content-Length: +{length}\r\n"))),
        ("a negative length", replaced(&framed, "Content-Length: -1\r\n")),
        ("a length in hex", replaced(&framed, "Content-Length: 0x10\r\n")),
        ("an empty length", replaced(&framed, "Content-Length: \r\n")),
        ("a length beyond 64 bits", replaced(&framed, "Content-Length: 99999999999999999999\r\n")),
        ("a length and chunks", both.bytes()),
        ("chunks in HTTP/1.0", old.bytes()),
        ("chunks twice", chunked("chunked, chunked").bytes()),
        ("a coding before chunks", chunked("gzip, chunked").bytes()),
        ("an unknown coding", chunked("xchunked").bytes()),
        ("no coding", chunked("identity").bytes()),
        (
            "chunks, and two headers",
            chunked("chunked").with("Transfer-Encoding", "identity").bytes(),
        ),
        ("a vertical tab before chunks", chunked("\u{b}chunked").bytes()),
        ("a folded line", replaced(&framed, &format!("X-A: b\r\n c\r\n{framed}"))),
        ("a folded first line", replaced("Host:", " Host:")),
        ("a bare CR in a value", with("X-A", "b\rContent-Length: 0")),
        ("a bare LF in a value", with("X-A", "b\nTransfer-Encoding: chunked")),
        ("a NUL in a value", with("X-A", "b\0c")),
        ("a space before the colon", replaced("Content-Length:", "Content-Length :")),
        ("a tab before the colon", replaced("Content-Length:", "Content-Length\t:")),
        ("a line without a colon", replaced("Host:", "X-Nothing\r\nHost:")),
        ("a name with a space", replaced("Host:", "X A: b\r\nHost:")),
        ("an empty name", replaced("Host:", ": b\r\nHost:")),
        ("bare LFs for line ends", replaced("\r\nHost", "\nHost")),
        ("two hosts", with("Host", "evil.example.com")),
        ("two equal hosts", with("Host", "127.0.0.1")),
        ("no host", good().without("Host").bytes()),
        ("another version", replaced("HTTP/1.1", "HTTP/1.7")),
        ("no version", replaced(" HTTP/1.1", "")),
        ("two spaces in the line", replaced("POST /mcp", "POST  /mcp")),
        ("a lower-case version", replaced("HTTP/1.1", "http/1.1")),
    ]
}

#[test]
fn what_can_be_read_in_two_ways_is_refused_and_ends_the_connection() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    for (what, bytes) in ambiguous(&farm) {
        let both = [bytes.as_slice(), &smuggled(&farm)].concat();
        let statuses = statuses(&farm, &both);
        let refused = |it: &u16| matches!(it, 400 | 413 | 421 | 431 | 501 | 505);
        assert!(statuses.len() <= 1 && statuses.iter().all(refused), "{what}: {statuses:?}");
        assert_eq!(backend.count(), 0, "{what}: {:?}", backend.seen());
    }
    assert!(farm.is_well());
    farm.until_idle();
    farm.stop();
}

#[test]
fn chunks_that_can_be_read_in_two_ways_are_refused_and_end_the_connection() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let body = String::from_utf8(Ask::call(1, "x").body).unwrap();
    let size = body.len();
    let bodies = [
        ("a size with a sign", format!("+{size:x}\r\n{body}\r\n0\r\n\r\n")),
        ("a size with 0x", format!("0x{size:x}\r\n{body}\r\n0\r\n\r\n")),
        ("no size", format!("\r\n{body}\r\n0\r\n\r\n")),
        ("a size beyond 64 bits", format!("10000000000000000{size:x}\r\n{body}\r\n0\r\n\r\n")),
        ("a size with a space before", format!(" {size:x}\r\n{body}\r\n0\r\n\r\n")),
        ("a bare LF behind the size", format!("{size:x}\n{body}\r\n0\r\n\r\n")),
        ("no line end behind the data", format!("{size:x}\r\n{body}0\r\n\r\n")),
        ("a bare LF behind the data", format!("{size:x}\r\n{body}\n0\r\n\r\n")),
        ("a bare LF in an extension", format!("{size:x};a\n\r\n{body}\r\n0\r\n\r\n")),
        ("a bare CR in an extension", format!("{size:x};a\rb\r\n{body}\r\n0\r\n\r\n")),
    ];
    for (what, body) in bodies {
        let mut ask = farm.call(1, "x").without("Content-Length");
        ask = ask.with("Transfer-Encoding", "chunked");
        ask.body = body.into_bytes();
        let both = [ask.bytes(), smuggled(&farm)].concat();
        let statuses = statuses(&farm, &both);
        assert!(statuses.iter().all(|it| *it == 400), "{what}: {statuses:?}");
        assert_eq!(backend.count(), 0, "{what}: {:?}", backend.seen());
    }
    assert!(farm.is_well());
    farm.stop();
}

#[test]
fn chunks_that_are_well_are_carried_as_one_body() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut ask = farm.call(5, "in chunks").without("Content-Length");
    let body = std::mem::take(&mut ask.body);
    for part in body.chunks(7) {
        ask.body.extend(format!("{:x}\r\n", part.len()).into_bytes());
        ask.body.extend_from_slice(part);
        ask.body.extend_from_slice(b"\r\n");
    }
    ask.body.extend_from_slice(b"0\r\n\r\n");
    assert!(farm.ask(&ask.with("Transfer-Encoding", "chunked")).echoes(5, "in chunks"));
    assert_eq!(backend.only().body, body);
    farm.stop();
}

#[test]
fn requests_in_a_row_are_answered_in_their_order() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut client = farm.client();
    let all: Vec<u8> = (0..50).flat_map(|id| farm.call(id, &format!("t{id}")).bytes()).collect();
    client.send(&all);
    for id in 0..50 {
        let answer = client.answer().unwrap();
        assert!(answer.echoes(id, &format!("t{id}")), "{id}: {answer:?}");
    }
    farm.stop();
}

#[test]
fn an_upgrade_leads_nowhere() {
    // Pingora forwarded it and then stopped reading what followed as requests (CVE-2026-2833).
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    for protocol in ["websocket", "h2c", "TLS/1.0"] {
        let ask = farm.call(1, "x").with("Connection", "Upgrade").with("Upgrade", protocol);
        let ask = ask.with("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA");
        let mut client = farm.client();
        client.send(&ask.bytes());
        let answer = client.answer().unwrap();
        assert!(answer.status == 400 || answer.echoes(1, "x"), "{protocol}: {answer:?}");
        assert!(answer.header("upgrade").is_none(), "{answer:?}");
        for seen in backend.seen() {
            assert!(seen.header("upgrade").is_none() && seen.header("http2-settings").is_none());
            assert!(seen.header("connection").is_none_or(|it| !it.contains("pgrade")), "{seen:?}");
        }
    }
    let statuses =
        statuses(&farm, b"CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert!(statuses.iter().all(|it| (400..=405).contains(it)), "{statuses:?}");
    assert!(farm.is_well());
    farm.stop();
}

#[test]
fn headers_between_two_hops_stay_there() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let ask = farm.call(1, "x").with("Connection", "keep-alive, X-Drop").with("X-Drop", "me");
    let ask = ask.with("Keep-Alive", "timeout=5").with("TE", "trailers").with("Trailer", "X-T");
    let ask = ask.with("Proxy-Connection", "keep-alive").with("X-Keep", "me");
    assert!(farm.ask(&ask).echoes(1, "x"));
    let seen = backend.only();
    for name in ["x-drop", "keep-alive", "te", "trailer", "proxy-connection"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    assert_eq!(seen.header("x-keep"), Some("me"));
    farm.stop();
}

#[test]
fn a_body_behind_a_method_without_one_reaches_nobody() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    for method in ["GET", "DELETE"] {
        let mut ask = farm.call(1, "x");
        ask.line = format!("{method} /mcp HTTP/1.1");
        assert_eq!(farm.ask(&ask).status, 400, "{method}");
    }
    for method in ["PUT", "PATCH", "OPTIONS", "TRACE", "BREW", "post"] {
        let mut ask = farm.call(1, "x");
        ask.line = format!("{method} /mcp HTTP/1.1");
        assert!(matches!(farm.ask(&ask).status, 400 | 405 | 501), "{method}");
    }
    assert_eq!(backend.count(), 0, "{:?}", backend.seen());
    farm.stop();
}

#[test]
fn too_much_is_refused_with_the_status_that_says_so() {
    let backend = Backend::echo();
    let setup = Setup::of(&[("echo", &backend)]).with(|config| {
        config.limits.head_bytes = 16 << 10;
        config.limits.headers = 50;
        config.limits.body_bytes = 1000;
    });
    let farm = setup.start();
    let one = |ask: &Ask| statuses(&farm, &ask.bytes());
    let long = "x".repeat(20 << 10);
    assert_eq!(one(&farm.call(1, "x").with("X-Long", &long)), [431]);
    let many = (0..60).fold(farm.call(1, "x"), |ask, n| ask.with(&format!("X-{n}"), "y"));
    assert_eq!(one(&many), [431]);
    assert_eq!(one(&farm.call(1, &"x".repeat(2000))), [413]);
    // Refused by what it says, before it is sent.
    let mut promised = farm.call(1, "x").instead("Content-Length", "1000000000000");
    promised.body.clear();
    let mut client = farm.client();
    client.send(&promised.bytes());
    assert_eq!(client.answer().unwrap().status, 413);
    let path = format!("/mcp?{}", "y".repeat(20 << 10));
    let mut ask = farm.call(1, "x");
    ask.line = format!("POST {path} HTTP/1.1");
    let statuses = one(&ask);
    assert!(statuses == [414] || statuses == [431], "{statuses:?}");
    assert_eq!(backend.count(), 0);
    assert!(farm.is_well());
    farm.stop();
}

#[test]
fn bodies_that_are_no_message_are_answered_with_an_error_and_go_no_further() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"a":{deep}}}}}"#);
    let bodies = [
        "",
        " ",
        "null",
        "1",
        "\"text\"",
        "{}",
        "[]",
        "{",
        "{\"jsonrpc\":\"2.0\"",
        "\u{feff}{}",
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":5}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"} {}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
        &deep,
    ];
    for body in bodies {
        let answer = farm.ask(&farm.alice.signs(Ask::message(body)));
        assert_eq!(answer.status, 400, "{body:.80}: {answer:?}");
        let error: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(error["error"]["code"].is_i64(), "{body:.80}: {error}");
    }
    let mut ask = farm.alice.signs(Ask::message(""));
    ask.body =
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":\"\xff\"}}".to_vec();
    let length = ask.body.len().to_string();
    assert_eq!(farm.ask(&ask.instead("Content-Length", &length)).status, 400);
    assert_eq!(backend.count(), 0, "{:?}", backend.seen());
    farm.stop();
}

#[test]
fn a_body_is_carried_byte_for_byte() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let body = "\n{ \"id\" : 1e0 ,\t\"jsonrpc\":\"2.0\", \"method\":\"tools/call\",\"unknown\":[1.10,-0],\
                \"params\":{\"name\":\"\\u0065cho\",\"arguments\":{\"text\":\"\\ud83d\\ude00 é\"}}}\r\n ";
    let answer = farm.ask(&farm.alice.signs(Ask::message(body)));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(backend.only().text(), body);
    farm.stop();
}

#[test]
fn a_client_that_waits_to_be_asked_for_its_body_is_asked() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let mut ask = farm.call(1, "x").with("Expect", "100-continue");
    let body = std::mem::take(&mut ask.body);
    let mut client = farm.client();
    client.send(&ask.bytes());
    assert_eq!(client.head().unwrap().status, 100);
    client.send(&body);
    assert!(client.answer().unwrap().echoes(1, "x"));
    // Who may not come in is not asked for it.
    let mut stranger = Ask::call(1, "x").with("Expect", "100-continue");
    stranger.body.clear();
    let mut client: Client = farm.client();
    client.send(&stranger.bytes());
    assert_eq!(client.head().unwrap().status, 401);
    farm.stop();
}
