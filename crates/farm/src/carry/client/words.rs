//! The words of a command, each with its place in the source.

use serde_json::{Map, Value};

use super::super::draft::{Item, Server};
use super::super::variables::{PATH, text};
use super::super::{Notes, item, key, launch, machine, secret};
use crate::record::Word as _;
use crate::word::VariableName;

/// What is written in place of a secret that stood in a command.
pub(super) const REMOVED: &str = "SECRET-REMOVED";

/// Remarks in the farm file.
const FILLED_IN: &str = "EDIT: your client fills this in, and Fargate doesn't";
const TAKEN_OUT: &str = "EDIT: a secret stood here; let the program read it from a variable";

/// A command and its arguments.
pub(super) struct Words {
    /// The words.
    pub(super) texts: Vec<String>,
    /// Where each stands.
    places: Vec<String>,
}

impl Words {
    /// Words without places.
    pub(super) fn of(texts: Vec<String>) -> Self {
        Self { texts, places: Vec::new() }
    }

    /// Where a word stands.
    pub(super) fn place(&self, at: usize) -> String {
        self.places.get(at).cloned().unwrap_or_default()
    }
}

/// The command and its arguments; a program that is known by its plain name.
pub(super) fn read(path: &str, fields: &Map<String, Value>, notes: &mut Notes) -> Option<Words> {
    let mut words = Vec::new();
    let mut take = |name: &str, notes: &mut Notes| {
        let place = key(path, name);
        match fields.get(name) {
            None | Some(Value::Null) => true,
            Some(Value::String(word)) if name == "command" => {
                words.push((word.clone(), place));
                true
            }
            Some(Value::Array(items)) => items.iter().enumerate().all(|(at, value)| {
                let place = item(&place, at);
                match text(value) {
                    Some(word) if !word.contains(['\n', '\r']) => {
                        words.push((word, place));
                        true
                    }
                    Some(_) => {
                        let text = "several lines: put them into a script in the server's image; \
                                    the server is left out";
                        notes.left(&place, text);
                        false
                    }
                    None => {
                        notes.left(&place, "this is no text: the server is left out");
                        false
                    }
                }
            }),
            Some(_) => {
                notes.left(&place, "this is no list of texts: the server is left out");
                false
            }
        }
    };
    if !(take("command", notes) && take("args", notes)) {
        return None;
    }
    if words.first().is_none_or(|(program, _)| program.trim().is_empty())
        || !fields.contains_key("command")
    {
        notes.left(path, "it has neither a `command` nor a `url`");
        return None;
    }
    Some(plain(split(words)))
}

/// Some clients take a whole command line for the command.
fn split(words: Vec<(String, String)>) -> Vec<(String, String)> {
    match words.as_slice() {
        [(line, place)] if line.contains(' ') && !line.contains(['"', '\'', '\\']) => {
            line.split_whitespace().map(|word| (word.to_owned(), place.clone())).collect()
        }
        _ => words,
    }
}

/// Without Windows's shell, and without the machine's path to a program that is known.
fn plain(words: Vec<(String, String)>) -> Words {
    let (texts, places): (Vec<String>, Vec<String>) = words.into_iter().unzip();
    let kept = launch::without_shell(&texts).len();
    let skipped = texts.len().saturating_sub(kept);
    let mut texts: Vec<String> = texts.into_iter().skip(skipped).collect();
    if let Some(program) = texts.first_mut()
        && let Some(known) = launch::known(program)
    {
        known.clone_into(program);
    }
    Words { texts, places: places.into_iter().skip(skipped).collect() }
}

/// The words from one on as the farm file has them: without secrets, and with remarks. `here` says
/// whether paths in them are those of the person's machine, and not the container's.
pub(super) fn items(
    server: &mut Server,
    words: &Words,
    first: usize,
    here: bool,
    notes: &mut Notes,
) -> Vec<Item> {
    let mut all = Vec::new();
    // The option of which this word is the secret value.
    let mut announced: Option<&str> = None;
    for (at, word) in words.texts.iter().enumerate().skip(first) {
        let place = words.place(at);
        let inline = word
            .split_once('=')
            .filter(|(option, value)| secret::option(option) || secret::value(value));
        let follows = announced.take().filter(|_| !word.starts_with('-'));
        all.push(if let Some((option, _)) = inline {
            take_out(server, Some(option), &place, notes);
            Item::remarked(format!("{option}={REMOVED}"), TAKEN_OUT)
        } else if follows.is_some() || secret::value(word) {
            take_out(server, follows, &place, notes);
            Item::remarked(REMOVED, TAKEN_OUT)
        } else if machine::is_filled_in(word) {
            notes.todo(&place, "your client fills this in, and Fargate doesn't");
            Item::remarked(word, FILLED_IN)
        } else if here && machine::is_path(word) {
            notes.todo(&place, "a path of your machine, which Fargate doesn't have");
            Item::remarked(word, PATH)
        } else {
            Item::plain(word)
        });
        announced = Some(word.as_str()).filter(|word| inline.is_none() && secret::option(word));
    }
    all
}

/// Makes a variable of a secret that stood in a command.
fn take_out(server: &mut Server, option: Option<&str>, place: &str, notes: &mut Notes) {
    let named: String = option
        .unwrap_or_default()
        .trim_start_matches('-')
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    let mut name = if VariableName::parse(&named).is_ok() { named } else { "SECRET".to_owned() };
    while server.has(&name) {
        name.push_str("_2");
    }
    notes.todo(
        place,
        format!("a secret was taken out: let the program read the variable `{name}` in its place"),
    );
    server.secrets.push((name, place.to_owned()));
}
