//! Arguments that are repeated in headers: `Mcp-Param-...` (MCP 2026-07-28, `x-mcp-header`).
//!
//! A stdio server sees no headers, so whether they say what the body says is checked here, as a server
//! over HTTP has to: by the input schemas that the server lists. A server that doesn't list its tools
//! has none of these headers. What is decided by a header is decided by whoever stands before us; the
//! server goes by the body.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use farmgate_mcp::fault::HEADER_MISMATCH;
use farmgate_mcp::headers::{decode, single};
use farmgate_mcp::{Fault, Message};
use http::HeaderMap;
use http::header::HeaderName;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::era::META;
use super::modern::Shared;
use super::sessions::last;

/// What the names of these headers begin with.
const PREFIX: &str = "mcp-param-";

/// How long a list of tools is believed, and how long it may take.
const BELIEVED: Duration = Duration::from_secs(30);
const LIST_TIME: Duration = Duration::from_secs(5);

/// The most pages of a list that are read, and the deepest property that is looked at.
const PAGES: usize = 32;
const DEEPEST: usize = 16;

/// An argument that is repeated in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Repeated {
    header: HeaderName,
    path: Vec<String>,
    is_integer: bool,
}

/// What the tools of a server repeat, by tool.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    tools: BTreeMap<String, Vec<Repeated>>,
    read: Option<Instant>,
}

/// A page of `tools/list`.
#[derive(Deserialize)]
struct Answer {
    result: Page,
}

#[derive(Deserialize)]
struct Page {
    tools: Vec<Tool>,
    #[serde(rename = "nextCursor")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Tool {
    name: String,
    #[serde(rename = "inputSchema", default)]
    schema: Value,
}

/// Checks the headers of a call of a tool.
///
/// # Errors
/// 400, -32020: a header is missing, comes twice, or doesn't say what the argument says.
pub(super) async fn check(
    shared: &Rc<Shared>,
    headers: &HeaderMap,
    message: &Message<'_>,
) -> Result<(), Fault> {
    let tool = message.name.as_deref().filter(|_| message.method.as_deref() == Some("tools/call"));
    let Some(tool) = tool else { return Ok(()) };
    let arguments = message.arguments.and_then(|raw| serde_json::from_str(raw).ok());
    let arguments: Value = arguments.unwrap_or_default();
    let any = headers.keys().any(|name| name.as_str().starts_with(PREFIX));
    if !any && arguments.as_object().is_none_or(serde_json::Map::is_empty) {
        return Ok(());
    }
    if shared.repeats.borrow().read.is_none_or(|read| read.elapsed() > BELIEVED) {
        let listed = timeout(LIST_TIME, list(shared)).await.ok().flatten();
        let tools = listed.unwrap_or_default();
        *shared.repeats.borrow_mut() = Repeats { tools, read: Some(Instant::now()) };
    }
    let repeats = shared.repeats.borrow();
    let own = repeats.tools.get(tool).map(Vec::as_slice).unwrap_or_default();
    own.iter().try_for_each(|repeated| repeated.check(headers, &arguments))
}

