//! Modern requests before a stdio server: one process for each principal, ids that are put back.

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
use harness::{Harness, meta, run, until};
use http::Method;
use serde_json::json;

#[test]
fn two_clients_use_the_same_id() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let call = || bridge.modern(&[], json!(1), "progress", json!({ "times": 5 }));
        let (a, b, c) = tokio::join!(
            async { call().await.messages().await },
            async { call().await.messages().await },
            async { bridge.modern(&[], json!("1"), "count", json!({})).await.json().await },
        );
        for messages in [a, b] {
            assert_eq!(messages.len(), 6);
            assert!(messages[..5].iter().all(|it| it["params"]["progressToken"] == "theirs"));
            assert_eq!(messages[5]["id"], 1);
        }
        assert_eq!(c["id"], "1");
        assert_eq!(c["result"]["count"], 1);
        bridge.end().await;
    });
}

#[test]
fn one_process_for_all_requests_of_a_principal_and_none_of_anothers() {
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
        let mut counts = Vec::new();
        for who in ["key:alice", "key:bob", "key:alice"] {
            let header = sign(who);
            let headers = [("farmgate-principal", header.as_str())];
            let answer = bridge.modern(&headers, json!(1), "count", json!({})).await.json().await;
            counts.push(answer["result"]["count"].as_u64().unwrap());
        }
        assert_eq!(counts, [1, 1, 2]);
        assert_eq!(bridge.modern(&[], json!(1), "count", json!({})).await.status, 401);
        bridge.end().await;
    });
}

#[test]
fn only_ids_and_tokens_are_replaced() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let odd = |id: &str, token: &str| {
            format!(
                "{{ \"unknown\":[1.0e2 ,{{\"id\":9}}],\"params\":{{\"name\":\"line\" , \
                 \"_meta\":{{\"progressToken\":{token},\
                 \"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\
                 \"io.modelcontextprotocol/clientCapabilities\":{{}} }}}},\
                 \"method\":\"tools/call\",\"id\":{id},  \"jsonrpc\":\"2.0\"}}"
            )
        };
        let headers = [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "line"),
        ];
        let answer = bridge.post_raw(&headers, odd("\"\\u0061\"", "\"t\"")).await;
        let text = answer.text().await;
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(text.contains(r#""id":"\u0061""#), "as it was written: {text}");
        let own = answer["result"]["line"].as_str().unwrap();
        let number = own.split("\"id\":").nth(2).unwrap().split(',').next().unwrap();
        assert_eq!(own, odd(number, number));
        let answer = bridge.modern(&[], json!(7), "raw", json!({})).await.text().await;
        let expected = "{ \"result\" : {\"x\":1.0e2,\"unknown\":[ ],\"text\":\"\\u00e9\"} ,\"id\":7, \
                        \"jsonrpc\":\"2.0\" }";
        assert_eq!(answer, expected);
        bridge.end().await;
    });
}

#[test]
fn a_client_that_goes_away_cancels() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |settings| {
            settings.children.keep_alive = Duration::from_millis(50);
        }) else {
            return;
        };
        // The process has to be there, so that what is cancelled is the call and not the start.
        assert_eq!(bridge.modern(&[], json!(0), "count", json!({})).await.status, 200);
        let stream = bridge.modern(&[], json!(1), "sleep", json!({})).await;
        assert!(stream.is_stream());
        drop(stream);
        let cancelled = async || {
            let answer = bridge.modern(&[], json!(2), "cancelled", json!({})).await.json().await;
            answer["result"]["cancelled"].as_array().unwrap().len()
        };
        until("the server is told", async || cancelled().await == 1).await;
        // One whose answer hasn't begun, too.
        let early = tokio::time::timeout(
            Duration::from_millis(20),
            bridge.modern(&[], json!(3), "sleep", json!({})),
        );
        assert!(early.await.is_err());
        until("the server is told again", async || cancelled().await == 2).await;
        bridge.end().await;
    });
}

