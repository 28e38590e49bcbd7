//! Legacy sessions before a stdio server: one process each, streams, ends, bounds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    dead_code,
    reason = "a test; of the harness it uses a part"
)]

#[path = "support/harness.rs"]
mod harness;

use std::time::Duration;

use farmgate_keys::{GateKeys, Principal, Verifier};
use harness::{Harness, run, until};
use http::Method;
use serde_json::{Value, json};

#[test]
fn sessions_are_apart() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let (a, b) = (bridge.open().await, bridge.open().await);
        assert_ne!(a, b);
        assert_eq!(a.len(), 64);
        let mut pids = Vec::new();
        for (session, expected) in [(&a, 1), (&a, 2), (&b, 1), (&a, 3)] {
            let answer = bridge.call(session, json!("same id"), "count", json!({})).await;
            let answer = answer.json().await;
            assert_eq!(answer["result"]["count"], expected);
            assert_eq!(answer["id"], "same id");
            pids.push(answer["result"]["pid"].as_u64().unwrap());
        }
        assert_eq!(pids[0], pids[1]);
        assert_ne!(pids[0], pids[2]);
        bridge.end().await;
        for pid in pids {
            assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
        }
    });
}

#[test]
fn a_session_belongs_to_its_principal() {
    let keys = GateKeys::generate().unwrap();
    let sign = |subject: &str| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let principal =
            Principal { subject: subject.to_owned(), groups: Vec::new(), kind: "api_key" };
        keys.signer().sign(&principal, "x", now.as_secs().try_into().unwrap(), 60).unwrap()
    };
    run(async {
        let Some(bridge) = Harness::stdio(&[], |settings| {
            settings.public_key = Some(Verifier::parse(&keys.public()).unwrap());
            settings.plain = true;
        }) else {
            return;
        };
        let (alice, bob) = (sign("key:alice"), sign("key:bob"));
        let unsigned = bridge.initialize(&[]).await;
        assert_eq!(unsigned.status, 401);
        let answer = bridge.initialize(&[("farmgate-principal", &alice)]).await;
        let session = answer.header("mcp-session-id").unwrap();
        let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
        for (who, status) in [(&alice, 200), (&bob, 404)] {
            let headers = [("farmgate-principal", who.as_str()), ("mcp-session-id", &session)];
            assert_eq!(bridge.post(&headers, &list).await.status, status);
        }
        let headers = [("farmgate-principal", bob.as_str()), ("mcp-session-id", &session)];
        assert_eq!(bridge.send(Method::DELETE, &headers, "").await.status, 404);
        let headers = [("farmgate-principal", alice.as_str()), ("mcp-session-id", &session)];
        assert_eq!(bridge.send(Method::DELETE, &headers, "").await.status, 204);
        assert_eq!(bridge.post(&headers, &list).await.status, 404);
        bridge.end().await;
    });
}

#[test]
fn requests_without_a_session_or_with_a_wrong_one() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let session = bridge.open().await;
        let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
        let post = async |headers: &[(&str, &str)]| bridge.post(headers, &list).await.status;
        assert_eq!(post(&[]).await, 400);
        assert_eq!(post(&[("mcp-session-id", "0000")]).await, 404);
        assert_eq!(post(&[("mcp-session-id", &session)]).await, 200);
        let good = ("mcp-session-id", session.as_str());
        for (version, status) in [("2025-11-25", 200), ("2025-03-26", 200), ("1900-01-01", 400)] {
            assert_eq!(post(&[good, ("mcp-protocol-version", version)]).await, status, "{version}");
        }
        assert_eq!(post(&[good, ("content-type", "text/plain")]).await, 415);
        assert_eq!(post(&[good, ("accept", "text/html")]).await, 406);
        assert_eq!(bridge.send(Method::PUT, &[good], "").await.status, 405);
        assert_eq!(
            bridge.send(Method::GET, &[good, ("accept", "text/html")], "").await.status,
            406
        );
        assert_eq!(
            bridge.send(Method::GET, &[("accept", "text/event-stream")], "").await.status,
            400
        );
        let batch = bridge.post_raw(&[good], "[]").await;
        assert_eq!(batch.status, 400);
        // Something that looks like an answer to nothing is taken, as the protocol says, and means
        // nothing to the server.
        let answer = json!({ "jsonrpc": "2.0", "id": 5, "result": {} });
        assert_eq!(bridge.post(&[good], &answer).await.status, 202);
        bridge.end().await;
    });
}