/// Asks a server for its tools; none if it doesn't say.
async fn list(shared: &Rc<Shared>) -> Option<BTreeMap<String, Vec<Repeated>>> {
    let mut tools = BTreeMap::new();
    let mut cursor = String::new();
    for _ in 0..PAGES {
        let params = format!(r#"{{{cursor}"_meta":{META}}}"#);
        let stream = shared.ask("tools/list", &params).await?;
        let event = last(stream.reader(None)).await?;
        let page = serde_json::from_slice::<Answer>(&event.message).ok()?.result;
        for tool in page.tools {
            let repeated = repeated(&tool.schema).unwrap_or_default();
            if !repeated.is_empty() {
                tools.insert(tool.name, repeated);
            }
        }
        let Some(next) = page.next else { break };
        cursor = format!(r#""cursor":{},"#, Value::from(next));
    }
    Some(tools)
}

/// The properties of a schema that are repeated; none if one of them can't be, since no client sends
/// headers then.
fn repeated(schema: &Value) -> Option<Vec<Repeated>> {
    let mut found = Vec::new();
    let mut rest: Vec<(Vec<String>, &Value)> = vec![(Vec::new(), schema)];
    while let Some((path, schema)) = rest.pop() {
        if let Some(name) = schema.get("x-mcp-header").filter(|_| !path.is_empty()) {
            let name = format!("{PREFIX}{}", name.as_str().filter(|name| !name.is_empty())?);
            let header = HeaderName::from_bytes(name.as_bytes()).ok()?;
            let kind = schema.get("type")?.as_str()?;
            let known = matches!(kind, "integer" | "string" | "boolean");
            if !known || found.iter().any(|it: &Repeated| it.header == header) {
                return None;
            }
            let is_integer = kind == "integer";
            found.push(Repeated { header, path: path.clone(), is_integer });
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let inside = properties.into_iter().flatten().filter(|_| path.len() < DEEPEST);
        rest.extend(inside.map(|(key, schema)| {
            let mut path = path.clone();
            path.push(key.clone());
            (path, schema)
        }));
    }
    Some(found)
}

// === impl Repeated ===

impl Repeated {
    fn check(&self, headers: &HeaderMap, arguments: &Value) -> Result<(), Fault> {
        let header = single(headers, self.header.as_str())?;
        let mut value = Some(arguments);
        for key in &self.path {
            value = value.and_then(|value| value.get(key));
        }
        let text = match value {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Bool(truth)) => Some(truth.to_string()),
            Some(Value::Number(number)) => Some(number.to_string()),
            // What can't be written as a header isn't repeated.
            None | Some(Value::Null | Value::Array(_) | Value::Object(_)) => None,
        };
        match (header, text) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(self.mismatch("is missing")),
            (Some(_), None) => Err(self.mismatch("repeats an argument that isn't there")),
            (Some(header), Some(text)) => match decode(header) {
                None => Err(self.mismatch("is not well encoded")),
                Some(decoded) if decoded == text || self.equal(&decoded, &text) => Ok(()),
                Some(_) => Err(self.mismatch("doesn't say what the argument says")),
            },
        }
    }

    /// Whether two texts are the same integer: `42` and `42.0`.
    fn equal(&self, one: &str, other: &str) -> bool {
        self.is_integer && integer(one).is_some_and(|one| integer(other) == Some(one))
    }

    fn mismatch(&self, what: &str) -> Fault {
        Fault::new(400, HEADER_MISMATCH, format!("the header `{}` {what}", self.header))
    }
}

/// An integer in plain decimals, with nothing but zeros behind the point.
fn integer(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let plain = !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0');
    whole.parse().ok().filter(|_| plain && !whole.starts_with('+'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    #[test]
    fn headers_say_what_arguments_say() {
        let schema = json!({ "properties": {
            "region": { "type": "string", "x-mcp-header": "Region" },
            "deep": { "properties": { "n": { "type": "integer", "x-mcp-header": "N" } } },
            "other": { "type": "string" },
        } });
        let repeated = repeated(&schema).unwrap();
        let check = |headers: &[(&'static str, &str)], arguments: Value| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_str(value).unwrap());
            }
            repeated.iter().all(|it| it.check(&map, &arguments).is_ok())
        };
        let (region, n) = ("mcp-param-region", "mcp-param-n");
        assert!(check(&[], json!({ "other": "x" })));
        assert!(check(&[(region, "Hello")], json!({ "region": "Hello" })));
        assert!(check(&[(region, "=?base64?SGVsbG8=?=")], json!({ "region": "Hello" })));
        assert!(check(&[(region, "SGVsbG8=")], json!({ "region": "SGVsbG8=" })));
        for (n_header, value) in [("42", json!(42)), ("42.0", json!(42)), ("42", json!(42.0))] {
            assert!(check(&[(n, n_header)], json!({ "deep": { "n": value } })), "{n_header}");
        }
        assert!(!check(&[], json!({ "region": "Hello" })));
        assert!(!check(&[(region, "hello")], json!({ "region": "Hello" })));
        assert!(!check(&[(region, "=?base64?SGVsbG8?=")], json!({ "region": "Hello" })));
        assert!(!check(&[(region, "=?base64?SGVs!!!bG8=?=")], json!({ "region": "Hello" })));
        assert!(!check(&[(region, "Hello")], json!({})));
        assert!(!check(&[(region, "Hello")], json!({ "region": null })));
        assert!(!check(&[(region, "a"), (region, "a")], json!({ "region": "a" })));
        assert!(!check(&[(n, "43")], json!({ "deep": { "n": 42 } })));
        assert!(!check(&[(n, "4.2e1")], json!({ "deep": { "n": 42 } })));
    }

    #[test]
    fn what_no_client_would_repeat_is_not_asked_for() {
        for property in [
            json!({ "type": "string", "x-mcp-header": "" }),
            json!({ "type": "string", "x-mcp-header": "a b" }),
            json!({ "type": "string", "x-mcp-header": 5 }),
            json!({ "type": "object", "x-mcp-header": "A" }),
            json!({ "x-mcp-header": "A" }),
        ] {
            assert_eq!(repeated(&json!({ "properties": { "x": property } })), None);
        }
        let twice = json!({ "properties": {
            "a": { "type": "string", "x-mcp-header": "X" },
            "b": { "type": "string", "x-mcp-header": "x" },
        } });
        assert_eq!(repeated(&twice), None);
        assert_eq!(repeated(&Value::Null), Some(Vec::new()));
    }
}