#[test]
fn subscriptions_have_the_clients_ids() {
    for words in [&[][..], &["text"]] {
        run(async {
            let Some(bridge) = Harness::stdio(words, |_| {}) else { return };
            let key = "io.modelcontextprotocol/subscriptionId";
            let text = !words.is_empty();
            for (id, expected) in [
                (json!(5), if text { json!("5") } else { json!(5) }),
                (json!("mine"), json!("mine")),
            ] {
                let mut stream =
                    bridge.modern_request(id.clone(), "subscriptions/listen", json!({})).await;
                assert!(stream.is_stream());
                let (_, acknowledged) = stream.event().await.unwrap();
                assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
                assert_eq!(acknowledged["params"]["_meta"][key], expected);
                let (event, changed) = stream.event().await.unwrap();
                assert_eq!(changed["params"]["_meta"][key], expected);
                assert_eq!(event, None, "nothing is resumed in this revision");
                // Other requests go on beside it.
                let answer = bridge.modern(&[], id.clone(), "count", json!({})).await;
                assert_eq!(answer.json().await["id"], id);
                // A server that ends a subscription ends its stream.
                let ended = bridge
                    .modern_request(json!(6), "subscriptions/listen", json!({ "ends": true }))
                    .await;
                assert_eq!(ended.messages().await.len(), 2);
                let answered = bridge
                    .modern_request(id, "subscriptions/listen", json!({ "result": true }))
                    .await;
                let messages = answered.messages().await;
                assert_eq!(messages[2]["result"]["_meta"][key], expected);
            }
            bridge.end().await;
        });
    }
}

#[test]
fn statuses_are_those_of_the_revision() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        for (code, status) in [(-32601, 404), (-32022, 400), (-32021, 400), (-32602, 200)] {
            let answer = bridge.modern(&[], json!(1), "error", json!({ "code": code })).await;
            assert_eq!(answer.status, status, "{code}");
        }
        let answer = bridge.modern_request(json!(1), "no/such", json!({})).await;
        assert_eq!(answer.status, 404);
        let discover = bridge.modern_request(json!(1), "server/discover", json!({})).await;
        assert_eq!(discover.json().await["result"]["supportedVersions"][0], "2026-07-28");
        // What no server takes.
        let call = |meta| {
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": { "name": "count", "_meta": meta } })
        };
        let all = [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "count"),
        ];
        let mut incomplete = meta(None);
        incomplete.as_object_mut().unwrap().remove("io.modelcontextprotocol/clientCapabilities");
        for (headers, meta, code) in [
            (&all[..], incomplete, -32602),
            (&all[..], json!({}), -32602),
            (&all[..1], meta(None), -32020),
            (&all[..2], meta(None), -32020),
        ] {
            let answer = bridge.post(headers, &call(meta)).await;
            assert_eq!(answer.status, 400);
            assert_eq!(answer.json().await["error"]["code"], code);
        }
        let headers = [("mcp-protocol-version", "2026-07-28")];
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(bridge.send(method, &headers, "").await.status, 405);
        }
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/x",
            "params": { "_meta": meta(None) } });
        assert_eq!(bridge.post(&headers, &note).await.status, 202);
        bridge.end().await;
    });
}

#[test]
fn a_server_of_the_older_era_says_so_and_does_not_hang() {
    for (words, silent) in [(&["legacy"][..], false), (&["legacy", "silent"], true)] {
        run(async {
            let Some(bridge) = Harness::stdio(words, |settings| {
                settings.children.era_time = Duration::from_millis(300);
            }) else {
                return;
            };
            for _ in 0..2 {
                let answer = bridge.modern(&[], json!(1), "count", json!({})).await;
                assert_eq!(answer.status, 400, "silent: {silent}");
                let answer = answer.json().await;
                assert_eq!(answer["error"]["code"], -32022, "{answer}");
                assert_eq!(answer["error"]["data"]["supported"], json!(["2025-11-25"]));
                assert_eq!(answer["error"]["data"]["requested"], "2026-07-28");
                assert_eq!(answer["id"], 1);
            }
            let session = bridge.open().await;
            let answer = bridge.call(&session, json!(1), "count", json!({})).await.json().await;
            assert_eq!(answer["result"]["count"], 1);
            bridge.end().await;
        });
    }
}

