//! Bounds: what is too long, too slow, too many, or no message.

use std::io::Write as _;
use std::time::Duration;

use farmgate_client::connect::{Identity, Limits, Line};
use serde_json::{Value, json};

use crate::client::{Client, limits};
use crate::stub::{Stub, begin_events, write_json};

#[test]
fn a_line_that_is_no_message_is_refused_and_the_next_is_read() {
    let stub = Stub::legacy(|_, _| None);
    let mut client = Client::new(&stub);
    client.open();
    for (line, code) in [
        ("{", -32700),
        ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"method\":\"other\"}", -32600),
    ] {
        client.write(line);
        assert_eq!(client.read()["error"]["code"], code, "{line}");
    }
    client.line(Line::TooLong);
    assert_eq!(client.read()["error"]["code"], -32600);
    assert!(client.call()["result"].is_object());
}

#[test]
fn an_answer_that_is_too_long_is_an_error() {
    const MORE: usize = 17 << 20;
    let stub = Stub::legacy(|seen, stream| match seen.what().as_str() {
        "json" => {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {MORE}\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&vec![b' '; MORE]);
            Some(false)
        }
        "events" => {
            begin_events(stream, "");
            let _ = stream.write_all(b"data: ");
            let _ = stream.write_all(&vec![b' '; MORE]);
            Some(false)
        }
        _ => None,
    });
    let mut client = Client::new(&stub);
    client.open();
    for method in ["json", "events"] {
        let answer = client.ask(method, &json!({}));
        assert!(answer["error"]["message"].as_str().unwrap().contains("longer"), "{answer}");
    }
    assert!(client.call()["result"].is_object(), "it goes on");
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let stub = Stub::legacy(|seen, stream| match seen.what().as_str() {
        "silent" => {
            let _gone = std::io::Read::read(stream, &mut [0]);
            Some(false)
        }
        "stalled" => {
            begin_events(stream, "");
            let _gone = std::io::Read::read(stream, &mut [0]);
            Some(false)
        }
        _ => None,
    });
    let short = Duration::from_millis(200);
    let limits = Limits { answer: short, silence: short, ..limits() };
    let mut client = Client::with(&stub.url(), limits, || Identity::None);
    client.open();
    for method in ["silent", "stalled"] {
        let answer = client.ask(method, &json!({}));
        assert!(answer["error"].is_object(), "{answer}");
    }
    assert!(client.call()["result"].is_object(), "it goes on");
}

#[test]
fn an_id_under_way_is_not_used_twice() {
    let stub = Stub::legacy(|seen, stream| {
        (seen.what() == "slow").then(|| {
            let _gone = std::io::Read::read(stream, &mut [0]);
            false
        })
    });
    let mut client = Client::new(&stub);
    client.open();
    client.write(r#"{"jsonrpc":"2.0","id":7,"method":"slow"}"#);
    stub.until("slow", 1);
    client.write(r#"{"jsonrpc":"2.0","id":7,"method":"slow"}"#);
    let answer = client.read();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(7), &json!(-32600)));
    client.notify("notifications/cancelled", &json!({ "requestId": 7 }));
    client.end();
}

#[test]
fn many_at_once_are_all_answered() {
    let stub = Stub::legacy(|_, _| None);
    let limits = Limits { at_once: 4, ..limits() };
    let mut client = Client::with(&stub.url(), limits, || Identity::None);
    client.open();
    let mut asked: Vec<u64> = Vec::new();
    let mut answered: Vec<u64> = Vec::new();
    for _ in 0..10 {
        asked.extend((0..20).map(|_| client.send("tools/call", &json!({ "name": "t" }))));
        answered.extend((0..20).map(|_| client.read()["id"].as_u64().unwrap()));
    }
    answered.sort_unstable();
    assert_eq!(answered, asked);
}

#[test]
fn an_error_without_an_id_gets_the_requests() {
    let stub = Stub::legacy(|seen, stream| {
        (seen.what() == "tools/call").then(|| {
            let error = json!({
                "jsonrpc": "2.0", "id": Value::Null,
                "error": { "code": -32602, "message": "not like this" },
            });
            write_json(stream, "", &error.to_string())
        })
    });
    let mut client = Client::new(&stub);
    client.open();
    let answer = client.call();
    assert_eq!(answer["error"]["code"], -32602);
    assert!(answer["error"]["message"].as_str().unwrap().contains("not like this"), "{answer}");
}
