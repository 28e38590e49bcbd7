//! What of a container is not known, where a source says so part by part.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::attribute::{Attribute, Doubt};
use super::super::raw::SENSITIVE;
use super::named;
use crate::model::{Container, Model, Note, Val};

/// How deep parts of a container may be nested.
const DEEPEST: usize = 16;

/// The containers of a list, each with what of it is not known. A list of which it is not known
/// how long it is is unknown as a whole.
pub(super) fn list(
    attribute: &Attribute<'_>,
    items: &[Value],
    model: &Model,
) -> Val<Vec<Container>> {
    let doubts = match attribute.unknown {
        Some(Value::Array(doubts)) => doubts.as_slice(),
        _ => &[],
    };
    let mut all = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let doubt = doubts.get(at).unwrap_or(&Value::Null);
        if !item.is_object() {
            return Val::Unknown(attribute.pending());
        }
        let (mut item, mut doubt) = (item.clone(), doubt.clone());
        named::settle(attribute.graph, model, &mut item, &mut doubt);
        let (item, doubt) = (&item, &doubt);
        let mut container = super::container(item, at);
        if Doubt::of(Some(doubt)) != Doubt::None {
            let mut found = Found { attribute, at, parts: &mut container.unknown };
            found.parts(item, doubt, "", 0);
        }
        all.push(container);
    }
    if attribute.doubt == Doubt::Assumed {
        for container in &mut all {
            container.unknown.clear();
        }
        return Val::Assumed(all, attribute.pending());
    }
    Val::Known(all)
}

struct Found<'f> {
    attribute: &'f Attribute<'f>,
    at: usize,
    parts: &'f mut BTreeMap<String, Note>,
}

impl Found<'_> {
    fn parts(&mut self, value: &Value, doubt: &Value, path: &str, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let null = Value::Null;
        match doubt {
            Value::Bool(true) => self.add(path, "is known only after apply"),
            Value::String(reason) if reason == SENSITIVE => {
                self.add(path, "is sensitive and not read");
            }
            Value::String(reason) => self.add(path, reason),
            Value::Object(doubts) => {
                for (name, doubt) in doubts {
                    let inner =
                        if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    self.parts(value.get(name).unwrap_or(&null), doubt, &inner, depth + 1);
                }
            }
            Value::Array(doubts) => {
                for (at, doubt) in doubts.iter().enumerate() {
                    let item = value.get(at).unwrap_or(&null);
                    // What has a name goes by it: `environment.API_URL`.
                    match item.get("name").and_then(Value::as_str) {
                        Some(name) => {
                            let of_name = format!("{path}.{name}");
                            for part in ["value", "valueFrom"] {
                                if let Some(doubt) = doubt.get(part) {
                                    self.parts(&null, doubt, &of_name, depth + 1);
                                }
                            }
                            if !doubt.is_object() {
                                self.parts(item, doubt, &of_name, depth + 1);
                            }
                        }
                        None => self.whole(doubt, path, depth),
                    }
                }
            }
            _ => {}
        }
    }

    /// A part of a list without a name of its own: then the list is not known.
    fn whole(&mut self, doubt: &Value, path: &str, depth: usize) {
        match doubt {
            Value::Object(doubts) if depth < DEEPEST => {
                for doubt in doubts.values() {
                    self.whole(doubt, path, depth + 1);
                }
            }
            Value::Array(doubts) if depth < DEEPEST => {
                for doubt in doubts {
                    self.whole(doubt, path, depth + 1);
                }
            }
            other => self.parts(&Value::Null, other, path, depth + 1),
        }
    }

    fn add(&mut self, path: &str, reason: &str) {
        let (at, key) = (self.at, &self.attribute.resource.key);
        let dot = if path.is_empty() { "" } else { "." };
        let note = format!("`container_definitions[{at}]{dot}{path}` of {key} {reason}");
        self.parts.entry(path.to_owned()).or_insert_with(|| note.into());
    }
}
