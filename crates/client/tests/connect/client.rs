//! An MCP client at its simplest: lines to `connect`, and lines from it.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use farmgate_client::connect::{Identity, Limits, Line, Settings, Target, run};
use farmgate_live::Url;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use crate::stub::{LIMIT, Stub};

/// A client that is connected.
pub(crate) struct Client {
    to: Option<mpsc::Sender<Line>>,
    from: Receiver<Bytes>,
    said: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
    next: u64,
}

/// Limits that no test has to wait for.
pub(crate) fn limits() -> Limits {
    Limits { patience: Duration::from_millis(300), ..Limits::default() }
}

impl Client {
    /// One that says nothing of who it is.
    pub(crate) fn new(stub: &Stub) -> Self {
        Self::with(&stub.url(), limits(), || Identity::None)
    }

    pub(crate) fn with(
        url: &str,
        limits: Limits,
        identity: impl FnOnce() -> Identity + Send + 'static,
    ) -> Self {
        let url = Url::parse(url).unwrap();
        let (to, lines) = mpsc::channel(16);
        let (out, mut answers) = mpsc::channel::<Bytes>(16);
        let (send, from) = channel();
        let said = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&said);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let settings = Settings {
                target: Target::Url(url),
                identity: identity(),
                roots: Some(farmgate_live::roots_of_nobody()),
                limits,
                log: Box::new(move |text| notes.lock().unwrap().push(text.to_owned())),
            };
            LocalSet::new().block_on(&runtime.unwrap(), async {
                let reading = tokio::task::spawn_local(async move {
                    while let Some(line) = answers.recv().await {
                        if send.send(line).is_err() {
                            break;
                        }
                    }
                });
                run(settings, lines, out, std::future::pending()).await;
                reading.await.unwrap();
            });
        });
        Self { to: Some(to), from, said, thread: Some(thread), next: 0 }
    }

    pub(crate) fn line(&self, line: Line) {
        self.to.as_ref().unwrap().blocking_send(line).unwrap();
    }

    /// Writes a line.
    pub(crate) fn write(&self, line: &str) {
        self.line(Line::Whole(Bytes::copy_from_slice(line.as_bytes())));
    }

    /// The next line, as it came.
    pub(crate) fn raw(&self) -> String {
        let line = self.from.recv_timeout(LIMIT).expect("a line comes");
        let line = String::from_utf8(line.to_vec()).unwrap();
        let line = line.strip_suffix('\n').expect("a line has an end").to_owned();
        assert!(!line.contains(['\n', '\r']), "one line: {line}");
        line
    }

    pub(crate) fn read(&self) -> Value {
        serde_json::from_str(&self.raw()).unwrap()
    }

    /// Sends a request, and gives its id.
    pub(crate) fn send(&mut self, method: &str, params: &Value) -> u64 {
        self.next += 1;
        let body = json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params });
        self.write(&body.to_string());
        self.next
    }

    /// Asks, and waits for the answer, which comes next.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.send(method, params);
        let answer = self.read();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    pub(crate) fn call(&mut self) -> Value {
        self.ask("tools/call", &json!({ "name": "t", "arguments": {} }))
    }

    pub(crate) fn notify(&self, method: &str, params: &Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string());
    }

    /// Begins a session of the older era.
    pub(crate) fn open(&mut self) -> Value {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        let opened = self.ask("initialize", &params);
        self.notify("notifications/initialized", &json!({}));
        opened
    }

    /// Asks in the newer era.
    pub(crate) fn send_modern(&mut self, method: &str, params: Value) -> u64 {
        let mut params = params;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        self.send(method, &params)
    }

    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    /// Closes the client's end, and waits for what comes still.
    pub(crate) fn end(mut self) -> Vec<String> {
        drop(self.to.take());
        let mut rest = Vec::new();
        while let Ok(line) = self.from.recv_timeout(LIMIT) {
            rest.push(String::from_utf8(line.to_vec()).unwrap());
        }
        self.thread.take().unwrap().join().unwrap();
        rest
    }
}
