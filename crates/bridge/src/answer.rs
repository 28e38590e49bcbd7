//! The bridge's own answers.

use bytes::Bytes;
use farmgate_mcp::Fault;
use farmgate_wire::Body;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

/// Tells proxies that are built as nginx is to pass a stream on as it comes (MCP 2026-07-28).
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// A status, and a few words.
pub(crate) fn words(status: StatusCode, words: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::full(Bytes::from_static(words.as_bytes())));
    *answer.status_mut() = status;
    set(&mut answer, CONTENT_TYPE, "text/plain; charset=utf-8");
    answer
}

/// A status and nothing more.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::Empty);
    *answer.status_mut() = status;
    answer
}

/// What is wrong with a message.
pub(crate) fn fault(fault: &Fault) -> Response<Body> {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
    json(status, fault.body())
}

/// Come again in so many seconds.
pub(crate) fn later(seconds: u64, words: &str) -> Response<Body> {
    let busy = Fault::new(503, farmgate_mcp::fault::INTERNAL_ERROR, words);
    let mut answer = fault(&busy);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    answer
}

/// 405.
pub(crate) fn not_allowed(allowed: &'static str) -> Response<Body> {
    let mut answer = words(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
    set(&mut answer, ALLOW, allowed);
    answer
}

/// A message.
pub(crate) fn json(status: StatusCode, message: impl Into<Bytes>) -> Response<Body> {
    let mut answer = Response::new(Body::full(message));
    *answer.status_mut() = status;
    set(&mut answer, CONTENT_TYPE, "application/json");
    answer
}

/// A stream of events.
pub(crate) fn events(body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    set(&mut answer, CONTENT_TYPE, "text/event-stream");
    set(&mut answer, CACHE_CONTROL, "no-cache, no-transform");
    set(&mut answer, X_ACCEL_BUFFERING, "no");
    answer
}

fn set(answer: &mut Response<Body>, name: HeaderName, value: &'static str) {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
}
