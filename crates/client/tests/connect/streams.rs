//! Streams that break off, go on, and the stream on which a server speaks unasked.

use std::io::{Read as _, Write as _};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Client;
use crate::stub::{Stub, begin_events, result, write};

/// Writes to a stream that may be gone.
fn event(stream: &mut std::net::TcpStream, text: &str) {
    let _ = stream.write_all(text.as_bytes());
}

#[test]
fn a_stream_that_breaks_off_goes_on_behind_its_last_event() {
    let asked = Mutex::new(None);
    let stub = Stub::legacy(move |seen, stream| match seen.what().as_str() {
        "tools/call" => {
            *asked.lock().unwrap() = Some(result(seen, &json!({ "done": true })));
            begin_events(stream, "");
            event(stream, "id: e-1\nretry: 300\ndata:\n\n");
            event(stream, "id: e-2\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"one\"}\n\n");
            Some(false)
        }
        "GET" if seen.header("last-event-id").is_some() => {
            begin_events(stream, "");
            if seen.header("last-event-id") == Some("e-2") {
                // Again without the answer: the server polls.
                event(stream, "id: e-3\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"two\"}\n\n");
            } else {
                let answer = asked.lock().unwrap().take().unwrap();
                event(stream, &format!("id: e-4\ndata: {answer}\n\n"));
            }
            Some(false)
        }
        _ => None,
    });
    let mut client = Client::new(&stub);
    client.open();
    stub.until("GET", 1);
    let start = Instant::now();
    let id = client.send("tools/call", &json!({ "name": "t" }));
    assert_eq!(client.read()["method"], "one");
    assert_eq!(client.read()["method"], "two");
    assert!(start.elapsed() >= Duration::from_millis(300), "`retry` is honoured");
    let answer = client.read();
    assert_eq!((&answer["id"], &answer["result"]["done"]), (&json!(id), &json!(true)));
    assert_eq!(stub.count("tools/call"), 1, "it is never asked again");
    let seen = stub.seen();
    let went_on: Vec<_> = seen.iter().filter_map(|seen| seen.header("last-event-id")).collect();
    assert_eq!(went_on, ["e-2", "e-3"]);
    for seen in seen.iter().filter(|seen| seen.header("last-event-id").is_some()) {
        assert_eq!(seen.header("mcp-session-id"), Some("s-0"));
        assert_eq!(seen.header("accept"), Some("text/event-stream"));
    }
}

#[test]
fn a_stream_without_ids_is_an_error_and_not_asked_again() {
    let stub = Stub::legacy(|seen, stream| {
        (seen.what() == "tools/call").then(|| {
            begin_events(stream, "");
            event(stream, "data: {\"jsonrpc\":\"2.0\",\"method\":\"one\"}\n\n");
            false
        })
    });
    let mut client = Client::new(&stub);
    client.open();
    let id = client.send("tools/call", &json!({ "name": "t" }));
    assert_eq!(client.read()["method"], "one");
    let answer = client.read();
    assert_eq!(answer["id"], id);
    let said = answer["error"]["message"].as_str().unwrap();
    assert!(said.contains("may have been carried out"), "{said}");
    assert_eq!(stub.count("tools/call"), 1);
}

#[test]
fn what_may_have_been_carried_out_is_not_asked_again() {
    let stub = Stub::legacy(|seen, _| (seen.what() == "tools/call").then_some(false));
    let mut client = Client::new(&stub);
    client.open();
    let answer = client.call();
    let said = answer["error"]["message"].as_str().unwrap();
    assert!(said.contains("may have been carried out"), "{said}");
    assert_eq!(stub.count("tools/call"), 1);
}

#[test]
fn what_a_server_says_unasked_is_handed_on() {
    let (say, texts) = channel::<String>();
    let texts = Mutex::new(texts);
    let stub = Stub::legacy(move |seen, stream| {
        (seen.what() == "GET").then(|| {
            begin_events(stream, "");
            event(stream, "retry: 1\ndata:\n\n");
            while let Ok(text) = texts.lock().unwrap().recv() {
                if text.is_empty() {
                    break;
                }
                event(stream, &text);
            }
            false
        })
    });
    let mut client = Client::new(&stub);
    client.open();
    let note = |id: u32| {
        format!(
            "id: n-{id}\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{{\"n\":{id}}}}}\n\n"
        )
    };
    say.send(note(1)).unwrap();
    assert_eq!(client.read()["params"]["n"], 1);
    // It breaks off, and goes on where it was.
    say.send(String::new()).unwrap();
    say.send(note(2)).unwrap();
    assert_eq!(client.read()["params"]["n"], 2);
    let seen = stub.seen();
    let gets: Vec<_> = seen.iter().filter(|seen| seen.method == "GET").collect();
    assert_eq!(gets[0].header("last-event-id"), None);
    assert_eq!(gets[1].header("last-event-id"), Some("n-1"));
    drop(say);
}

#[test]
fn a_stream_that_is_not_offered_is_not_asked_for_again() {
    let stub = Stub::legacy(|_, _| None);
    let mut client = Client::new(&stub);
    client.open();
    stub.until("GET", 1);
    for _ in 0..5 {
        client.call();
    }
    client.end();
    assert_eq!(stub.count("GET"), 1);
}

#[test]
fn a_session_that_dies_while_nobody_calls_is_opened_again() {
    let stub = Stub::legacy(|seen, stream| match seen.what().as_str() {
        "GET" if seen.header("mcp-session-id") == Some("s-0") => {
            Some(write(stream, "404 Not Found", "", ""))
        }
        "GET" => {
            begin_events(stream, "");
            event(stream, "data: {\"jsonrpc\":\"2.0\",\"method\":\"alive\"}\n\n");
            let _gone = stream.read(&mut [0]);
            Some(false)
        }
        _ => None,
    });
    let mut client = Client::new(&stub);
    client.open();
    assert_eq!(client.read()["method"], "alive");
    assert_ne!(client.call()["result"]["session"], "s-0");
}

#[test]
fn a_cancel_is_told_and_nobody_waits() {
    let stub = Stub::legacy(|seen, stream| {
        (seen.what() == "slow").then(|| {
            let _gone = stream.read(&mut [0]);
            false
        })
    });
    let mut client = Client::new(&stub);
    client.open();
    let slow = client.send("slow", &json!({}));
    stub.until("slow", 1);
    client.notify("notifications/cancelled", &json!({ "requestId": slow }));
    stub.until("notifications/cancelled", 1);
    client.call();
    assert!(client.end().is_empty(), "the cancelled request gets no answer");
}
