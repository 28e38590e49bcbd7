//! Sessions that the server loses: opened again, and nobody notices. (facts: sessions that survive
//! replicas, rolling deploys and restarts; "a session that dies after one call".)

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Client;
use crate::stub::{LIMIT, Stub, legacy, result, write, write_json};

/// A server that knows no session but the last one, and that only for so many calls.
fn forgetful(calls: usize, refusal: (&'static str, &'static str)) -> Stub {
    let (last, left) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Stub::legacy(move |seen, stream| {
        let what = seen.what();
        if what == "initialize" {
            last.store(seen.number, Ordering::SeqCst);
            left.store(calls, Ordering::SeqCst);
            return None;
        }
        let known = format!("s-{}", last.load(Ordering::SeqCst));
        let known = seen.header("mcp-session-id") == Some(&known);
        let alive = left.load(Ordering::SeqCst) > 0;
        if what == "tools/call" && known && alive {
            left.fetch_sub(1, Ordering::SeqCst);
        }
        (what == "tools/call" && !(known && alive))
            .then(|| write(stream, refusal.0, "content-type: application/json\r\n", refusal.1))
    })
}

#[test]
fn a_session_that_dies_after_one_call_is_opened_again() {
    let refusals = [
        (
            "404 Not Found",
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"gone"}}"#,
        ),
        ("404 Not Found", ""),
        // What server-everything says.
        (
            "400 Bad Request",
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}"#,
        ),
    ];
    for refusal in refusals {
        let stub = forgetful(1, refusal);
        let mut client = Client::new(&stub);
        client.open();
        for _ in 0..4 {
            let answer = client.call();
            assert!(answer["result"]["session"].is_string(), "{answer}");
        }
        assert_eq!(stub.count("initialize"), 4, "{:?}", stub.order());
        assert_eq!(client.said(), "", "silently");
        let seen = stub.seen();
        let mut opened = seen.iter().filter(|seen| seen.what() == "initialize");
        let own = &opened.next().unwrap().body;
        assert!(opened.all(|seen| seen.body == *own), "with the client's own words");
    }
}

#[test]
fn a_session_that_never_lives_is_an_error() {
    let stub = forgetful(0, ("404 Not Found", ""));
    let mut client = Client::new(&stub);
    client.open();
    let answer = client.call();
    assert!(
        answer["error"]["message"].as_str().unwrap().contains("loses every session"),
        "{answer}"
    );
    assert_eq!(stub.count("tools/call"), 2, "it was tried twice and not for ever");
}

#[test]
fn many_who_lose_a_session_open_one() {
    let lost = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&lost);
    let stub = Stub::legacy(move |seen, stream| {
        let old = seen.header("mcp-session-id") == Some("s-0");
        (flag.load(Ordering::SeqCst) && old && seen.what() == "tools/call")
            .then(|| write(stream, "404 Not Found", "", ""))
    });
    let mut client = Client::new(&stub);
    client.open();
    lost.store(true, Ordering::SeqCst);
    let asked: Vec<u64> =
        (0..10).map(|_| client.send("tools/call", &json!({ "name": "t" }))).collect();
    let mut answered: Vec<u64> = asked
        .iter()
        .map(|_| {
            let answer = client.read();
            assert_ne!(answer["result"]["session"], "s-0", "{answer}");
            answer["id"].as_u64().unwrap()
        })
        .collect();
    answered.sort_unstable();
    assert_eq!(answered, asked, "each is answered once");
    assert_eq!(stub.count("initialize"), 2);
    assert_eq!(stub.count("notifications/initialized"), 2);
}

#[test]
fn a_server_that_speaks_another_version_now_is_said() {
    let stub = Stub::legacy(|seen, stream| match seen.what().as_str() {
        "initialize" if seen.number > 0 => {
            let opened = result(seen, &json!({ "protocolVersion": "2025-03-26" }));
            Some(write_json(stream, "mcp-session-id: new\r\n", &opened))
        }
        "tools/call" => Some(write(stream, "404 Not Found", "", "")),
        _ => None,
    });
    let mut client = Client::new(&stub);
    client.open();
    let answer = client.call();
    assert!(answer["error"]["message"].as_str().unwrap().contains("2025-03-26"), "{answer}");
}

#[test]
fn a_client_that_begins_anew_leaves_its_session() {
    let stub = Stub::legacy(|_, _| None);
    let mut client = Client::new(&stub);
    client.open();
    client.open();
    let order = stub.order();
    assert!(order.contains(&"DELETE".to_owned()), "{order:?}");
    assert_ne!(client.call()["result"]["session"], "s-0");
}

#[test]
fn a_server_without_sessions_is_carried_too() {
    let stub = Stub::legacy(|seen, stream| {
        (seen.what() == "initialize").then(|| {
            write_json(stream, "", &result(seen, &json!({ "protocolVersion": "2025-06-18" })))
        })
    });
    let mut client = Client::new(&stub);
    client.open();
    assert_eq!(client.call()["result"]["session"], "none");
    client.end();
    assert_eq!(stub.count("DELETE"), 0, "there is nothing to end");
}

/// The server closes every connection behind its answer, and doesn't say that it will.
#[test]
fn connections_that_die_while_they_rest_are_not_noticed() {
    let closed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&closed);
    let stub = Stub::new(move |seen, stream| {
        legacy(seen, stream);
        let _ = stream.shutdown(std::net::Shutdown::Both);
        count.fetch_add(1, Ordering::SeqCst);
        false
    });
    let mut client = Client::new(&stub);
    client.open();
    for _ in 0..20 {
        // What is sent while the end is on its way may have been read: that isn't what is tested.
        let until = Instant::now() + LIMIT;
        while closed.load(Ordering::SeqCst) < stub.seen().len() {
            assert!(Instant::now() < until, "not closed");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(client.call()["result"]["session"], "s-0");
    }
}
