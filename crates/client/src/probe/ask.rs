//! Requests as text, to be changed at will before they are sent.

use super::target::{Server, Target};

/// A request of HTTP/1.1.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The message that opens a session: every server answers it, and it does nothing.
pub(crate) const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"farmgate-probe","version":"1"}}}"#;

/// The message that a session is used with.
pub(crate) const LIST: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#;

// === impl Ask ===

impl Ask {
    pub(crate) fn new(target: &Target, method: &str, path: &str) -> Self {
        let host = ("host".to_owned(), target.authority());
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: vec![host],
            body: Vec::new(),
        }
    }

    /// A message to a server, with the headers of a legacy client.
    pub(crate) fn message(target: &Target, server: &Server, body: &str) -> Self {
        Self::new(target, "POST", &server.path)
            .with("content-type", "application/json")
            .with("accept", "application/json, text/event-stream")
            .with("mcp-protocol-version", "2025-11-25")
            .body(body)
    }

    /// The message that opens a session.
    pub(crate) fn initialize(target: &Target, server: &Server) -> Self {
        Self::message(target, server, INITIALIZE)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// In place of what it had under this name.
    pub(crate) fn instead(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.with(name, value)
    }

    /// With this body and its length.
    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        let length = self.body.len().to_string();
        self.instead("content-length", &length)
    }

    pub(crate) fn head(&self) -> String {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head().into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// It, in a line, without a credential.
    pub(crate) fn words(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}
