//! The embedded server over HTTP, as clients of both eras see it. What the conformance suite checks
//! is checked there; here is what it leaves out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Far longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(60);

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(farmgate_everything::http(listener, async {
            let _ = stopped.await;
        }));
        Self { address, stop, task }
    }

    /// One request on a connection of its own.
    async fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(self.text(line, headers, body).as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(LIMIT, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn text(&self, line: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut text = format!(
            "{line} HTTP/1.1\r\nconnection: close\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\ncontent-length: {}\r\n",
            body.len()
        );
        if !headers.iter().any(|(name, _)| *name == "host") {
            text.push_str(&format!("host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        format!("{text}\r\n{body}")
    }

    async fn post(&self, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.send("POST /any/path", headers, &body.to_string()).await
    }

    /// A session of the older era.
    async fn session(&self) -> String {
        let answer = self.post(&[], &initialize()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let session = answer.header("mcp-session-id").unwrap().to_owned();
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let taken = self.post(&[("mcp-session-id", &session)], &note).await;
        assert_eq!(taken.status, 202);
        session
    }

    /// A call of the newer era.
    async fn call(&self, tool: &str, params: Value) -> Answer {
        let mut params = params;
        params["name"] = json!(tool);
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} },
        });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let headers = [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", tool),
        ];
        self.post(&headers, &body).await
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The messages in it, whether it is JSON or a stream of events, chunked or not.
    fn messages(&self) -> Vec<Value> {
        let lines = self.body.lines().map(|line| line.strip_prefix("data:").unwrap_or(line));
        lines
            .filter_map(|line| serde_json::from_str(line.trim()).ok())
            .filter(Value::is_object)
            .collect()
    }

    /// The result among them.
    fn result(&self) -> Value {
        let found = self.messages().into_iter().find_map(|message| message.get("result").cloned());
        found.unwrap_or_else(|| panic!("no result in: {}", self.body))
    }
}

fn initialize() -> Value {
    json!({
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        },
    })
}

#[tokio::test]
async fn both_eras_are_served_at_any_path() {
    let server = Server::start().await;
    let newer = server.call("add", json!({ "arguments": { "a": 20, "b": 22 } })).await;
    assert_eq!(newer.result()["content"][0]["text"], "42");
    let session = server.session().await;
    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "echo", "arguments": { "message": "hello" } },
    });
    let older = server.post(&[("mcp-session-id", &session)], &call).await;
    assert_eq!(older.result()["content"][0]["text"], "hello");
}

#[tokio::test]
async fn dns_rebinding_gets_nowhere() {
    let server = Server::start().await;
    for headers in [[("host", "evil.example.com")], [("origin", "https://evil.example.com")]] {
        let answer = server.post(&headers, &initialize()).await;
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    let local = format!("http://{}", server.address);
    assert_eq!(server.post(&[("origin", &local)], &initialize()).await.status, 200);
}

#[tokio::test]
async fn arguments_are_checked() {
    let server = Server::start().await;
    for arguments in [json!({}), json!({ "a": "one", "b": 2 })] {
        let answer = server.call("add", json!({ "arguments": arguments })).await;
        assert_eq!(answer.messages()[0]["error"]["code"], -32602, "{}", answer.body);
    }
    let answer = server.call("no_such_tool", json!({})).await;
    assert_eq!(answer.messages()[0]["error"]["code"], -32602, "{}", answer.body);
}

#[tokio::test]
async fn a_stream_that_breaks_is_taken_up_where_it_broke() {
    let server = Server::start().await;
    let session = server.session().await;
    let session = [("mcp-session-id", session.as_str())];
    let call = json!({
        "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": "test_reconnection" },
    });
    let broken = server.post(&session, &call).await;
    assert!(broken.messages().is_empty(), "the answer came before the break: {}", broken.body);
    let last = broken.body.lines().find_map(|line| line.strip_prefix("id:")).unwrap().trim();
    let headers = [session[0], ("last-event-id", last)];
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(server.text("GET /any/path", &headers, "").as_bytes()).await.unwrap();
    let text = until(&mut stream, "after the stream was broken").await;
    assert!(text.contains("\"id\":7"), "{text}");
}

#[tokio::test]
async fn a_state_is_taken_only_from_the_tool_that_gave_it_and_as_it_was() {
    let server = Server::start().await;
    let tool = "test_input_required_result_request_state";
    let answers = json!({ "confirm": { "action": "accept", "content": { "ok": true } } });
    let first = server.call(tool, json!({})).await.result();
    assert_eq!(first["resultType"], "input_required");
    let state = first["requestState"].as_str().unwrap();
    let again = |state: &str| json!({ "inputResponses": answers, "requestState": state });

    let done = server.call(tool, again(state)).await.result();
    assert_eq!(done["content"][0]["text"], "state-ok, confirmed: true");
    for (tool, state) in [
        (tool, format!("{state}x")),
        (tool, String::new()),
        ("test_input_required_result_tampered_state", state.to_owned()),
    ] {
        let refused = server.call(tool, again(&state)).await;
        assert_eq!(refused.messages()[0]["error"]["code"], -32602, "{}", refused.body);
    }
    // An answer without the state is asked for again.
    let without = server.call(tool, json!({ "inputResponses": answers })).await.result();
    assert_eq!(without["resultType"], "input_required");
}

#[tokio::test]
async fn it_stops_with_streams_open() {
    let server = Server::start().await;
    let session = server.session().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let headers = [("mcp-session-id", session.as_str())];
    stream.write_all(server.text("GET /any/path", &headers, "").as_bytes()).await.unwrap();
    until(&mut stream, "text/event-stream").await;
    server.stop.send(()).unwrap();
    tokio::time::timeout(LIMIT, server.task).await.expect("it stops").unwrap().unwrap();
}

/// What comes until these words do.
async fn until(stream: &mut TcpStream, words: &str) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while !String::from_utf8_lossy(&bytes).contains(words) {
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the stream ended");
        }
    };
    tokio::time::timeout(LIMIT, read).await.expect("the words come");
    String::from_utf8(bytes).unwrap()
}
