//! Why a message is refused, as an HTTP status and a JSON-RPC error.
//!
//! What it says names keys, headers and methods; it never quotes arguments or credentials.

use crate::json::Malformed;

/// The body isn't JSON.
pub const PARSE_ERROR: i64 = -32700;
/// It is JSON, but no message.
pub const INVALID_REQUEST: i64 = -32600;
/// The method isn't known.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// The parameters aren't what the method takes.
pub const INVALID_PARAMS: i64 = -32602;
/// It failed, and not by the caller's fault.
pub const INTERNAL_ERROR: i64 = -32603;
/// Headers don't say what the body says (MCP 2026-07-28).
pub const HEADER_MISMATCH: i64 = -32020;
/// The protocol's version isn't spoken here (MCP 2026-07-28).
pub const UNSUPPORTED_PROTOCOL_VERSION: i64 = -32022;

/// What is wrong with a message, and how it is answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// The code of the JSON-RPC error.
    pub code: i64,
    /// What is wrong, in words.
    pub message: String,
    /// The request's id as raw JSON, where it could be read.
    pub id: Option<String>,
    /// `error.data` as raw JSON.
    pub data: Option<String>,
}

impl Fault {
    /// A fault without id and data.
    #[must_use]
    pub fn new(status: u16, code: i64, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), id: None, data: None }
    }

    /// The same, as the answer to a request. `id` is raw JSON, as [`Message::id`](crate::Message::id).
    #[must_use]
    pub fn with_id(mut self, id: Option<&str>) -> Self {
        self.id = id.map(str::to_owned);
        self
    }

    /// A version that isn't spoken, with those that are (400, -32022).
    #[must_use]
    pub fn unsupported_version(requested: &str, supported: &[&str]) -> Self {
        let data = serde_json::json!({ "supported": supported, "requested": requested });
        Self {
            data: Some(data.to_string()),
            ..Self::new(400, UNSUPPORTED_PROTOCOL_VERSION, "unsupported protocol version")
        }
    }

    /// A header that isn't what the body says (400, -32020).
    pub(crate) fn mismatch(message: impl Into<String>) -> Self {
        Self::new(400, HEADER_MISMATCH, message)
    }

    /// A body that isn't JSON (400, -32700).
    pub(crate) fn malformed(malformed: Malformed) -> Self {
        let Malformed { at, what } = malformed;
        Self::new(400, PARSE_ERROR, format!("the body is not JSON: {what} (at byte {at})"))
    }

    /// An answer of a server that can't be read, and so can't be passed on (502, -32603).
    pub(crate) fn unreadable(what: impl std::fmt::Display) -> Self {
        Self::new(502, INTERNAL_ERROR, format!("the server's list of tools can't be read: {what}"))
    }

    /// The JSON-RPC error that answers the request. Without an id it has no `id`, as MCP has it
    /// (2025-11-25 and later; its schema has no `null` there).
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let id = self.id.as_ref().map(|id| format!(r#""id":{id},"#)).unwrap_or_default();
        let data = self.data.as_ref().map(|data| format!(r#","data":{data}"#)).unwrap_or_default();
        let message = serde_json::Value::from(self.message.as_str());
        let code = self.code;
        format!(r#"{{"jsonrpc":"2.0",{id}"error":{{"code":{code},"message":{message}{data}}}}}"#)
            .into_bytes()
    }
}

/// A key or a name in a message for people: short, and without control characters.
pub(crate) fn quoted(word: &str) -> String {
    const MOST: usize = 48;
    let mut short: String = word.chars().take(MOST).flat_map(char::escape_debug).collect();
    if word.chars().nth(MOST).is_some() {
        short.push_str("...");
    }
    format!("`{short}`")
}
