//! Whether a source is a plan's: whether every expression that the plan's configuration shows mentions
//! the same names in the source.
//!
//! A plan of things that don't exist yet knows few values, so that a source of another day might
//! contradict none of them. What its expressions mention shows it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::super::source::{Looking, Part, Source, subject};
use super::super::address::{self, Head};
use super::super::config::{Config, Module};

/// How deep modules may call each other.
const DEEPEST: usize = 32;

/// In what a source differs from a configuration; `None` if in nothing.
pub(super) fn differs(config: &Config, source: &Source, looking: &Looking<'_>) -> Option<String> {
    module(&config.root, "", source, looking, 0)
}

fn module(
    written: &Module,
    path: &str,
    source: &Source,
    looking: &Looking<'_>,
    depth: usize,
) -> Option<String> {
    // What isn't there settles nothing.
    let folder = looking.folder_of(path)?;
    let at = |what: &str| if path.is_empty() { what.to_owned() } else { format!("{path}.{what}") };
    for (group, resource) in &written.resources {
        if source.declares(&folder, Part::Resource(group)) == Some(false) {
            return Some(format!("it has no {}", at(group)));
        }
        for (name, expression) in resource.expressions.as_object().into_iter().flatten() {
            if !matches(source.mentions(&folder, Part::Resource(group), name), expression) {
                return Some(format!("`{name}` of {} names other things in it", at(group)));
            }
        }
    }
    for (name, expression) in &written.outputs {
        if !matches(source.mentions(&folder, Part::Output(name), "value"), expression) {
            return Some(format!("the output {} names other things in it", at(name)));
        }
    }
    for (call, below) in &written.calls {
        for (name, expression) in &below.expressions {
            if !matches(source.mentions(&folder, Part::Call(call), name), expression) {
                return Some(format!(
                    "`{name}` of {} names other things in it",
                    at(&format!("module.{call}"))
                ));
            }
        }
        if depth < DEEPEST
            && let Some(text) =
                module(&below.module, &at(&format!("module.{call}")), source, looking, depth + 1)
        {
            return Some(text);
        }
    }
    None
}

/// Whether an expression of a plan mentions what is written.
fn matches(written: Option<BTreeSet<String>>, planned: &Value) -> bool {
    let mut mentioned = BTreeSet::new();
    collect(planned, &mut mentioned);
    match written {
        Some(written) => written == mentioned,
        // Empty blocks and defaults may be listed without being written.
        None => mentioned.is_empty(),
    }
}

fn collect(planned: &Value, mentioned: &mut BTreeSet<String>) {
    match planned {
        Value::Object(members) => match members.get("references") {
            Some(Value::Array(references)) => {
                mentioned.extend(references.iter().filter_map(Value::as_str).filter_map(about));
            }
            _ if members.contains_key("constant_value") => {}
            _ => members.values().for_each(|member| collect(member, mentioned)),
        },
        Value::Array(items) => items.iter().for_each(|item| collect(item, mentioned)),
        _ => {}
    }
}

/// What a reference is about, in the words of [`subject`].
fn about(reference: &str) -> Option<String> {
    let parts = address::parts(reference);
    let names = parts.iter().map_while(|part| match part {
        address::Part::Name(name) => Some(name.as_str()),
        address::Part::Index(_) => None,
    });
    let names: Vec<&str> = names.collect();
    match address::head(reference) {
        Some(Head::Surroundings) if names.first() == Some(&"self") => None,
        _ => subject(&names),
    }
}