#[test]
fn both_eras_at_one_endpoint_in_processes_of_their_own() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let session = bridge.open().await;
        let old = bridge.call(&session, json!(1), "count", json!({})).await.json().await;
        let new = bridge.modern(&[], json!(1), "count", json!({})).await.json().await;
        assert_eq!((&old["result"]["count"], &new["result"]["count"]), (&json!(1), &json!(1)));
        assert_ne!(old["result"]["pid"], new["result"]["pid"]);
        // A session's id means nothing in the newer era.
        let headers = [("mcp-session-id", "0000")];
        assert_eq!(bridge.modern(&headers, json!(1), "count", json!({})).await.status, 200);
        bridge.end().await;
    });
}

#[test]
fn a_server_of_the_newer_era_only_refuses_initialize_itself() {
    run(async {
        let Some(bridge) = Harness::stdio(&["modern"], |_| {}) else { return };
        let answer = bridge.initialize(&[]).await;
        assert_eq!(answer.status, 400);
        assert!(answer.header("mcp-session-id").is_none());
        assert_eq!(answer.json().await["error"]["code"], -32022);
        assert_eq!(bridge.modern(&[], json!(1), "count", json!({})).await.status, 200);
        bridge.end().await;
    });
}

#[test]
fn an_answer_that_is_too_long_is_answered_nevertheless() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |settings| settings.message_bytes = 10_000) else {
            return;
        };
        for late in [false, true] {
            let args = json!({ "bytes": 20_000, "late": late });
            let answer = bridge.modern(&[], json!("a"), "large", args).await.json().await;
            assert_eq!(answer["error"]["message"], "the server's answer is too long");
            assert_eq!(answer["id"], "a");
        }
        bridge.end().await;
    });
}

#[test]
fn arguments_that_are_repeated_in_headers_are_compared() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        for (header, status) in [(Some("here"), 200), (Some("there"), 400), (None, 400)] {
            let header = header.map(|value| ("mcp-param-region", value));
            let headers: Vec<(&str, &str)> = header.into_iter().collect();
            let args = json!({ "region": "here" });
            let answer = bridge.modern(&headers, json!(1), "count", args).await;
            assert_eq!(answer.status, status, "{header:?}");
            let answer = answer.json().await;
            assert_eq!(answer["id"], 1);
            assert!(status == 200 || answer["error"]["code"] == -32020, "{answer}");
        }
        bridge.end().await;
    });
}

#[test]
fn a_process_that_dies_answers_everybody_and_is_replaced() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let (sleeps, dies) = tokio::join!(
            bridge.modern(&[], json!("a"), "sleep", json!({})),
            bridge.modern(&[], json!("b"), "die", json!({})),
        );
        for (answer, id) in [(sleeps, "a"), (dies, "b")] {
            let answer = answer.json().await;
            assert_eq!(answer["error"]["code"], -32603);
            assert_eq!(answer["id"], id);
        }
        let answer = bridge.modern(&[], json!(1), "count", json!({})).await.json().await;
        assert_eq!(answer["result"]["count"], 1);
        bridge.end().await;
    });
}

#[test]
fn an_unused_process_makes_room_and_an_idle_one_ends() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |settings| settings.children.most = 1) else {
            return;
        };
        assert_eq!(bridge.modern(&[], json!(1), "count", json!({})).await.status, 200);
        until("a session gets the place", async || bridge.initialize(&[]).await.status == 200)
            .await;
        bridge.end().await;
        let Some(bridge) = Harness::stdio(&[], |settings| {
            settings.children.idle = Duration::from_millis(300);
        }) else {
            return;
        };
        let first = bridge.modern(&[], json!(1), "count", json!({})).await.json().await;
        let pid = first["result"]["pid"].as_u64().unwrap();
        until("it is gone", async || !std::path::Path::new(&format!("/proc/{pid}")).exists()).await;
        bridge.end().await;
    });
}

#[test]
fn what_the_server_asks_is_refused_and_what_it_says_is_passed_on() {
    run(async {
        let Some(bridge) = Harness::stdio(&[], |_| {}) else { return };
        let answer = bridge.modern(&[], json!(1), "ask", json!({})).await.json().await;
        assert_eq!(answer["result"]["answered"]["error"]["code"], -32601, "{answer}");
        let messages = bridge.modern(&[], json!(1), "log", json!({})).await.messages().await;
        assert_eq!(messages[0]["method"], "notifications/message");
        bridge.end().await;
    });
}
