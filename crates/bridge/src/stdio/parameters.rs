//! Arguments that are repeated in headers: `Mcp-Param-...` (MCP 2026-07-28, `x-mcp-header`).
//!
//! A stdio server sees no headers, so whether they say what the body says is checked here, as a server
//! over HTTP has to: by the input schemas that the server lists. A server that doesn't list its tools
//! has none of these headers. What is decided by a header is decided by whoever stands before us; the
//! server goes by the body.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use farmgate_mcp::fault::{HEADER_MISMATCH, INVALID_PARAMS};
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
/// - 400, -32020: a header is missing, comes twice, or doesn't say what the argument says.
/// - 400, -32602: some of the tool's arguments are repeated, and parsers differ in reading them.
pub(super) async fn check(
    shared: &Rc<Shared>,
    headers: &HeaderMap,
    message: &Message<'_>,
) -> Result<(), Fault> {
    let tool = message.name.as_deref().filter(|_| message.method.as_deref() == Some("tools/call"));
    let Some(tool) = tool else { return Ok(()) };
    let arguments = read(message.arguments);
    let any = headers.keys().any(|name| name.as_str().starts_with(PREFIX));
    let empty = |arguments: &Value| arguments.as_object().is_none_or(serde_json::Map::is_empty);
    if !any && arguments.as_ref().is_some_and(empty) {
        return Ok(());
    }
    if shared.repeats.borrow().read.is_none_or(|read| read.elapsed() > BELIEVED) {
        let listed = timeout(LIST_TIME, list(shared)).await.ok().flatten();
        let tools = listed.unwrap_or_default();
        *shared.repeats.borrow_mut() = Repeats { tools, read: Some(Instant::now()) };
    }
    let repeats = shared.repeats.borrow();
    let own = repeats.tools.get(tool).map(Vec::as_slice).unwrap_or_default();
    check_all(own, headers, arguments.as_ref())
}

/// The arguments of a call; `None` if they are JSON that not every parser takes: a number beyond what
/// a double holds, half a surrogate pair.
fn read(arguments: Option<&str>) -> Option<Value> {
    arguments.map_or(Some(Value::Null), |raw| serde_json::from_str(raw).ok())
}

/// Checks the headers of what a tool repeats. What can't be read here may well be read by the server,
/// so nothing can be said of it.
fn check_all(
    own: &[Repeated],
    headers: &HeaderMap,
    arguments: Option<&Value>,
) -> Result<(), Fault> {
    match arguments {
        _ if own.is_empty() => Ok(()),
        Some(arguments) => own.iter().try_for_each(|it| it.check(headers, arguments)),
        None => Err(Fault::new(
            400,
            INVALID_PARAMS,
            "the arguments hold a number that no double holds, or half a surrogate pair",
        )),
    }
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
    fn arguments_that_not_every_parser_reads_hide_no_argument() {
        let schema = json!({ "properties": {
            "region": { "type": "string", "x-mcp-header": "Region" },
        } });
        let own = repeated(&schema).unwrap();
        let (none, read) = (HeaderMap::new(), |raw| super::read(Some(raw)));
        for raw in [r#"{"region":"a","x":1e999}"#, r#"{"region":"a","x":"\ud800"}"#] {
            assert_eq!(read(raw), None, "{raw}");
            let fault = check_all(&own, &none, read(raw).as_ref()).unwrap_err();
            assert_eq!((fault.status, fault.code), (400, INVALID_PARAMS), "{raw}");
            // A tool that repeats nothing is its server's affair alone.
            assert_eq!(check_all(&[], &none, read(raw).as_ref()), Ok(()), "{raw}");
        }
        assert_eq!(check_all(&own, &none, super::read(None).as_ref()), Ok(()));
        assert!(check_all(&own, &none, read(r#"{"region":"a"}"#).as_ref()).is_err());
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
