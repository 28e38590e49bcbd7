//! Environment variables: which are settings, which are secrets, and which mean nothing on Fargate.

use serde_json::{Map, Value};

use super::draft::{Item, Server};
use super::{Notes, key, machine, secret};
use crate::record::Word as _;
use crate::word::VariableName;

/// The remark behind a path of the person's machine.
pub(super) const PATH: &str = "EDIT: a path of your machine, which Fargate doesn't have";

/// A variable.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: String,
    /// Where it stands.
    pub(super) place: String,
}

impl Variable {
    /// Whether it goes to Secrets Manager: a secret, or what a client asks or fills in.
    pub(super) fn is_secret(&self) -> bool {
        secret::variable(&self.name, &self.value) || machine::is_filled_in(&self.value)
    }
}

/// The variables of an object; what can't be one is told.
pub(super) fn read(path: &str, all: &Map<String, Value>, notes: &mut Notes) -> Vec<Variable> {
    let mut read = Vec::new();
    for (name, value) in all {
        let place = key(path, name);
        match text(value) {
            _ if VariableName::parse(name).is_err() => {
                notes.left(&place, "no variable of a container can be called so");
            }
            Some(value) => read.push(Variable { name: name.clone(), value, place }),
            None => notes.left(&place, "this is no text"),
        }
    }
    read
}

/// Puts variables where they belong; of two of one name the first counts. `here` says whether paths
/// in them are those of the person's machine, and not the container's.
pub(super) fn put(server: &mut Server, variables: Vec<Variable>, here: bool, notes: &mut Notes) {
    for variable in variables {
        if server.has(&variable.name) {
            continue;
        }
        let is_secret = variable.is_secret();
        let Variable { name, value, place } = variable;
        if is_secret {
            server.secrets.push((name, place));
        } else if value.contains(['\n', '\r']) {
            notes.left(&place, "its value has several lines");
        } else if here && machine::is_path(&value) {
            notes.todo(&place, "a path of your machine, which Fargate doesn't have");
            server.environment.push((name, Item::remarked(value, PATH)));
        } else {
            server.environment.push((name, Item::plain(value)));
        }
    }
}

/// A text, or a number or flag as one.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
