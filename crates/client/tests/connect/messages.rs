//! Messages are carried as they came, each as one line, and answers come as they come.

use std::io::Write as _;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use serde_json::json;

use crate::client::Client;
use crate::stub::{Stub, begin_events, result, write_json};

#[test]
fn bytes_are_carried_as_they_came() {
    let stub = Stub::legacy(|seen, stream| {
        (seen.what() == "odd").then(|| {
            let odd = "{\r\n  \"jsonrpc\" : \"2.0\",\n\t\"id\": \"x\", \"result\":\n\
                       {\"n\": 1.50e3, \"n\":12345678901234567890, \"t\":\"a\\nb\\u00fc\"}}\n";
            write_json(stream, "", odd)
        })
    });
    let mut client = Client::new(&stub);
    client.open();
    let asked =
        r#"{ "id":"x",  "jsonrpc":"2.0", "method":"odd", "params":{"n": 1.50e3,"s":"\u00fc"} }"#;
    client.write(asked);
    assert_eq!(
        client.raw(),
        "{    \"jsonrpc\" : \"2.0\", \t\"id\": \"x\", \"result\": {\"n\": 1.50e3, \
         \"n\":12345678901234567890, \"t\":\"a\\nb\\u00fc\"}}"
    );
    let seen = stub.seen();
    assert_eq!(seen.iter().find(|seen| seen.what() == "odd").unwrap().body, asked);
}

#[test]
fn a_session_has_its_headers_and_its_end() {
    let stub = Stub::legacy(|_, _| None);
    let mut client = Client::new(&stub);
    let opened = client.open();
    assert_eq!(opened["result"]["serverInfo"]["name"], "stub");
    assert_eq!(client.call()["result"]["session"], "s-0");
    stub.until("GET", 1);
    assert!(client.end().is_empty());
    let seen = stub.seen();
    let first = &seen[0];
    assert_eq!(first.header("mcp-session-id"), None);
    assert_eq!(first.header("mcp-protocol-version"), None, "it isn't negotiated yet");
    assert_eq!(first.header("accept"), Some("application/json, text/event-stream"));
    assert_eq!(first.header("content-type"), Some("application/json"));
    for later in &seen[1..] {
        assert_eq!(later.target, "/s/mcp");
        assert_eq!(later.header("mcp-session-id"), Some("s-0"), "{later:?}");
        assert_eq!(later.header("mcp-protocol-version"), Some("2025-11-25"), "{later:?}");
        assert_eq!(later.header("mcp-method"), None, "{later:?}");
    }
    // What the server must know first is said first.
    assert_eq!(seen[1].what(), "notifications/initialized");
    assert_eq!(seen.last().unwrap().method, "DELETE");
}

#[test]
fn answers_come_as_they_come() {
    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let stub = Stub::legacy(move |seen, stream| {
        (seen.what() == "slow").then(|| {
            held.lock().unwrap().recv().unwrap();
            write_json(stream, "", &result(seen, &json!({})))
        })
    });
    let mut client = Client::new(&stub);
    client.open();
    let slow = client.send("slow", &json!({}));
    stub.until("slow", 1);
    for _ in 0..3 {
        assert_eq!(client.call()["result"]["session"], "s-0");
    }
    release.send(()).unwrap();
    assert_eq!(client.read()["id"], slow);
}

#[test]
fn a_stream_is_handed_on_before_it_ends() {
    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let stub = Stub::legacy(move |seen, stream| {
        (seen.what() == "long").then(|| {
            begin_events(stream, "");
            let progress = "event: message\ndata: {\"jsonrpc\":\"2.0\",\ndata: \
                            \"method\":\"notifications/progress\"}\n\n:\n\nevent: other\ndata: no\n\n";
            stream.write_all(progress.as_bytes()).unwrap();
            held.lock().unwrap().recv().unwrap();
            let answer = result(seen, &json!({}));
            stream.write_all(format!("data: {answer}\n\n").as_bytes()).unwrap();
            false
        })
    });
    let mut client = Client::new(&stub);
    client.open();
    let long = client.send("long", &json!({}));
    assert_eq!(client.raw(), "{\"jsonrpc\":\"2.0\", \"method\":\"notifications/progress\"}");
    release.send(()).unwrap();
    assert_eq!(client.read()["id"], long);
}

#[test]
fn what_was_asked_is_answered_after_the_end_of_the_input() {
    let stub = Stub::legacy(|_, _| None);
    let mut client = Client::new(&stub);
    client.send("initialize", &json!({ "protocolVersion": "2025-11-25" }));
    client.notify("notifications/initialized", &json!({}));
    client.send("tools/list", &json!({}));
    let rest = client.end();
    assert_eq!(rest.len(), 2, "{rest:?}");
    assert!(rest[1].contains("\"session\":\"s-0\""), "it waited for the session: {rest:?}");
    assert_eq!(stub.order().last().unwrap(), "DELETE");
}

#[test]
fn an_answer_to_another_request_is_left_out() {
    let stub = Stub::legacy(|seen, stream| {
        (seen.what() == "tools/call").then(|| {
            begin_events(stream, "");
            let other = "data: {\"jsonrpc\":\"2.0\",\"id\":999,\"result\":{}}\n\ndata: {x\n\n";
            stream.write_all(other.as_bytes()).unwrap();
            let answer = result(seen, &json!({}));
            stream.write_all(format!("data: {answer}\n\n").as_bytes()).unwrap();
            false
        })
    });
    let mut client = Client::new(&stub);
    client.open();
    assert_eq!(client.call()["result"], json!({}));
    assert!(client.said().contains("nobody asked"), "{}", client.said());
}

#[test]
fn an_answer_to_the_server_is_sent() {
    let stub = Stub::legacy(|seen, stream| {
        (seen.what() == "GET").then(|| {
            begin_events(stream, "");
            let asks =
                "data: {\"jsonrpc\":\"2.0\",\"id\":\"e-1\",\"method\":\"elicitation/create\"}\n\n";
            stream.write_all(asks.as_bytes()).unwrap();
            // Until the client goes.
            let _ = std::io::Read::read(stream, &mut [0]);
            false
        })
    });
    let mut client = Client::new(&stub);
    client.open();
    assert_eq!(client.read()["method"], "elicitation/create");
    let answer = r#"{"jsonrpc":"2.0","id":"e-1","result":{"action":"decline"}}"#;
    client.write(answer);
    client.end();
    let seen = stub.seen();
    let sent = seen.iter().find(|seen| seen.body == answer).expect("it was sent");
    assert_eq!(sent.header("mcp-session-id"), Some("s-0"));
}
