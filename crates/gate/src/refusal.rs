//! What the gate answers when it lets nothing through: one word for the audit, one status, and a
//! body that says no more than the client has to know.

use bytes::Bytes;
use farmgate_mcp::Fault;
use farmgate_wire::Body;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

/// Why a request isn't let through, or has no answer of a server's.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The word for the audit.
    pub(crate) code: &'static str,
    status: StatusCode,
    body: Words,
    headers: Vec<(http::HeaderName, HeaderValue)>,
}

#[derive(Debug)]
enum Words {
    Nothing,
    /// What is wrong, for people, as `{"error": "..."}`.
    Text(&'static str),
    /// A JSON-RPC error.
    Rpc(Vec<u8>),
}

// === impl Refusal ===

impl Refusal {
    pub(crate) fn new(code: &'static str, status: StatusCode, text: &'static str) -> Self {
        Self { code, status, body: Words::Text(text), headers: Vec::new() }
    }

    /// 401 with the ways in which callers may prove who they are, and nothing else but what a way
    /// tells.
    pub(crate) fn unauthenticated(
        code: &'static str,
        told: Option<&'static str>,
        challenges: &[HeaderValue],
    ) -> Self {
        let headers = challenges.iter().map(|it| (WWW_AUTHENTICATE, it.clone())).collect();
        let body = told.map_or(Words::Nothing, Words::Text);
        Self { code, status: StatusCode::UNAUTHORIZED, body, headers }
    }

    /// 429, with the seconds to wait.
    pub(crate) fn too_many(code: &'static str, seconds: u64) -> Self {
        Self::new(code, StatusCode::TOO_MANY_REQUESTS, "too many requests").retry_after(seconds)
    }

    /// 405, with the methods that there are.
    pub(crate) fn method() -> Self {
        let mut refusal = Self::new(
            "method_unknown",
            StatusCode::METHOD_NOT_ALLOWED,
            "the methods are POST, GET and DELETE",
        );
        refusal.headers.push((ALLOW, HeaderValue::from_static("POST, GET, DELETE")));
        refusal
    }

    /// What MCP's own rules say.
    pub(crate) fn fault(code: &'static str, fault: &Fault) -> Self {
        let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { code, status, body: Words::Rpc(fault.body()), headers: Vec::new() }
    }

    /// An error that answers the message of this id. Its code is the status: JSON-RPC leaves codes
    /// above -32000 to applications, and MCP 2026-07-28 wants no new ones below.
    pub(crate) fn answering(
        code: &'static str,
        status: StatusCode,
        text: &str,
        id: Option<&str>,
    ) -> Self {
        let fault = Fault {
            status: status.as_u16(),
            code: i64::from(status.as_u16()),
            message: text.to_owned(),
            id: id.map(str::to_owned),
            data: None,
        };
        Self::fault(code, &fault)
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.headers.push((RETRY_AFTER, HeaderValue::from(seconds.max(1))));
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn into_response(self) -> (Response<Body>, usize) {
        let body = match self.body {
            Words::Nothing => Bytes::new(),
            Words::Text(text) => Bytes::from(format!("{{\"error\":\"{text}\"}}\n")),
            Words::Rpc(body) => Bytes::from(body),
        };
        let length = body.len();
        let mut response = Response::new(Body::full(body));
        *response.status_mut() = self.status;
        if length > 0 {
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
        }
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        (response, length)
    }
}
