//! What a server says, as far as it must be understood to be handed on: whether it is a message, and
//! whose answer it is. Pure; the message itself stays as it came, but for the ends of its lines.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// What a message of a server is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// The answer to the request with this id; whether it is a result.
    Answer(Value, bool),
    /// A request or a notification.
    Call,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    #[serde(default)]
    id: Option<Value>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Opened<'a> {
    #[serde(borrow)]
    result: Version<'a>,
}

#[derive(Deserialize)]
struct Version<'a> {
    #[serde(borrow, rename = "protocolVersion")]
    version: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Failed {
    error: Code,
}

#[derive(Deserialize)]
struct Code {
    code: i64,
}

/// Reads a message; `None` if it is none.
pub(crate) fn read(message: &[u8]) -> Option<Heard> {
    let text = std::str::from_utf8(message).ok()?;
    let envelope: Envelope<'_> = serde_json::from_str(text).ok()?;
    if envelope.jsonrpc != "2.0" {
        return None;
    }
    if envelope.method.is_some() {
        return Some(Heard::Call);
    }
    match (envelope.result.is_some(), envelope.error.is_some()) {
        (true, false) => Some(Heard::Answer(envelope.id?, true)),
        // A server that could not read the request doesn't know its id.
        (false, true) => Some(Heard::Answer(envelope.id.unwrap_or(Value::Null), false)),
        _ => None,
    }
}

/// The version in the answer to `initialize`.
pub(crate) fn version(answer: &[u8]) -> Option<String> {
    let opened: Opened<'_> = serde_json::from_slice(answer).ok()?;
    Some(opened.result.version.into_owned())
}

/// The code of an error.
pub(crate) fn code(answer: &[u8]) -> Option<i64> {
    serde_json::from_slice::<Failed>(answer).ok().map(|failed| failed.error.code)
}

/// A message as one line, with its end. Between JSON's tokens an end of a line means as much as a
/// space, and within its texts there is none.
pub(crate) fn one_line(message: &[u8]) -> Bytes {
    let message = message.trim_ascii();
    let mut line = Vec::with_capacity(message.len() + 1);
    line.extend(
        message.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }),
    );
    line.push(b'\n');
    line.into()
}

/// An error for the client: the answer to the request with this id.
pub(crate) fn error(id: &Value, code: i64, message: &str) -> Bytes {
    let error = serde_json::json!({
        "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message },
    });
    one_line(error.to_string().as_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_calls_are_told_apart() {
        let answer = |text: &str| read(text.as_bytes());
        assert_eq!(
            answer(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#),
            Some(Heard::Answer(7.into(), true))
        );
        assert_eq!(
            answer(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"x"}}"#),
            Some(Heard::Answer(Value::Null, false))
        );
        assert_eq!(answer(r#"{"jsonrpc":"2.0","method":"m"}"#), Some(Heard::Call));
        for none in [
            "",
            "[]",
            "{}",
            r#"{"jsonrpc":"1.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}} x"#,
        ] {
            assert_eq!(answer(none), None, "{none}");
        }
        assert_eq!(read(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"\xff\"}"), None);
    }

    #[test]
    fn a_message_is_one_line_and_else_as_it_came() {
        let pretty = b"{\r\n  \"a\": 1.0,\n  \"b\": \"x\\ny\"\n}\n";
        assert_eq!(one_line(pretty), "{    \"a\": 1.0,   \"b\": \"x\\ny\" }\n");
        let big = br#"{"n":12345678901234567890.10,"n":2}"#;
        assert_eq!(&one_line(big)[..big.len()], big, "numbers and keys are nobody's business");
    }

    #[test]
    fn the_version_is_found() {
        let answer =
            br#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","x":[]}}"#;
        assert_eq!(version(answer).unwrap(), "2025-11-25");
        assert_eq!(version(br#"{"result":{}}"#), None);
        assert_eq!(code(br#"{"id":1,"error":{"code":-32020,"message":""}}"#), Some(-32020));
    }
}
