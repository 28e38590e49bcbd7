//! Refusals: explained to people, told to the client, and nothing secret goes where it doesn't belong.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use farmgate_client::connect::{Identity, Limits};
use http::HeaderName;
use serde_json::json;

use crate::client::{Client, limits};
use crate::stub::{Stub, legacy, write, write_json};

const KEY: &str = "fg_a-key-that-nobody-else-sees";

fn key() -> Identity {
    Identity::ApiKey {
        variable: "THE_KEY".to_owned(),
        key: KEY.into(),
        header: HeaderName::from_static("x-api-key"),
        group: Some((HeaderName::from_static("x-group-name"), "people".to_owned())),
    }
}

/// GHSA-9g45-5xwm-f3wc: headers leaked on a redirect.
#[test]
fn credentials_do_not_leak_on_a_redirect() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let elsewhere = Stub::legacy(|_, _| None);
        let to = elsewhere.url();
        let stub = Stub::new(move |_, stream| {
            write(stream, status, &format!("location: {to}?token=secret\r\n"), "")
        });
        for identity in [key, || Identity::Token { variable: "T".to_owned(), token: KEY.into() }] {
            let mut client = Client::with(&stub.url(), limits(), identity);
            let answer = client.ask("initialize", &json!({ "protocolVersion": "2025-11-25" }));
            let said = answer["error"]["message"].as_str().unwrap();
            assert!(said.contains("not followed") && !said.contains("secret"), "{said}");
            assert!(client.said().contains("not followed"), "{}", client.said());
        }
        assert!(elsewhere.seen().is_empty(), "nobody was sent there by {status}");
    }
}

#[test]
fn a_key_is_sent_and_never_said() {
    let stub = Stub::new(|seen, stream| {
        let sent = (seen.header("x-api-key"), seen.header("x-group-name"));
        assert_eq!(sent, (Some(KEY), Some("people")));
        write(stream, "401 Unauthorized", "", "{\"error\":\"unknown key\"}")
    });
    let mut client = Client::with(&stub.url(), limits(), key);
    let answer = client.ask("initialize", &json!({ "protocolVersion": "2025-11-25" }));
    let told = answer["error"]["message"].as_str().unwrap().to_owned();
    for text in [told, client.said()] {
        for words in ["401", "`THE_KEY`", "`x-api-key`", "`people`", "unknown key", "key list"] {
            assert!(text.contains(words), "`{words}` isn't in: {text}");
        }
        assert!(!text.contains(KEY), "{text}");
    }
    assert_eq!(client.said().lines().count(), 1);
    client.ask("tools/list", &json!({}));
    assert_eq!(client.said().lines().count(), 1, "the same is said once");
}

#[test]
fn who_says_nothing_learns_how_to() {
    let stub = Stub::new(|_, stream| write(stream, "401 Unauthorized", "", ""));
    let mut client = Client::new(&stub);
    client.ask("initialize", &json!({ "protocolVersion": "2025-11-25" }));
    assert!(client.said().contains("--sigv4"), "{}", client.said());
    assert_eq!(stub.seen().len(), 1, "it isn't asked again");
}

#[test]
fn a_tool_that_is_not_allowed_is_the_gates_answer() {
    let stub = Stub::legacy(|seen, stream| {
        (seen.what() == "tools/call").then(|| {
            let error = json!({
                "jsonrpc": "2.0",
                "id": seen.message()["id"],
                "error": { "code": -32003, "message": "this tool is not allowed" },
            });
            write(stream, "403 Forbidden", "content-type: application/json\r\n", &error.to_string())
        })
    });
    let mut client = Client::with(&stub.url(), limits(), key);
    client.open();
    let answer = client.call();
    assert_eq!(answer["error"], json!({ "code": -32003, "message": "this tool is not allowed" }));
    assert!(client.said().contains("403"), "{}", client.said());
}

#[test]
fn retry_after_is_waited_out() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let refused = AtomicUsize::new(0);
        let stub = Stub::legacy(move |seen, stream| {
            let first = seen.what() == "tools/call" && refused.fetch_add(1, Ordering::SeqCst) == 0;
            first.then(|| write(stream, status, "retry-after: 1\r\n", ""))
        });
        let mut client = Client::new(&stub);
        client.open();
        let start = Instant::now();
        assert!(client.call()["result"].is_object());
        assert!(start.elapsed() >= Duration::from_secs(1), "{status}");
        assert_eq!(client.said(), "");
    }
}

