//! Sessions: sealed, bound to who opened them, and known to every replica.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::backend::{Backend, Then, echoed, write_answer, write_json};
use crate::support::client::Ask;
use crate::support::farm::{Caller, Farm, Setup};

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;

/// A server of the legacy era: it opens sessions, and answers only within one.
pub(crate) fn backend() -> Backend {
    let (count, open) = (AtomicUsize::new(0), Mutex::new(HashSet::new()));
    Backend::start(move |seen, stream| {
        if seen.text().contains("\"initialize\"") {
            let id = format!("upstream-{}", count.fetch_add(1, Ordering::SeqCst));
            open.lock().unwrap().insert(id.clone());
            let headers = [("Content-Type", "application/json"), ("Mcp-Session-Id", id.as_str())];
            let body = br#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}"#;
            write_answer(stream, 200, &headers, body);
            return Then::Keep;
        }
        let id = seen.header("mcp-session-id").unwrap_or_default();
        if !open.lock().unwrap().contains(id) {
            write_answer(stream, 404, &[], b"");
            return Then::Keep;
        }
        match seen.method.as_str() {
            "DELETE" => {
                open.lock().unwrap().remove(id);
                write_answer(stream, 200, &[], b"");
            }
            _ => write_json(stream, &echoed(seen)),
        }
        Then::Keep
    })
}

/// Opens a session, and gives the id that a client gets.
pub(crate) fn initialize(farm: &Farm, caller: &Caller) -> String {
    initialize_at(farm, caller, "/mcp")
}

fn initialize_at(farm: &Farm, caller: &Caller, path: &str) -> String {
    let mut ask = caller.signs(Ask::message(INITIALIZE).without("MCP-Protocol-Version"));
    ask.line = format!("POST {path} HTTP/1.1");
    let answer = farm.ask(&ask);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.header("mcp-session-id").expect("a session").to_owned()
}

#[test]
fn a_session_works_for_who_opened_it_and_the_server_sees_its_own_id() {
    let backend = backend();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let session = initialize(&farm, &farm.alice);
    assert!(session.bytes().all(|byte| (0x21..=0x7e).contains(&byte)), "{session}");
    assert!(!session.contains("upstream"), "the server's id is not the client's to see");
    let answer = farm.ask(&farm.call(1, "x").with("Mcp-Session-Id", &session));
    assert!(answer.echoes(1, "x"), "{answer:?}");
    assert_eq!(backend.seen().last().unwrap().header("mcp-session-id"), Some("upstream-0"));
    let mut end = farm.alice.signs(Ask::new("DELETE", "/mcp").with("Mcp-Session-Id", &session));
    end = end.with("MCP-Protocol-Version", "2025-11-25");
    assert_eq!(farm.ask(&end).status, 200);
    let answer = farm.ask(&farm.call(1, "x").with("Mcp-Session-Id", &session));
    assert_eq!(answer.status, 404);
    farm.stop();
}

#[test]
fn forged_session_ids_reach_no_server() {
    let backend = backend();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let session = initialize(&farm, &farm.alice);
    let before = backend.count();
    let mut forged = vec![
        "upstream-0".to_owned(),
        // agentgateway's without a key is base64 of JSON, and taken from anyone.
        "eyJ0IjoiZWNobyIsInMiOiJ1cHN0cmVhbS0wIn0=".to_owned(),
        "0".to_owned(),
        "x".repeat(4000),
        format!("{session}x"),
        session[..session.len() - 1].to_owned(),
        session.to_ascii_uppercase(),
    ];
    for place in 0..session.len() {
        let mut bytes = session.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        forged.push(String::from_utf8(bytes).unwrap());
    }
    let mut client = farm.client();
    for id in forged.iter().filter(|id| **id != session) {
        let answer = client.ask(&farm.call(1, "x").with("Mcp-Session-Id", id));
        assert_eq!(answer.status, 404, "{id}: {answer:?}");
    }
    let twice = farm.call(1, "x").with("Mcp-Session-Id", &session).with("Mcp-Session-Id", "x");
    assert_eq!(farm.ask(&twice).status, 400);
    assert_eq!(backend.count(), before);
    farm.stop();
}