#[test]
fn every_byte_of_a_message_goes_through() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let session = bridge.open().await;
        let good = ("mcp-session-id", session.as_str());
        let odd = "{ \"unknown\":[1.0e2 ,{}],\"params\":{\"name\":\"line\" , \"x\":\"\\u00e9\"},\n\
                   \"method\":\"tools/call\",\"id\":\"1\",  \"jsonrpc\":\"2.0\"}";
        let answer = bridge.post_raw(&[good], odd).await.json().await;
        assert_eq!(answer["result"]["line"], odd.replace('\n', " "));
        let answer = bridge.call(&session, json!(7), "raw", json!({})).await.text().await;
        let expected = "{ \"result\" : {\"x\":1.0e2,\"unknown\":[ ],\"text\":\"\\u00e9\"} ,\"id\":7, \
                        \"jsonrpc\":\"2.0\" }";
        assert_eq!(answer, expected);
        bridge.end().await;
    });
}

#[test]
fn what_comes_before_an_answer_makes_it_a_stream() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let session = bridge.open().await;
        let answer = bridge.call(&session, json!(1), "progress", json!({ "times": 3 })).await;
        let messages = answer.messages().await;
        assert_eq!(messages.len(), 4);
        assert_eq!(messages[0]["params"]["progressToken"], "p");
        assert_eq!(messages[3]["result"]["done"], true);
        let answer = bridge.call(&session, json!(2), "log", json!({})).await;
        let messages = answer.messages().await;
        assert_eq!(messages[0]["method"], "notifications/message");
        // A client that takes no stream gets the answer alone.
        let call = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call",
            "params": { "name": "log" } });
        let headers = [("mcp-session-id", session.as_str()), ("accept", "application/json")];
        assert_eq!(bridge.post(&headers, &call).await.json().await["result"]["done"], true);
        bridge.end().await;
    });
}

#[test]
fn the_server_asks_the_client_and_gets_its_answer() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let session = bridge.open().await;
        let mut answer = bridge.call(&session, json!(1), "ask", json!({})).await;
        let (_, request) = answer.event().await.unwrap();
        assert_eq!(request["method"], "sampling/createMessage");
        let response = json!({ "jsonrpc": "2.0", "id": request["id"], "result": { "text": "hi" } });
        let taken = bridge.post(&[("mcp-session-id", &session)], &response).await;
        assert_eq!(taken.status, 202);
        assert_eq!(taken.text().await, "");
        let (_, last) = answer.event().await.unwrap();
        assert_eq!(last["result"]["answered"]["result"]["text"], "hi");
        assert!(answer.event().await.is_none());
        bridge.end().await;
    });
}

#[test]
fn concurrent_requests_each_get_their_own() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let session = bridge.open().await;
        let call = |id: u32, token: String| {
            json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
                "name": "progress", "arguments": { "times": 20 },
                "_meta": { "progressToken": token } } })
        };
        let headers = [("mcp-session-id", session.as_str())];
        let (a, b) = (call(1, "a".into()), call(2, "b".into()));
        let (a, b) =
            tokio::join!(async { bridge.post(&headers, &a).await.messages().await }, async {
                bridge.post(&headers, &b).await.messages().await
            },);
        for (messages, token, id) in [(a, "a", 1), (b, "b", 2)] {
            assert_eq!(messages.len(), 21);
            assert!(messages[..20].iter().all(|it| it["params"]["progressToken"] == token));
            assert_eq!(messages[20]["id"], id);
        }
        bridge.end().await;
    });
}

#[test]
fn a_stream_that_breaks_off_is_resumed_and_nothing_is_cancelled() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let session = bridge.open().await;
        let good = ("mcp-session-id", session.as_str());
        let mut answer = bridge.call(&session, json!(1), "ask", json!({})).await;
        let (id, request) = answer.event().await.unwrap();
        let id = id.expect("an id to resume from");
        drop(answer);
        let response = json!({ "jsonrpc": "2.0", "id": request["id"], "result": 5 });
        assert_eq!(bridge.post(&[good], &response).await.status, 202);
        let headers = [good, ("accept", "text/event-stream"), ("last-event-id", &id)];
        let mut resumed = bridge.send(Method::GET, &headers, "").await;
        assert_eq!(resumed.status, 200);
        let (_, last) = resumed.event().await.unwrap();
        assert_eq!(last["result"]["answered"]["result"], 5);
        assert!(resumed.event().await.is_none());
        let seen = bridge.call(&session, json!(2), "cancelled", json!({})).await.json().await;
        assert_eq!(seen["result"]["cancelled"], json!([]));
        bridge.end().await;
    });
}

