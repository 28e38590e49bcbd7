//! Carrying over: a farm file from what people have already, and a list of what didn't fit into it.
//!
//! Two kinds of files are read: what an MCP client has (`mcpServers`, or VS Code's `servers`), and a
//! `deploy-config.json`. The farm file that comes out is for a person to go on with: commented, with
//! examples marked where the source says nothing. It reads without problems, whatever went in.
//!
//! No secret of the source is ever written, to the file or to a note: what looks like one becomes a
//! reference to Secrets Manager.

mod client;
mod deploy;
mod docker;
mod draft;
mod json;
mod launch;
mod machine;
mod name;
mod secret;
mod variables;
mod write;

use serde_json::Value;

use draft::Draft;

/// A farm file that was made of another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The text of `farm.yaml`.
    pub text: String,
    /// The farm's name.
    pub farm: String,
    /// Its servers, in the order of the source.
    pub servers: Vec<String>,
    /// The secrets of Secrets Manager that the farm's servers expect, by name.
    pub secrets: Vec<String>,
    /// What the person has to know, in the order of the source.
    pub notes: Vec<Note>,
}

/// Something about a place of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What became of it.
    pub kind: NoteKind,
    /// The place: `mcpServers.git.args[2]`.
    pub path: String,
    /// What to know: lower case, no full stop.
    pub text: String,
}

/// What became of a place of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// It isn't in the farm file.
    Left,
    /// It is, in other words.
    Changed,
    /// It is, and the person has to do something about it.
    Todo,
}

/// Why nothing could be carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A stable code in kebab case.
    pub code: &'static str,
    /// Line and column (in characters), counted from 1.
    pub at: Option<(usize, usize)>,
    /// What is wrong. Never a line of the source, which may hold a secret.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Makes a farm file of another file. The farm is called `name`, or what is nearest to it.
///
/// # Errors
/// If the source isn't JSON, or holds no server that can be carried over.
pub fn carry(source: &str, name: &str) -> Result<Carried, Refusal> {
    let root = json::read(source)?;
    let Value::Object(root) = root else {
        return Err(nothing("this is JSON, but not an object"));
    };
    let mut notes = Notes::default();
    let farm = name::farm(name);
    let draft = if deploy::is(&root) {
        deploy::draft(&root, farm, &mut notes)
    } else if let Some((path, servers)) = client::servers(&root) {
        client::draft(&root, &path, servers, farm, &mut notes)
    } else {
        return Err(nothing("this names no MCP servers"));
    };
    settle(draft, notes)
}

fn nothing(message: &str) -> Refusal {
    let help = "a client's file has them under `mcpServers` (VS Code's: `servers`), a \
                deploy-config.json under `deployment.servers`";
    Refusal {
        code: "nothing-to-carry",
        at: None,
        message: message.to_owned(),
        help: Some(help.to_owned()),
    }
}

/// Writes the farm file, and leaves out what keeps it from being read.
fn settle(mut draft: Draft, mut notes: Notes) -> Result<Carried, Refusal> {
    if problems(&draft).is_some() {
        // What a server alone can't be read with is the server's; the rest is the network's.
        let mut bare = draft.clone();
        bare.network = draft::Network::default();
        draft.servers.retain(|server| {
            bare.servers = vec![server.clone()];
            let found = problems(&bare);
            if let Some(found) = &found {
                // What else was said of it doesn't matter any more.
                notes.all.retain(|note| !note.path.starts_with(&server.path));
                notes.left(&server.path, format!("the farm file can't say it: {found}"));
            }
            found.is_none()
        });
        if let Some(found) = problems(&draft) {
            let path = draft.network.path.clone();
            notes.left(&path, format!("the farm file can't say it: {found}"));
            draft.network = draft::Network::default();
        }
    }
    if draft.servers.is_empty() {
        let mut reasons: Vec<String> =
            notes.all.iter().map(|note| format!("{}: {}", note.path, note.text)).collect();
        reasons.truncate(10);
        return Err(Refusal {
            code: "nothing-to-carry",
            at: None,
            message: "none of its servers can be carried over".to_owned(),
            help: Some(reasons.join("\n")).filter(|reasons| !reasons.is_empty()),
        });
    }
    if let Some(found) = problems(&draft) {
        return Err(Refusal {
            code: "nothing-to-carry",
            at: None,
            message: format!("the farm file can't say it: {found}"),
            help: None,
        });
    }
    Ok(Carried {
        text: write::farm(&draft),
        farm: draft.farm.clone(),
        servers: draft.servers.iter().map(|server| server.name.clone()).collect(),
        secrets: draft.secret_names(),
        notes: notes.all,
    })
}

/// What is wrong with the farm file as it would be, if anything is.
fn problems(draft: &Draft) -> Option<String> {
    let found = crate::farm::read(&write::farm(draft), &[]).err()?;
    let titles: Vec<&str> = found.iter().map(|problem| problem.title.as_str()).take(3).collect();
    Some(titles.join("; "))
}

/// Notes as they come.
#[derive(Debug, Default)]
struct Notes {
    all: Vec<Note>,
}

impl Notes {
    fn left(&mut self, path: &str, text: impl Into<String>) {
        self.add(NoteKind::Left, path, text.into());
    }

    fn changed(&mut self, path: &str, text: impl Into<String>) {
        self.add(NoteKind::Changed, path, text.into());
    }

    fn todo(&mut self, path: &str, text: impl Into<String>) {
        self.add(NoteKind::Todo, path, text.into());
    }

    fn add(&mut self, kind: NoteKind, path: &str, text: String) {
        self.all.push(Note { kind, path: path.to_owned(), text });
    }
}

/// The path of a key of an object.
fn key(path: &str, key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let key = if !key.is_empty() && key.chars().all(plain) {
        key.to_owned()
    } else {
        return format!("{path}[{}]", Value::String(key.to_owned()));
    };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// The path of an item of a list.
fn item(path: &str, at: usize) -> String {
    format!("{path}[{at}]")
}
