//! How clients connect: an entry for their file of servers, and a `curl` that can be pasted.

use std::net::SocketAddr;
use std::path::Path;

use farmgate_farm::farm::EVERYTHING;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::render::up::{Connect, Server};

/// What stands for a key that is not shown.
const HIDDEN: &str = "YOUR-KEY";

/// The URL of the gate, as clients on this machine write it.
pub(super) fn base(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("https://127.0.0.1:{}", address.port()),
        false => format!("https://{address}"),
    }
}

/// Of these servers, all go into the entry, and the first that is ready is called.
pub(super) fn connect(
    servers: &[Server],
    header: &str,
    key: Option<&SecretString>,
    ca: &Path,
) -> Connect {
    let shown = key.map_or(HIDDEN, |key| key.expose_secret());
    let entries: serde_json::Map<String, Value> =
        servers.iter().map(|server| (server.name.clone(), entry(server, header, shown))).collect();
    let entry = serde_json::to_string_pretty(&json!({ "mcpServers": entries }));
    let ready = servers.iter().find(|server| server.condition.is_ready());
    let called = ready.or_else(|| servers.first());
    let ca = ca.display().to_string();
    Connect {
        // A tree of texts can always be written.
        entry: entry.unwrap_or_default(),
        curl: called.map(|server| curl(server, header, shown, &ca)).unwrap_or_default(),
        ca,
        made: key.is_some(),
    }
}

fn entry(server: &Server, header: &str, key: &str) -> Value {
    json!({ "type": "http", "url": server.url, "headers": { header: key } })
}

/// The server that comes with farmgate is asked to add; of others nobody knows what they can, so the
/// session is opened that every client begins with.
fn curl(server: &Server, header: &str, key: &str, ca: &str) -> String {
    let embedded = server.runs == EVERYTHING;
    let body = match embedded {
        true => json!({
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": "add",
                "arguments": { "a": 20, "b": 22 },
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                },
            },
        }),
        false => json!({
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": { "name": "curl", "version": "1" },
            },
        }),
    };
    let mut headers = vec![
        format!("{header}: {key}"),
        "content-type: application/json".to_owned(),
        "accept: application/json, text/event-stream".to_owned(),
    ];
    if embedded {
        headers.push("mcp-protocol-version: 2026-07-28".to_owned());
        headers.push("mcp-method: tools/call".to_owned());
        headers.push("mcp-name: add".to_owned());
    }
    let mut command = format!("curl --cacert {} {}", word(ca), word(&server.url));
    for header in headers {
        command.push_str(&format!(" \\\n  -H {}", word(&header)));
    }
    command.push_str(&format!(" \\\n  -d {}", word(&body.to_string())));
    command
}

/// A word as a shell takes it: whole, and nothing in it is read as anything else.
pub(super) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::up::Condition;

    fn server() -> Server {
        Server {
            name: "hello".to_owned(),
            url: "https://127.0.0.1:8443/hello/mcp".to_owned(),
            condition: Condition::Ready,
            runs: EVERYTHING.to_owned(),
        }
    }

    #[test]
    fn shells_take_words_as_they_are() {
        assert_eq!(word("/a/b-c.pem"), "/a/b-c.pem");
        assert_eq!(word("/a b/it's $HOME"), r"'/a b/it'\''s $HOME'");
    }

    #[test]
    fn the_entry_is_json_with_url_and_key() {
        let key = SecretString::from("fg_x");
        let connect = connect(&[server()], "x-api-key", Some(&key), Path::new("/ca.pem"));
        let entry: Value = serde_json::from_str(&connect.entry).unwrap_or_default();
        let hello = entry.pointer("/mcpServers/hello");
        assert_eq!(
            hello,
            Some(&json!({
                "type": "http",
                "url": "https://127.0.0.1:8443/hello/mcp",
                "headers": { "x-api-key": "fg_x" },
            }))
        );
    }

    #[test]
    fn a_key_that_is_not_ours_to_show_is_not_shown() {
        let connect = connect(&[server()], "x-api-key", None, Path::new("/ca.pem"));
        assert!(connect.curl.contains(HIDDEN) && connect.entry.contains(HIDDEN));
    }
}
