//! A bridge in this process, on a free loopback port, and a client that says exactly what it is told.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use farmgate_bridge::{Behind, Bridge, Entry, Log, Settings};
use farmgate_runner::Start;
use farmgate_wire::client::{Connection, TlsClient, connect};
use farmgate_wire::{Body, Drain};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::task::{JoinHandle, LocalSet};

/// Longer than anything takes that works.
pub(crate) const LONG: Duration = Duration::from_secs(30);

const VERSION: &str = "2026-07-28";

/// A bridge that serves.
pub(crate) struct Harness {
    pub(crate) address: SocketAddr,
    pub(crate) drain: Drain,
    served: JoinHandle<()>,
    log: Arc<Mutex<Vec<Entry>>>,
    tls: Option<TlsClient>,
}

/// An answer, with the connection that it comes on.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Incoming,
    _connection: Connection,
}

/// Runs a test with a runtime of its own; fails if it takes too long.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all = LocalSet::new();
    let test = async { tokio::time::timeout(Duration::from_secs(120), test).await };
    runtime.block_on(all.run_until(test)).expect("it takes too long");
}

/// The server of the tests, with words that say how it behaves; none if there is no python3.
pub(crate) fn server(words: &[&str]) -> Option<Behind> {
    let python = std::process::Command::new("python3").arg("--version").output();
    if !python.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no python3");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/server.py");
    let mut start = Start::new("python3", [script]);
    start.args.extend(words.iter().map(Into::into));
    Some(Behind::Command(start))
}

// === impl Harness ===

impl Harness {
    /// A bridge before the tests' server.
    pub(crate) fn stdio(words: &[&str], tune: impl FnOnce(&mut Settings)) -> Option<Self> {
        Some(Self::start(server(words)?, None, tune))
    }

    pub(crate) fn start(
        behind: Behind,
        tls: Option<TlsClient>,
        tune: impl FnOnce(&mut Settings),
    ) -> Self {
        let log: Arc<Mutex<Vec<Entry>>> = Arc::default();
        let into = Arc::clone(&log);
        let take = Log::new(move |entry| into.lock().unwrap().push(entry));
        let mut settings = Settings::new("127.0.0.1:0".parse().unwrap(), behind, take);
        settings.children.patience = Duration::from_millis(500);
        // A machine that is busy is no reason for another kind of answer.
        settings.children.stream_after = LONG;
        settings.drain_time = Duration::from_secs(5);
        tune(&mut settings);
        let bridge = Bridge::bind(settings).unwrap();
        let (address, drain) = (bridge.address(), Drain::new());
        let until = drain.clone();
        let served = tokio::task::spawn_local(async move { bridge.serve(until).await.unwrap() });
        Self { address, drain, served, log, tls }
    }

    /// Drains it, and waits until it is done.
    pub(crate) async fn end(self) {
        self.drain.begin();
        tokio::time::timeout(LONG, self.served).await.expect("it doesn't end").unwrap();
    }

    pub(crate) fn log(&self) -> Vec<Entry> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        self.send_to("/mcp", method, headers, body).await
    }

    pub(crate) async fn send_to(
        &self,
        path: &str,
        method: Method,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut connection = connect(self.address, self.tls.as_ref(), LONG).await.unwrap();
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", self.address.to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::full(body)).unwrap();
        let answer = tokio::time::timeout(LONG, connection.send(request)).await;
        let answer: Response<Incoming> = answer.expect("no answer").unwrap();
        let (parts, body) = answer.into_parts();
        Answer { status: parts.status, headers: parts.headers, body, _connection: connection }
    }

    /// A POST as clients send it.
    pub(crate) async fn post(&self, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.post_raw(headers, body.to_string()).await
    }

    pub(crate) async fn post_raw(
        &self,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut all = vec![
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
        ];
        all.retain(|(name, _)| !headers.iter().any(|(own, _)| own == name));
        all.extend(headers);
        self.send(Method::POST, &all, body).await
    }

    /// A legacy session's id.
    pub(crate) async fn open(&self) -> String {
        let answer = self.initialize(&[]).await;
        assert_eq!(answer.status, 200);
        let session = answer.header("mcp-session-id").unwrap();
        let answer = answer.json().await;
        assert_eq!(answer["result"]["protocolVersion"], "2025-11-25", "{answer}");
        session
    }

    pub(crate) async fn initialize(&self, headers: &[(&str, &str)]) -> Answer {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "t", "version": "1" },
        });
        let initialize =
            json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        self.post(headers, &initialize).await
    }

    /// A call of a tool in a session.
    pub(crate) async fn call(&self, session: &str, id: Value, name: &str, args: Value) -> Answer {
        let params = json!({
            "name": name,
            "arguments": args,
            "_meta": { "progressToken": "p" },
        });
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
        self.post(&[("mcp-session-id", session)], &call).await
    }

    /// A modern call of a tool, by whomever the headers say.
    pub(crate) async fn modern(
        &self,
        headers: &[(&str, &str)],
        id: Value,
        name: &str,
        args: Value,
    ) -> Answer {
        let params = json!({ "name": name, "arguments": args, "_meta": meta(Some("theirs")) });
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
        let mut all = vec![
            ("mcp-protocol-version", VERSION),
            ("mcp-method", "tools/call"),
            ("mcp-name", name),
        ];
        all.extend(headers);
        self.post(&all, &call).await
    }

    /// A modern request of another method.
    pub(crate) async fn modern_request(
        &self,
        id: Value,
        method: &str,
        mut params: Value,
    ) -> Answer {
        params["_meta"] = meta(None);
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.post(&[("mcp-protocol-version", VERSION), ("mcp-method", method)], &body).await
    }
}

/// What every modern request has.
pub(crate) fn meta(token: Option<&str>) -> Value {
    let mut meta = json!({
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    if let Some(token) = token {
        meta["progressToken"] = json!(token);
    }
    meta
}

// === impl Answer ===

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.header("content-type").as_deref() == Some("text/event-stream")
    }

    /// The whole body.
    pub(crate) async fn text(self) -> String {
        let body = tokio::time::timeout(LONG, self.body.collect()).await.expect("no end");
        String::from_utf8(body.unwrap().to_bytes().to_vec()).unwrap()
    }

    /// The answer, which came as JSON.
    pub(crate) async fn json(self) -> Value {
        assert!(!self.is_stream(), "a stream");
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The next piece of a stream; none at its end.
    pub(crate) async fn piece(&mut self) -> Option<String> {
        let frame = tokio::time::timeout(LONG, self.body.frame()).await.expect("nothing comes")?;
        let bytes = frame.unwrap().into_data().unwrap();
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// The next event of a stream: its id and its message; comments and empty events left out.
    pub(crate) async fn event(&mut self) -> Option<(Option<String>, Value)> {
        loop {
            let piece = self.piece().await?;
            let field = |name: &str| {
                let line = piece.lines().find_map(|line| line.strip_prefix(name));
                line.map(|value| value.trim_start().to_owned())
            };
            if let Some(data) = field("data:").filter(|data| !data.is_empty()) {
                return Some((field("id:"), serde_json::from_str(&data).unwrap()));
            }
        }
    }

    /// All messages of a stream.
    pub(crate) async fn messages(mut self) -> Vec<Value> {
        assert!(self.is_stream());
        let mut messages = Vec::new();
        while let Some((_, message)) = self.event().await {
            messages.push(message);
        }
        messages
    }
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LONG, waited).await.unwrap_or_else(|_| panic!("not so: {what}"));
}
