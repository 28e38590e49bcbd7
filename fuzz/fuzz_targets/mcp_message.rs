//! Any bytes as headers and a body: whether the body is JSON is known as `serde_json` knows it; what
//! is read in it is what `serde_json` reads; and headers that pass say what the body says.
//!
//! Headers are lines, up to an empty one; the rest is the body.

#![no_main]

use farmgate_mcp::fault::PARSE_ERROR;
use farmgate_mcp::{Message, check, headers};
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let (lines, body) = split(bytes);
    let is_json = std::str::from_utf8(body).is_ok_and(|text| {
        !text.starts_with('\u{feff}') && serde_json::from_str::<IgnoredAny>(text).is_ok()
    });
    let message = match Message::parse(body) {
        Ok(message) => message,
        Err(fault) => {
            assert!(serde_json::from_slice::<Value>(&fault.body()).is_ok());
            assert!(fault.message.len() < 400, "an error quotes its whole input");
            let told = fault.code == PARSE_ERROR && !fault.message.contains("deeply");
            assert!(!told || !is_json, "JSON, but refused: {}", fault.message);
            return;
        }
    };
    assert!(is_json, "not JSON, but accepted");
    for part in [message.id, message.arguments, message.progress_token].into_iter().flatten() {
        let span = Message::span(body, part).expect("a part of the body");
        assert_eq!(&body[span], part.as_bytes());
        assert!(serde_json::from_str::<IgnoredAny>(part).is_ok());
    }
    // `serde_json` takes the last of several keys; here there is only one.
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        assert_eq!(message.method.as_deref(), value["method"].as_str());
        if message.method.as_deref() == Some("tools/call") {
            assert_eq!(message.name.as_deref(), value["params"]["name"].as_str());
        }
        let meta = &value["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
        assert_eq!(message.protocol_version.as_deref(), meta.as_str());
    }
    let headers = header_map(lines);
    let _ = headers::check_content(&headers);
    if check(&headers, &message).is_ok() {
        agree(&headers, &message);
    }
});

/// Headers that passed say what the body says.
fn agree(headers: &HeaderMap, message: &Message<'_>) {
    let one = |name| {
        assert!(headers.get_all(name).iter().count() < 2, "`{name}` twice");
        headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
    };
    if let Some(method) = one(headers::METHOD) {
        assert_eq!(Some(method), message.method.as_deref());
    }
    if let (Some(header), Some(name)) = (one(headers::NAME), &message.name) {
        assert_eq!(headers::decode(header).as_ref(), Some(name));
    }
    if let Some(version) = &message.protocol_version {
        assert_eq!(one(headers::PROTOCOL_VERSION), Some(&**version));
    }
}

fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    if let Some(body) = bytes.strip_prefix(b"\n") {
        return (b"", body);
    }
    let end = bytes.windows(2).position(|pair| pair == b"\n\n");
    end.map_or((b"", bytes), |end| (&bytes[..end], &bytes[end + 2..]))
}

fn header_map(lines: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(parts.next().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}
