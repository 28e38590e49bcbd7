//! Headers of the modern era: what of a request is repeated in them. Pure.
//!
//! Which arguments of a tool are repeated (`Mcp-Param-...`) stands in its schema (`x-mcp-header`;
//! MCP 2026-07-28, Streamable HTTP, "Custom Headers from Tool Parameters"), which is learnt from
//! `tools/list`. An annotation that the specification forbids is left out: the server says so.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farmgate_mcp::headers::{METHOD, NAME, PROTOCOL_VERSION};
use farmgate_mcp::message::{Message, subject};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

/// The most tools of which something is remembered.
const MOST_TOOLS: usize = 4096;
/// The most headers of one tool, and the deepest that an argument may lie.
const MOST_HEADERS: usize = 32;
/// The deepest that an argument may lie.
const DEEPEST: usize = 16;

/// What was learnt of tools: by their names, the path of each argument and the header that repeats
/// it.
#[derive(Debug, Default)]
pub(crate) struct Params {
    tools: BTreeMap<String, Vec<(Vec<String>, HeaderName)>>,
}

#[derive(Deserialize)]
struct Listed {
    result: Tools,
}

#[derive(Deserialize)]
struct Tools {
    tools: Vec<Tool>,
    #[serde(rename = "nextCursor", default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Tool {
    name: String,
    #[serde(rename = "inputSchema", default)]
    schema: Value,
}

// === impl Params ===

impl Params {
    /// Learns from the answer to `tools/list`; gives the cursor of the next page. Tools that have no
    /// such headers any more are forgotten.
    pub(crate) fn learn(&mut self, answer: &[u8]) -> Option<String> {
        let listed: Listed = serde_json::from_slice(answer).ok()?;
        for tool in listed.result.tools {
            let mut headers = Vec::new();
            collect(&tool.schema, &mut Vec::new(), &mut headers);
            if headers.is_empty() {
                self.tools.remove(&tool.name);
            } else if self.tools.len() < MOST_TOOLS || self.tools.contains_key(&tool.name) {
                self.tools.insert(tool.name, headers);
            }
        }
        listed.result.next
    }

    /// The headers of a modern message of this version.
    pub(crate) fn headers(&self, version: &str, message: &Message<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut put = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(&encode(value)) {
                headers.insert(name, value);
            }
        };
        put(HeaderName::from_static(PROTOCOL_VERSION), version);
        let Some(method) = message.method.as_deref() else { return headers };
        put(HeaderName::from_static(METHOD), method);
        let Some(name) = message.name.as_deref().filter(|_| subject(method).is_some()) else {
            return headers;
        };
        put(HeaderName::from_static(NAME), name);
        if let Some(learnt) = self.tools.get(name).filter(|_| method == "tools/call") {
            let arguments = message.arguments.and_then(|raw| serde_json::from_str(raw).ok());
            let arguments: Value = arguments.unwrap_or_default();
            for (path, header) in learnt {
                let found = path.iter().try_fold(&arguments, |value, key| value.get(key));
                if let Some(text) = found.and_then(plain) {
                    put(header.clone(), &text);
                }
            }
        }
        headers
    }
}

/// The annotations on a schema's properties, and on theirs.
fn collect(schema: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, HeaderName)>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    if path.len() >= DEEPEST {
        return;
    }
    for (name, schema) in properties {
        path.push(name.clone());
        let primitive = matches!(
            schema.get("type").and_then(Value::as_str),
            Some("string" | "integer" | "boolean" | "number")
        );
        let header = schema.get("x-mcp-header").and_then(Value::as_str).filter(|_| primitive);
        // Header names are tokens; whatever else stands there can't be one.
        let header = header.filter(|name| !name.is_empty()).and_then(|name| {
            HeaderName::try_from(format!("mcp-param-{}", name.to_ascii_lowercase())).ok()
        });
        if let Some(header) = header
            && found.len() < MOST_HEADERS
            && !found.iter().any(|(_, other)| *other == header)
        {
            found.push((path.clone(), header));
        }
        collect(schema, path, found);
        path.pop();
    }
}

/// An argument as a header's text; `None` if it is null or no primitive.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// A header's value: itself, or in base64 what can't travel so.
fn encode(value: &str) -> String {
    let safe = value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let trimmed = value.trim_matches([' ', '\t']) == value;
    let looks_encoded = value.starts_with("=?base64?") && value.ends_with("?=");
    if safe && trimmed && !looks_encoded {
        return value.to_owned();
    }
    format!("=?base64?{}?=", STANDARD.encode(value))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn learnt(schema: &str) -> Params {
        let mut params = Params::default();
        let list = format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":[{{"name":"t","inputSchema":{schema}}}]}}}}"#
        );
        assert_eq!(params.learn(list.as_bytes()), None);
        params
    }

    fn headers(params: &Params, arguments: &str) -> HeaderMap {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"t","arguments":{arguments}}}}}"#
        );
        params.headers("2026-07-28", &Message::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn a_request_is_repeated_in_headers() {
        let found = headers(&Params::default(), "{}");
        assert_eq!(found.get("mcp-protocol-version").unwrap(), "2026-07-28");
        assert_eq!(found.get("mcp-method").unwrap(), "tools/call");
        assert_eq!(found.get("mcp-name").unwrap(), "t");
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn annotated_arguments_are_repeated_nested_ones_too() {
        let params = learnt(
            r#"{"properties":{
                "region":{"type":"string","x-mcp-header":"Region"},
                "count":{"type":"integer","x-mcp-header":"Count"},
                "none":{"type":"boolean","x-mcp-header":"None"},
                "list":{"type":"array","x-mcp-header":"List"},
                "bad":{"type":"string","x-mcp-header":"a b"},
                "in":{"type":"object","properties":{"er":{"type":"string","x-mcp-header":"Inner"}}}
            }}"#,
        );
        let found = headers(
            &params,
            r#"{"region":"zürich","count":42,"none":null,"list":[1],"in":{"er":"x y"}}"#,
        );
        let region = found.get("mcp-param-region").unwrap().to_str().unwrap();
        assert_eq!(farmgate_mcp::headers::decode(region).unwrap(), "zürich");
        assert_eq!(found.get("mcp-param-count").unwrap(), "42");
        assert_eq!(found.get("mcp-param-inner").unwrap(), "x y");
        assert_eq!(found.len(), 6);
    }

    #[test]
    fn what_cannot_travel_is_encoded_and_no_line_ends_in_a_header() {
        for odd in ["", "plain", " lead", "tail\t", "a\r\nx: y", "=?base64?eA==?=", "\u{1f600}"] {
            let encoded = encode(odd);
            assert!(HeaderValue::from_str(&encoded).is_ok(), "{odd:?}");
            assert_eq!(farmgate_mcp::headers::decode(&encoded).unwrap(), odd);
        }
    }
}
