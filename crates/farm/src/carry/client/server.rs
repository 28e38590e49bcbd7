//! One server of a client's file.

use serde_json::{Map, Value};

use super::super::draft::Server;
use super::super::launch::{self, Launch};
use super::super::variables::{self, Variable};
use super::super::{Notes, key};
use super::container;
use super::words::{self, Words};

/// A server as the farm has it, without its name. The path of each secret stands for where it goes.
pub(super) fn server(path: &str, value: &Value, notes: &mut Notes) -> Option<Server> {
    let Value::Object(fields) = value else {
        notes.left(path, "this describes no server");
        return None;
    };
    if let Some(reason) = elsewhere(fields) {
        notes.left(path, reason);
        return None;
    }
    let words = words::read(path, fields, notes)?;
    let variables = self::variables(path, fields, notes)?;
    let mut server = Server { path: path.to_owned(), stdio: true, ..Server::default() };
    match launch::launch(&words.texts) {
        Launch::Remote => {
            notes.left(path, "it only leads to a server elsewhere; clients go on to reach that");
            return None;
        }
        Launch::Docker => container::fill(&mut server, &words, variables, notes)?,
        kind => program(&mut server, &kind, &words, variables, notes),
    }
    settings(&mut server, fields, notes);
    Some(server)
}

/// Why a server isn't one that a farm runs.
fn elsewhere(fields: &Map<String, Value>) -> Option<String> {
    let url = ["url", "serverUrl", "httpUrl", "uri"].iter().find_map(|name| fields.get(*name));
    let kind = fields.get("type").or_else(|| fields.get("transport")).and_then(Value::as_str);
    let remote = kind.is_some_and(|kind| !matches!(kind, "stdio" | "local"));
    if url.is_none() && !remote {
        return None;
    }
    // The host alone: the rest of a URL may hold a key.
    let host =
        url.and_then(Value::as_str).and_then(|url| url.split_once("://")).map(|(_, rest)| {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            authority.rsplit('@').next().unwrap_or_default()
        });
    let at = host.filter(|host| !host.is_empty()).map_or(String::new(), |it| format!(", at {it}"));
    Some(format!("it runs elsewhere{at}: clients go on to reach it there, not by the farm"))
}

/// The variables under `env`.
fn variables(path: &str, fields: &Map<String, Value>, notes: &mut Notes) -> Option<Vec<Variable>> {
    let path = key(path, "env");
    match fields.get("env") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Object(env)) => Some(variables::read(&path, env, notes)),
        Some(_) => {
            notes.left(&path, "this is no object: the server is left out");
            None
        }
    }
}

/// A server that is a program of the machine.
fn program(
    server: &mut Server,
    kind: &Launch,
    words: &Words,
    variables: Vec<Variable>,
    notes: &mut Notes,
) {
    let installed = "Its image must contain the package, as a task downloads nothing:";
    let first = words.texts.first().map(|program| bare(program)).unwrap_or_default();
    match kind {
        Launch::Npm(Some(package)) => {
            server.about.push(installed.to_owned());
            server.about.push(format!("  RUN npm install -g {}", bare(&package.spec)));
        }
        Launch::Python(Some(package)) => {
            server.about.push(installed.to_owned());
            server.about.push(format!("  RUN uv tool install {}", bare(&package.spec)));
        }
        Launch::Script => {
            notes.todo(&words.place(0), "it runs a file of your machine: put that into an image");
            let about = "EDIT: its program is a file of your machine: put that into an image.";
            server.about.push(about.to_owned());
        }
        _ => server.about.push(format!("Its image must contain `{first}`.")),
    }
    if let Launch::Npm(Some(package)) | Launch::Python(Some(package)) = kind
        && !package.pinned
    {
        let spec = bare(&package.spec);
        let how = if matches!(kind, Launch::Npm(_)) { "@1.2.3" } else { "==1.2.3" };
        let text = format!("`{spec}` names no version: pin one in the image, as `{how}`");
        notes.todo(&words.place(package.at), text);
    }
    variables::put(server, variables, true, notes);
    let items = words::items(server, words, 0, true, notes);
    server.local = items.iter().map(|item| item.text.clone()).collect();
    server.command = items;
}

/// A text without what would end a comment or its quotes.
pub(super) fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && *c != '`').collect()
}

/// What a client says of a server besides how to start it.
fn settings(server: &mut Server, fields: &Map<String, Value>, notes: &mut Notes) {
    let path = server.path.clone();
    for (name, value) in fields {
        let place = key(&path, name);
        match (name.as_str(), value) {
            ("command" | "args" | "env" | "type" | "transport", _) | (_, Value::Null) => {}
            ("disabled", Value::Bool(disabled)) => server.disabled = *disabled,
            ("enabled", Value::Bool(enabled)) => server.disabled = !*enabled,
            ("description", Value::String(text)) => server.about.insert(0, bare(text)),
            ("cwd", _) => notes.left(&place, "a container starts in its image's own directory"),
            ("envFile" | "env_file", _) => notes.left(
                &place,
                "the file isn't read: put its variables under `environment` and `secrets`",
            ),
            ("headers", _) => notes.left(&place, "a server on standard input has no headers"),
            _ => notes.left(&place, "a setting of the client's: it stays there"),
        }
    }
}
