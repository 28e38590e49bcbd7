//! What a POST says of its body's form.
//!
//! `Accept` is not looked at: what a server answers to one that it can't serve is its own affair (406
//! mostly, and some do without), and nothing is decided by it here.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::Fault;
use crate::fault::INVALID_REQUEST;

/// Checks that a POST's body is JSON in UTF-8 as it stands: anything else could be read in two ways,
/// one here and another by the server.
///
/// # Errors
/// 415, -32600: `Content-Type` is missing, comes twice, isn't `application/json` or names a charset
/// that isn't UTF-8; or there is a `Content-Encoding` other than `identity`.
pub fn check_content(headers: &HeaderMap) -> Result<(), Fault> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let one = types.next().filter(|_| types.next().is_none());
    let is_json = one.and_then(|value| value.to_str().ok()).is_some_and(is_json);
    if !is_json {
        return Err(unsupported("`Content-Type` must be `application/json`, in UTF-8"));
    }
    let identity = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(identity) {
        return Err(unsupported("`Content-Encoding` is not taken: send the body as it is"));
    }
    Ok(())
}

/// `application/json`, with parameters that don't say that it is something else.
fn is_json(value: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/json") && parts.all(is_harmless)
}

fn is_harmless(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let value = value.trim().trim_matches('"');
    let utf8 = value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8");
    !name.trim().eq_ignore_ascii_case("charset") || utf8
}

fn unsupported(what: &str) -> Fault {
    Fault::new(415, INVALID_REQUEST, what)
}
