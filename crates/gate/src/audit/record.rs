//! What is known of a request when it ends: everything that may go into its line, and nothing else.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use farmgate_keys::Principal;
use http::{HeaderMap, HeaderValue, Method};

use crate::trace::{Trace, hex, random};

/// A request, from its head to the last byte of its answer.
#[derive(Debug, Clone)]
pub struct Record {
    /// When its head was read.
    pub time: SystemTime,
    /// Its id, which goes to the server and back to the client as `x-request-id`.
    pub id: RequestId,
    /// The trace that it belongs to.
    pub trace: Trace,
    /// Who called, if it is known.
    pub principal: Option<Arc<Principal>>,
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The server that it was for.
    pub server: Option<Arc<str>>,
    /// The method of HTTP.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The method of MCP.
    pub mcp_method: Option<Cow<'static, str>>,
    /// The tool, prompt or resource.
    pub tool: Option<String>,
    /// A tool's arguments, as [`super::Log::arguments`] gives them.
    pub arguments: Option<String>,
    /// Whether it was let through.
    pub decision: Decision,
    /// Why not, or what went wrong, as a code: `rate_of_principal`.
    pub reason: Option<&'static str>,
    /// The status that the client got; 0 if it got none.
    pub status: u16,
    /// Bytes of the body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// From the head to the last byte of the answer, by a clock that nobody sets.
    pub took: Duration,
    /// The task that answered.
    pub target: Option<SocketAddr>,
    /// The session.
    pub session: Option<SessionName>,
}

/// Whether a request was let through to a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Decision {
    /// It was.
    Allowed,
    /// The gate refused it.
    #[default]
    Refused,
}

/// A request's id: random, and of the gate's making, whatever the client sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestId(pub(super) [u8; 12]);

/// What a session is called in lines: a part of its id's hash, since the id itself opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionName(pub(super) [u8; 8]);

// === impl Record ===

impl Record {
    /// A request of which the head is read.
    #[must_use]
    pub fn begin(method: &Method, path: &str, headers: &HeaderMap) -> Self {
        Self {
            time: SystemTime::now(),
            id: RequestId(random()),
            trace: Trace::of(headers),
            method: method.clone(),
            path: path.to_owned(),
            ..Self::default()
        }
    }
}

impl Default for Record {
    fn default() -> Self {
        Self {
            time: SystemTime::UNIX_EPOCH,
            id: RequestId::default(),
            trace: Trace::default(),
            principal: None,
            address: None,
            server: None,
            method: Method::GET,
            path: String::new(),
            mcp_method: None,
            tool: None,
            arguments: None,
            decision: Decision::default(),
            reason: None,
            status: 0,
            bytes_in: 0,
            bytes_out: 0,
            took: Duration::ZERO,
            target: None,
            session: None,
        }
    }
}

// === impl RequestId ===

impl RequestId {
    /// As the value of `x-request-id`: 24 hexadecimal digits.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        // Digits always make a header.
        HeaderValue::try_from(hex(&self.0)).unwrap_or_else(|_| HeaderValue::from_static("0"))
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

// === impl SessionName ===

impl SessionName {
    /// The name of the session with this id.
    #[must_use]
    pub fn of(id: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, id.as_bytes());
        let mut name = [0; 8];
        name.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        Self(name)
    }
}