#[test]
fn patience_has_an_end() {
    // Too long.
    let stub = Stub::legacy(|seen, stream| {
        (seen.what() == "tools/call")
            .then(|| write(stream, "429 Too Many Requests", "retry-after: 3600\r\n", ""))
    });
    let mut client = Client::new(&stub);
    client.open();
    let answer = client.call();
    assert!(answer["error"]["message"].as_str().unwrap().contains("3600 s"), "{answer}");
    assert!(client.said().contains("429"), "{}", client.said());
    assert_eq!(stub.count("tools/call"), 1);
    // Too often.
    let stub = Stub::legacy(|seen, stream| {
        (seen.what() == "tools/call")
            .then(|| write(stream, "429 Too Many Requests", "retry-after: 0\r\n", ""))
    });
    let limits = Limits { most_waits: 2, ..limits() };
    let mut client = Client::with(&stub.url(), limits, || Identity::None);
    client.open();
    assert!(client.call()["error"].is_object());
    assert_eq!(stub.count("tools/call"), 3);
}

#[test]
fn a_farm_that_is_not_there_yet_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut client = Client::with(&format!("http://{address}/mcp"), limits(), || Identity::None);
    let id = client.send("initialize", &json!({ "protocolVersion": "2025-11-25" }));
    std::thread::sleep(Duration::from_millis(200));
    let Ok(listener) = TcpListener::bind(address) else {
        println!("skipped: somebody took the port meanwhile");
        return;
    };
    let stub = Stub::on(listener, legacy);
    assert_eq!(client.read()["id"], id);
    assert_eq!(stub.count("initialize"), 1);
}

#[test]
fn a_farm_that_never_comes_is_an_error_and_no_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let limits = Limits { patience_at_start: Duration::from_millis(200), ..limits() };
    let mut client = Client::with(&format!("http://{address}/mcp"), limits, || Identity::None);
    for method in ["initialize", "tools/list"] {
        let answer = client.ask(method, &json!({}));
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(said.contains("can't be reached"), "{said}");
    }
    assert!(client.end().is_empty());
}

#[test]
fn what_is_no_mcp_is_said() {
    let stub = Stub::new(|_, stream| {
        write(stream, "200 OK", "content-type: text/html\r\n", "<html>welcome</html>")
    });
    let mut client = Client::new(&stub);
    let answer = client.ask("initialize", &json!({}));
    assert!(answer["error"]["message"].as_str().unwrap().contains("neither JSON"), "{answer}");
    let stub = Stub::new(|_, stream| write(stream, "502 Bad Gateway", "", "no\u{1b}[31m server"));
    let mut client = Client::new(&stub);
    let answer = client.ask("tools/call", &json!({ "name": "t" }));
    let said = answer["error"]["message"].as_str().unwrap();
    assert!(said.contains("502: `no[31m server`"), "{said}");
    assert_eq!(stub.seen().len(), 1);
}

#[test]
fn a_certificate_of_nobody_known_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/mcp", listener.local_addr().unwrap());
    // What answers is no TLS at all.
    let _stub = Stub::on(listener, |_, stream| write_json(stream, "", "{}"));
    std::thread::sleep(Duration::from_millis(1));
    let authority = tempfile::NamedTempFile::new().unwrap();
    let none = farmgate_live::roots_of(authority.path());
    assert!(none.is_err(), "an empty file holds no authority");
    let limits = Limits { patience_at_start: Duration::from_millis(100), ..limits() };
    let mut client = Client::with(&url, limits, || Identity::None);
    let answer = client.ask("initialize", &json!({}));
    assert!(answer["error"].is_object(), "{answer}");
}

#[test]
fn an_error_that_names_another_request_keeps_its_code() {
    let stub = Stub::new(|_, stream| {
        let error = json!({
            "jsonrpc": "2.0",
            "id": "server-error",
            "error": { "code": -32600, "message": "Missing session ID" },
        });
        write(
            stream,
            "406 Not Acceptable",
            "content-type: application/json\r\n",
            &error.to_string(),
        )
    });
    let mut client = Client::new(&stub);
    let answer = client.ask("server/discover", &json!({}));
    assert_eq!(answer["error"]["code"], -32600);
    assert!(
        answer["error"]["message"].as_str().unwrap().contains("Missing session ID"),
        "{answer}"
    );
}
