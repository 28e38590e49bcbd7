//! HTTP/2 (RFC 9113), used and misused, over TLS as browsers do and by prior knowledge.

use farmgate_farm::gate::Rate;

use crate::support::backend::Backend;
use crate::support::client::{Ask, Client};
use crate::support::farm::{Farm, Setup};
use crate::support::h2::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, Frame, GO_AWAY, HEADERS, PING, PREFACE,
    RESET, SETTINGS, block, frame, read,
};

/// The headers of a call, in lower case as HTTP/2 wants them.
fn headers(ask: &Ask) -> Vec<u8> {
    let lower: Vec<_> = ask
        .headers
        .iter()
        .filter(|(name, _)| name != "Host")
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .collect();
    let mut all = vec![
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "127.0.0.1"),
        (":path", "/mcp"),
    ];
    all.extend(lower.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    block(&all)
}

fn open(mut client: Client) -> Client {
    client.send(PREFACE);
    let first = read(&mut client).unwrap();
    assert_eq!(first.kind, SETTINGS);
    client.send(&frame(SETTINGS, ACK, 0, &[]));
    client
}

/// A farm that speaks TLS.
fn over_tls(backend: &Backend) -> Farm {
    Setup::of(&[("echo", backend)]).with(|config| config.plain = false).start()
}

/// Frames until one of these kinds comes, or the connection ends.
fn until(client: &mut Client, kinds: &[u8]) -> Option<Frame> {
    loop {
        let frame = read(client).ok()?;
        if kinds.contains(&frame.kind) {
            return Some(frame);
        }
    }
}

fn call(client: &mut Client, farm: &Farm, stream: u32, text: &str) {
    let ask = farm.call(u64::from(stream), text);
    client.send(&frame(HEADERS, END_HEADERS, stream, &headers(&ask)));
    client.send(&frame(DATA, END_STREAM, stream, &ask.body));
}

#[test]
fn many_calls_on_one_connection_are_answered_each_by_its_own() {
    let backend = Backend::echo();
    let farm = over_tls(&backend);
    let mut client = open(farm.secure_client(&["h2"]));
    for number in 0..40u32 {
        call(&mut client, &farm, number * 2 + 1, &format!("text {number}"));
    }
    let mut answered = 0;
    while answered < 40 {
        let data = until(&mut client, &[DATA]).expect("the connection stays");
        if data.payload.is_empty() {
            continue;
        }
        let answer: serde_json::Value = serde_json::from_slice(&data.payload).unwrap();
        assert_eq!(answer["id"], data.stream);
        let text = format!("text {}", data.stream / 2);
        assert_eq!(answer["result"]["content"][0]["text"], text);
        answered += 1;
    }
    farm.stop();
}

#[test]
fn rapid_resets_end_the_connection_and_nothing_else() {
    // CVE-2023-44487: streams that are opened and reset cost the server and not the client.
    let backend = Backend::echo();
    let farm = over_tls(&backend);
    let mut client = open(farm.secure_client(&["h2"]));
    let head = headers(&farm.call(1, "x"));
    let mut bytes = Vec::new();
    for number in 0..20_000u32 {
        let stream = number * 2 + 1;
        bytes.extend(frame(HEADERS, END_HEADERS, stream, &head));
        bytes.extend(frame(RESET, 0, stream, &8u32.to_be_bytes()));
    }
    client.send(&bytes);
    let told = until(&mut client, &[GO_AWAY]);
    assert!(told.is_none_or(|frame| frame.payload.len() >= 8), "told to go, or cut off");
    assert!(farm.is_well_over_tls());
    assert!(backend.count() <= 1, "no request had a body, so none was complete");
    drop(client);
    farm.until_idle();
    farm.stop();
}

#[test]
fn resets_of_calls_that_a_server_works_on_cancel_them_there() {
    let backend = Backend::start(|_, stream| {
        crate::support::backend::is_closed_by_gate(stream);
        crate::support::backend::Then::Close
    });
    let farm = over_tls(&backend);
    let mut client = open(farm.secure_client(&["h2"]));
    for number in 0..20u32 {
        call(&mut client, &farm, number * 2 + 1, "x");
    }
    crate::support::wait_until("the server has them", || backend.under_way() == 20);
    for number in 0..20u32 {
        client.send(&frame(RESET, 0, number * 2 + 1, &8u32.to_be_bytes()));
    }
    crate::support::wait_until("the server is rid of them", || backend.under_way() == 0);
    drop(client);
    farm.until_idle();
    farm.stop();
}