#[test]
fn a_cancelled_request_ends_though_the_server_does_not_answer() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let session = bridge.open().await;
        let good = [("mcp-session-id", session.as_str())];
        let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": { "requestId": 1 } });
        let (slept, _) = tokio::join!(bridge.call(&session, json!(1), "sleep", json!({})), async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert_eq!(bridge.post(&good, &cancel).await.status, 202);
        });
        let slept = slept.json().await;
        assert_eq!(slept["error"]["message"], "the request was cancelled");
        let seen = bridge.call(&session, json!(2), "cancelled", json!({})).await.json().await;
        assert_eq!(seen["result"]["cancelled"], json!(["1"]));
        bridge.end().await;
    });
}

#[test]
fn the_own_stream_gets_what_belongs_to_no_request() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |settings| {
            settings.children.keep_alive = Duration::from_millis(50);
        }) else {
            return;
        };
        let session = bridge.open().await;
        let headers = [("mcp-session-id", session.as_str()), ("accept", "text/event-stream")];
        let mut own = bridge.send(Method::GET, &headers, "").await;
        assert_eq!(own.status, 200);
        // First an id to resume from; then comments, until there is something to say.
        assert_eq!(own.piece().await.unwrap(), "id: 0_0\nretry: 1000\ndata: \n\n");
        assert!(own.piece().await.unwrap().starts_with(':'));
        let answer = bridge.call(&session, json!(1), "general", json!({})).await;
        assert_eq!(answer.json().await["result"]["done"], true);
        let (id, changed) = own.event().await.unwrap();
        assert_eq!(changed["method"], "notifications/tools/list_changed");
        assert_eq!(id.unwrap(), "0_1");
        // Another GET takes over; the first one ends.
        let second = bridge.send(Method::GET, &headers, "").await;
        assert_eq!(second.status, 200);
        assert!(own.event().await.is_none());
        drop(second);
        bridge.end().await;
    });
}

#[test]
fn a_slow_request_becomes_a_stream_with_comments() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |settings| {
            settings.children.stream_after = Duration::from_millis(50);
            settings.children.keep_alive = Duration::from_millis(50);
        }) else {
            return;
        };
        let session = bridge.open().await;
        let mut answer = bridge.call(&session, json!(1), "sleep", json!({ "seconds": 0.5 })).await;
        assert!(answer.is_stream());
        assert!(answer.piece().await.unwrap().starts_with("id: "));
        assert!(answer.piece().await.unwrap().starts_with(':'));
        let (_, last) = answer.event().await.unwrap();
        assert_eq!(last["result"]["slept"], true);
        bridge.end().await;
    });
}

#[test]
fn junk_is_logged_and_skipped() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |settings| settings.message_bytes = 10_000) else {
            return;
        };
        let session = bridge.open().await;
        let answer = bridge.call(&session, json!(1), "junk", json!({})).await.json().await;
        assert_eq!(answer["result"]["done"], true);
        let answer = bridge.call(&session, json!(2), "long", json!({ "bytes": 20_000 })).await;
        assert_eq!(answer.json().await["result"]["done"], true);
        // An answer that is too long is answered nevertheless.
        for late in [false, true] {
            let args = json!({ "bytes": 20_000, "late": late });
            let answer = bridge.call(&session, json!(5), "large", args).await.json().await;
            assert_eq!(answer["error"]["message"], "the server's answer is too long");
        }
        // An answer that nests deeper than a message may is its client's to read.
        let answer = bridge.call(&session, json!(3), "deep", json!({})).await.text().await;
        assert!(answer.ends_with(&format!("{}}}}}", "]".repeat(200))), "{answer}");
        let answer = bridge.call(&session, json!(4), "error", json!({})).await.json().await;
        assert_eq!(answer["error"]["code"], -32602);
        until("what it prints is logged", async || {
            bridge.log().iter().any(|entry| entry.printed && entry.text == "an error line")
        })
        .await;
        let log = bridge.log();
        let text: Vec<&str> = log.iter().map(|entry| entry.text.as_str()).collect();
        let text = text.join("\n");
        assert!(text.contains("this is no JSON \u{fffd}[2J"), "{text}");
        assert!(text.contains("a message of more than 10000 bytes is left out"), "{text}");
        bridge.end().await;
    });
}

#[test]
fn a_process_that_dies_ends_its_session_and_no_other() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let (a, b) = (bridge.open().await, bridge.open().await);
        let (waiting, died) = tokio::join!(
            bridge.call(&a, json!(1), "sleep", json!({})),
            bridge.call(&a, json!(2), "die", json!({})),
        );
        for answer in [waiting, died] {
            let answer = answer.json().await;
            assert_eq!(answer["error"]["code"], -32603);
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.contains("exit code 3"), "{message}");
        }
        let list = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/list" });
        assert_eq!(bridge.post(&[("mcp-session-id", &a)], &list).await.status, 404);
        assert_eq!(bridge.post(&[("mcp-session-id", &b)], &list).await.status, 200);
        // One that worked before is no reason to wait with the next.
        bridge.open().await;
        bridge.end().await;
    });
}