#[test]
fn a_session_of_one_user_is_not_anothers() {
    let backend = backend();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let session = initialize(&farm, &farm.alice);
    let before = backend.count();
    let stolen = farm.bob.signs(Ask::call(1, "x")).with("Mcp-Session-Id", &session);
    let answer = farm.ask(&stolen);
    assert_eq!(answer.status, 404, "{answer:?}");
    // And it is no proof of who calls.
    assert_eq!(farm.ask(&Ask::call(1, "x").with("Mcp-Session-Id", &session)).status, 401);
    for method in ["GET", "DELETE"] {
        let ask = Ask::new(method, "/mcp").with("Accept", "text/event-stream");
        let ask = farm.bob.signs(ask.with("Mcp-Session-Id", &session));
        assert_eq!(farm.ask(&ask).status, 404, "{method}");
    }
    assert_eq!(backend.count(), before);
    assert!(farm.ask(&farm.call(1, "x").with("Mcp-Session-Id", &session)).echoes(1, "x"));
    farm.stop();
}

#[test]
fn a_session_of_one_route_is_not_anothers() {
    let (one, other) = (backend(), backend());
    let farm = Setup::of(&[("echo", &one), ("other", &other)]).start();
    let session = initialize(&farm, &farm.alice);
    let mut ask = farm.call(1, "x").with("Mcp-Session-Id", &session);
    ask.line = "POST /other HTTP/1.1".to_owned();
    assert_eq!(farm.ask(&ask).status, 404);
    assert_eq!(other.count(), 0);
    farm.stop();
}

#[test]
fn any_replica_routes_any_session_to_its_task() {
    // What users of the peers ask for most: clients send no cookies, so a load balancer's stickiness
    // doesn't help.
    let tasks = [backend(), backend(), backend()];
    let all = || {
        let setup = Setup::of(&[("echo", &tasks[0])]);
        setup.with(|config| {
            let also = tasks[1..].iter().map(Backend::address).collect();
            config.servers.get_mut("echo").unwrap().upstream.also = also;
        })
    };
    let (one, mut other) = (all(), all());
    (other.keys, other.store) = (one.keys.clone(), one.store.clone());
    (other.alice, other.bob) = (one.alice.clone(), one.bob.clone());
    let (one, other) = (one.start(), other.start());
    let sessions: Vec<_> = (0..12).map(|_| initialize(&one, &one.alice)).collect();
    let opened: Vec<_> = tasks.iter().map(Backend::count).collect();
    assert!(opened.iter().all(|count| *count > 0), "{opened:?}: sessions are spread");
    for round in 0..3 {
        for (id, session) in (0..).zip(&sessions) {
            let text = format!("{round} {id}");
            for farm in [&one, &other] {
                let answer = farm.ask(&farm.call(id, &text).with("Mcp-Session-Id", session));
                assert!(answer.echoes(id, &text), "{answer:?}");
            }
        }
    }
    // Each went to the task that opened it, or it would have been a 404.
    let asked: usize = tasks.iter().map(Backend::count).sum();
    assert_eq!(asked, 12 + 12 * 3 * 2);
    one.stop();
    other.stop();
}

#[test]
fn a_session_whose_task_is_gone_has_ended() {
    let tasks = [backend(), backend()];
    let setup = Setup::of(&[("echo", &tasks[0])]).with(|config| {
        config.servers.get_mut("echo").unwrap().upstream.also = vec![tasks[1].address()];
    });
    let farm = setup.start();
    let sessions: Vec<_> = (0..8).map(|_| initialize(&farm, &farm.alice)).collect();
    tasks[0].kill();
    let mut statuses = Vec::new();
    for session in &sessions {
        let answer = farm.ask(&farm.call(1, "x").with("Mcp-Session-Id", session));
        assert!(answer.echoes(1, "x") || matches!(answer.status, 404 | 502 | 503), "{answer:?}");
        statuses.push(answer.status);
    }
    assert!(statuses.contains(&200) && statuses.iter().any(|it| *it != 200), "{statuses:?}");
    farm.stop();
}