#[test]
fn an_endless_head_is_cut_off() {
    // CONTINUATION without an end (CVE-2024-27983 and its kin).
    let backend = Backend::echo();
    let farm = over_tls(&backend);
    let mut client = open(farm.secure_client(&["h2"]));
    let part = block(&[("x-padding", &"y".repeat(4000))]);
    let mut bytes = frame(HEADERS, 0, 1, &headers(&farm.call(1, "x")));
    for _ in 0..5000 {
        bytes.extend(frame(CONTINUATION, 0, 1, &part));
    }
    client.send(&bytes);
    until(&mut client, &[GO_AWAY, RESET]);
    drop(client);
    assert!(farm.is_well_over_tls());
    assert_eq!(backend.count(), 1);
    farm.until_idle();
    farm.stop();
}

/// The target of a call of `/mcp`, with another authority or path.
fn headers_at(ask: &Ask, authority: &str, path: &str) -> Vec<u8> {
    let lower: Vec<_> = ask.headers.iter().filter(|(name, _)| name != "Host").collect();
    let lower: Vec<_> = lower.iter().map(|(n, v)| (n.to_ascii_lowercase(), v.as_str())).collect();
    let mut all = vec![(":method", "POST"), (":scheme", "https")];
    all.extend([(":authority", authority), (":path", path)]);
    all.extend(lower.iter().map(|(name, value)| (name.as_str(), *value)));
    block(&all)
}

/// The answer to a request whose body comes only once its head has been acted on; what curl and
/// others take for a broken stream is a reset, before the answer or after it.
#[track_caller]
fn refused_and_not_reset(mut client: Client, head: &[u8], body: &[u8], what: &str) {
    client.send(&frame(HEADERS, END_HEADERS, 1, head));
    client.send(&frame(PING, 0, 0, &[1; 8]));
    assert!(
        until(&mut client, &[PING, RESET, HEADERS]).is_some_and(|it| it.kind == PING),
        "{what}"
    );
    client.send(&frame(DATA, END_STREAM, 1, body));
    let answer = until(&mut client, &[HEADERS, RESET, GO_AWAY]).expect(what);
    assert!(answer.kind == HEADERS && !is_ok(&answer), "{what}: {answer:?}");
    client.send(&frame(PING, 0, 0, &[2; 8]));
    let then = until(&mut client, &[PING, RESET, GO_AWAY]).expect(what);
    assert_eq!(then.kind, PING, "{what}: {then:?}");
}

#[test]
fn who_is_refused_before_the_body_is_told_and_not_reset() {
    let backend = Backend::echo();
    let farm = over_tls(&backend);
    let own = farm.call(1, "x");
    let (here, path) = ("127.0.0.1", "/mcp");
    let wrong = own.clone().instead("x-api-key", "fg_nobody_0000");
    let cases = [
        ("no key", own.clone().without("x-api-key"), here, path),
        ("a wrong key", wrong, here, path),
        ("a forged group", own.clone().instead("x-group-name", "visitors"), here, path),
        ("a foreign host", own.clone(), "evil.example.com", path),
        ("a foreign origin", own.clone().with("origin", "https://evil.example.com"), here, path),
        ("no such path", own.clone(), here, "/elsewhere"),
        ("an unclear path", own, here, "/a/..%2fmcp"),
    ];
    for (what, ask, authority, path) in &cases {
        for _ in 0..5 {
            let head = headers_at(ask, authority, path);
            refused_and_not_reset(open(farm.secure_client(&["h2"])), &head, &ask.body, what);
        }
    }
    farm.stop();

    let elsewhere = vec!["203.0.113.0/24".parse().unwrap()];
    let farm = Setup::of(&[("echo", &backend)]).with(|config| {
        config.plain = false;
        config.allow = elsewhere;
    });
    let farm = farm.start();
    let ask = farm.call(1, "x");
    let head = headers(&ask);
    refused_and_not_reset(open(farm.secure_client(&["h2"])), &head, &ask.body, "a foreign address");
    farm.stop();

    let farm = Setup::of(&[("echo", &backend)]).with(|config| {
        config.plain = false;
        config.limits.per_address = Rate { requests: 1, seconds: 300 };
    });
    let farm = farm.start();
    let ask = farm.call(1, "x");
    let head = headers(&ask);
    let mut first = open(farm.secure_client(&["h2"]));
    call(&mut first, &farm, 1, "x");
    assert!(until(&mut first, &[HEADERS, RESET]).is_some_and(|it| is_ok(&it)), "the first passes");
    refused_and_not_reset(open(farm.secure_client(&["h2"])), &head, &ask.body, "one too many");
    farm.stop();
    assert_eq!(backend.count(), 1, "{:?}", backend.seen());
}

