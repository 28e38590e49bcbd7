//! The file of an MCP client: Claude Desktop's and Cursor's `mcpServers`, VS Code's `servers`.

mod container;
mod server;
mod words;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::draft::Draft;
use super::{Notes, key, name};

/// Keys of the file that are no servers, and what to say of them.
const BESIDE: [(&str, &str); 2] = [
    ("inputs", "your client asks a person for these; on AWS, Secrets Manager answers"),
    ("projects", "the servers of single projects are not read"),
];

/// The servers of a client's file, and their path.
pub(super) fn servers(root: &Map<String, Value>) -> Option<(String, &Map<String, Value>)> {
    for name in ["mcpServers", "servers", "context_servers"] {
        if let Some(Value::Object(servers)) = root.get(name) {
            return Some((name.to_owned(), servers));
        }
    }
    // VS Code's settings.json.
    if let Some(Value::Object(servers)) = root.get("mcp").and_then(|mcp| mcp.get("servers")) {
        return Some(("mcp.servers".to_owned(), servers));
    }
    // What documentation shows: the inner object alone.
    let one = |value: &Value| value.get("command").is_some() || value.get("url").is_some();
    (!root.is_empty() && root.values().all(one)).then(|| (String::new(), root))
}

/// The farm that the servers come to.
pub(super) fn draft(
    root: &Map<String, Value>,
    path: &str,
    servers: &Map<String, Value>,
    farm: String,
    notes: &mut Notes,
) -> Draft {
    beside(root, path, notes);
    let mut draft = Draft::new("an MCP client's file", farm);
    let mut taken = BTreeSet::new();
    for (given, value) in servers {
        let path = key(path, given);
        let Some(mut server) = server::server(&path, value, notes) else {
            continue;
        };
        server.name = name::server(given, &mut taken);
        if server.name != *given {
            notes.changed(&path, format!("it is called `{}` here", server.name));
        }
        if draft.account.is_none()
            && let Some(ecr) = server.image.as_deref().and_then(container::registry)
        {
            draft.account = Some(ecr.account);
            draft.region = Some(ecr.region);
        }
        for (variable, place) in &server.secrets {
            let name = Draft::secret(&draft.farm, &server.name, variable);
            notes.todo(place, format!("put the secret into `secretsmanager:{name}`"));
        }
        draft.servers.push(server);
    }
    draft
}

/// What is in the file besides the servers.
fn beside(root: &Map<String, Value>, path: &str, notes: &mut Notes) {
    let top = path.split('.').next().unwrap_or_default();
    if path.is_empty() {
        return;
    }
    let mut others = Vec::new();
    for name in root.keys().filter(|name| *name != top && *name != "$schema") {
        match BESIDE.iter().find(|(known, _)| known == name) {
            Some((_, text)) => notes.left(&key("", name), *text),
            None => others.push(key("", name)),
        }
    }
    if !others.is_empty() {
        notes.left(&others.join(", "), "the client's own settings: they stay there");
    }
}