#[test]
fn a_command_that_does_not_work_is_not_started_again_at_once() {
    run(async {
        let Some(bridge) = Harness::stdio(&["crash"], |_| {}) else { return };
        let first = bridge.initialize(&[]).await;
        assert_eq!(first.status, 200);
        let first = first.json().await;
        assert!(first["error"]["message"].as_str().unwrap().contains("exit code 7"), "{first}");
        until("the next one has to wait", async || {
            let next = bridge.initialize(&[]).await;
            next.status == 503 && next.header("retry-after").is_some()
        })
        .await;
        // A health check sees it, too.
        assert_eq!(bridge.send(Method::GET, &[], "").await.status, 503);
        bridge.end().await;
    });
}

#[test]
fn there_are_never_more_processes_than_allowed() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |settings| {
            settings.children.most = 3;
            settings.children.most_of_one = 3;
            settings.children.requests = 2;
        }) else {
            return;
        };
        let mut sessions = Vec::new();
        for _ in 0..3 {
            sessions.push(bridge.open().await);
        }
        let refused = bridge.initialize(&[]).await;
        assert_eq!(refused.status, 503);
        assert_eq!(refused.header("retry-after").unwrap(), "10");
        let headers = [("mcp-session-id", sessions[0].as_str())];
        assert_eq!(bridge.send(Method::DELETE, &headers, "").await.status, 204);
        until("there is a place", async || bridge.initialize(&[]).await.status == 200).await;
        // And never more requests.
        let session = &sessions[1];
        let sleep = |id| bridge.call(session, json!(id), "sleep", json!({ "seconds": 1 }));
        let (one, two, three) = tokio::join!(sleep(1), sleep(2), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            bridge.call(session, json!(9), "count", json!({})).await
        });
        assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
        assert_eq!(three.status, 429);
        bridge.end().await;
    });
}

#[test]
fn idle_and_old_sessions_end() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |settings| {
            settings.children.idle = Duration::from_millis(400);
        }) else {
            return;
        };
        let (idle, listening) = (bridge.open().await, bridge.open().await);
        let headers = [("mcp-session-id", listening.as_str()), ("accept", "text/event-stream")];
        let _own = bridge.send(Method::GET, &headers, "").await;
        let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
        until("the idle one is gone", async || {
            tokio::time::sleep(Duration::from_millis(500)).await;
            bridge.post(&[("mcp-session-id", &idle)], &list).await.status == 404
        })
        .await;
        assert_eq!(bridge.post(&[("mcp-session-id", &listening)], &list).await.status, 200);
        bridge.end().await;
        let Some(bridge) = Harness::stdio(&[], |settings| {
            settings.children.lifetime = Duration::from_millis(600);
        }) else {
            return;
        };
        let old = bridge.open().await;
        until("the old one is gone", async || {
            bridge.post(&[("mcp-session-id", &old)], &list).await.status == 404
        })
        .await;
        bridge.end().await;
    });
}

#[test]
fn a_drain_lets_requests_end() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let session = bridge.open().await;
        let headers = [("mcp-session-id", session.as_str()), ("accept", "text/event-stream")];
        let mut own = bridge.send(Method::GET, &headers, "").await;
        let (slept, ()) = tokio::join!(
            bridge.call(&session, json!(1), "sleep", json!({ "seconds": 0.7 })),
            async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                bridge.drain.begin();
                // A stream without an answer to wait for ends at once.
                while own.piece().await.is_some() {}
            }
        );
        assert_eq!(slept.json().await["result"]["slept"], true);
        bridge.end().await;
    });
}

#[test]
fn the_servers_environment_is_what_it_was_given() {
    run(async {
        let Some(farmgate_bridge::Behind::Command(start)) = harness::server(&[]) else { return };
        let start = start.with("SECRET", "s3cret");
        let behind = farmgate_bridge::Behind::Command(start);
        let bridge = Harness::start(behind, None, |_| {});
        let session = bridge.open().await;
        let asked =
            bridge.call(&session, json!(1), "environment", json!({ "of": ["SECRET"] })).await;
        let asked = asked.json().await;
        assert_eq!(asked["result"]["values"]["SECRET"], "s3cret");
        let names = asked["result"]["names"].as_array().unwrap();
        let ours = |name: &Value| name.as_str().unwrap().starts_with("CARGO");
        assert!(!names.iter().any(ours), "{names:?}");
        bridge.end().await;
    });
}