#[test]
fn two_names_of_the_host_that_differ_are_refused() {
    let backend = Backend::echo();
    let farm = over_tls(&backend);
    let mut client = open(farm.secure_client(&["h2"]));
    let ask = farm.call(1, "x").with("host", "evil.example.com");
    client.send(&frame(HEADERS, END_HEADERS, 1, &headers(&ask)));
    client.send(&frame(DATA, END_STREAM, 1, &ask.body));
    // Refused by an answer of 4xx (0x10 or 0x00 literal `:status`), or by a reset.
    let first = until(&mut client, &[HEADERS, RESET, GO_AWAY]).expect("it is told");
    assert!(first.kind != HEADERS || !is_ok(&first), "{first:?}");
    assert_eq!(backend.count(), 0);
    farm.stop();
}

/// Whether a head begins with `:status: 200`: index 8 of the static table (RFC 7541, appendix A).
fn is_ok(head: &Frame) -> bool {
    head.payload.first() == Some(&0x88)
}

#[test]
fn headers_of_one_connection_have_no_place_in_http2() {
    let backend = Backend::echo();
    let farm = over_tls(&backend);
    for (name, value) in [
        ("transfer-encoding", "chunked"),
        ("connection", "upgrade"),
        ("upgrade", "h2c"),
        ("keep-alive", "1"),
        ("te", "gzip"),
        ("X-Upper", "case"),
        ("x-a", "b\r\ntransfer-encoding: chunked"),
        ("x-a\r\nb", "c"),
    ] {
        let mut client = open(farm.secure_client(&["h2"]));
        let ask = farm.call(1, "x");
        let mut head = headers(&ask);
        head.extend(block(&[(name, value)]));
        client.send(&frame(HEADERS, END_HEADERS, 1, &head));
        client.send(&frame(DATA, END_STREAM, 1, &ask.body));
        if let Some(first) = until(&mut client, &[HEADERS, RESET, GO_AWAY]) {
            assert!(first.kind != HEADERS || !is_ok(&first), "{name}: {value}: {first:?}");
        }
    }
    assert_eq!(backend.count(), 0, "{:?}", backend.seen());
    assert!(farm.is_well_over_tls());
    farm.stop();
}

#[test]
fn a_length_that_its_data_does_not_have_reaches_nobody() {
    let backend = Backend::echo();
    let farm = over_tls(&backend);
    for length in ["1", "100000"] {
        let mut client = open(farm.secure_client(&["h2"]));
        let ask = farm.call(1, "x");
        let said = ask.clone().instead("Content-Length", length);
        client.send(&frame(HEADERS, END_HEADERS, 1, &headers(&said)));
        client.send(&frame(DATA, END_STREAM, 1, &ask.body));
        if let Some(first) = until(&mut client, &[HEADERS, RESET, GO_AWAY]) {
            assert!(first.kind != HEADERS || !is_ok(&first), "{length}: {first:?}");
        }
    }
    assert_eq!(backend.count(), 0, "{:?}", backend.seen());
    farm.stop();
}

#[test]
fn no_more_streams_than_agreed_are_served() {
    let backend = Backend::start(|_, stream| {
        crate::support::backend::is_closed_by_gate(stream);
        crate::support::backend::Then::Close
    });
    let farm = over_tls(&backend);
    let mut client = farm.secure_client(&["h2"]);
    client.send(PREFACE);
    // Before the settings are known, a client that doesn't care opens as many as it likes.
    for number in 0..300u32 {
        call(&mut client, &farm, number * 2 + 1, "x");
    }
    // Each one that is too much is refused, or the connection is cut.
    let mut refused = 0;
    while refused < 100 && until(&mut client, &[RESET, GO_AWAY]).is_some() {
        refused += 1;
        assert!(backend.under_way() <= 200, "{}", backend.under_way());
    }
    assert!(backend.under_way() <= 200, "{}", backend.under_way());
    drop(client);
    farm.until_idle();
    farm.stop();
}
