//! What a body is, by its `Content-Type` (RFC 9110, section 8.3): parameters aside.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Whether the headers say that the body is of this type, as `text/event-stream`.
pub(crate) fn is_type(headers: &HeaderMap, wanted: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    kind.eq_ignore_ascii_case(wanted)
}
