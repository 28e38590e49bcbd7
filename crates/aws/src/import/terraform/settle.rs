//! What a source settles of a plan: values that the plan doesn't know, exactly as the source computes
//! them, and the places of everything.
//!
//! The plan is always right. A source that says anything else than the plan isn't the plan's source: then
//! nothing is settled and a warning says why. What is settled waits until all sources are merged, so
//! that a state which knows the real ids comes first.

mod agree;
mod verify;

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::source::{Instance, Known, Looking, Shown, Source};
use super::raw::{Parsed, Raw};
use super::schema;
use crate::model::{Location, SourceKind, Warning};

pub(super) use agree::close;

/// What is settled, by the name of the source and the address in it.
#[derive(Debug, Default)]
pub(super) struct Settled {
    by: HashMap<(String, String), Map<String, Value>>,
}

/// The attribute that holds containers as JSON.
const CONTAINERS: &str = "container_definitions";

/// Attributes that hold policies.
const POLICIES: [&str; 3] = ["policy", "assume_role_policy", "inline_policy"];

/// Where `resource_id` is a text made of names.
const SCALING: &str = "aws_appautoscaling_target";

/// Blocks of which the only doubt is whether a `dynamic` one makes any: where none is written, there
/// is none.
const NONE_WRITTEN: [&str; 8] = [
    "ingress",
    "egress",
    "route",
    "stickiness",
    "access_logs",
    "deployment_circuit_breaker",
    "alarms",
    "setting",
];

impl Settled {
    /// What is settled of an instance of a source: by attribute, `[value, mask]`.
    pub(super) fn take(&mut self, source: &str, address: &str) -> Map<String, Value> {
        self.by.remove(&(source.to_owned(), address.to_owned())).unwrap_or_default()
    }
}

/// Finds places for all that a source writes, and settles what a plan leaves open.
pub(super) fn settle(sources: &mut [Parsed], source: &Source) -> Settled {
    let mut settled = Settled::default();
    for parsed in sources {
        if !matches!(parsed.kind, SourceKind::TerraformPlan | SourceKind::TerraformState) {
            continue;
        }
        let known = known(parsed);
        let looking = source.look(&known);
        let places: Vec<Vec<(String, Location)>> =
            (0..parsed.resources.len()).map(|at| places(&looking, at, parsed)).collect();
        let found = if parsed.kind == SourceKind::TerraformPlan {
            values(parsed, source, &looking)
        } else {
            Found::default()
        };
        drop(looking);
        drop(known);
        for (raw, places) in parsed.resources.iter_mut().zip(places) {
            raw.locations = places;
        }
        let name = parsed.name.clone();
        settled
            .by
            .extend(found.by.into_iter().map(|(address, all)| ((name.clone(), address), all)));
        parsed.warnings.extend(found.warning);
    }
    settled
}

/// What the evaluator is told of a plan or state.
fn known(parsed: &Parsed) -> Known<'_> {
    let instance = |raw: &'_ Raw| {
        let prefix = if raw.data { "data." } else { "" };
        format!("{prefix}{}.{}", raw.kind, raw.name)
    };
    let instances = parsed.resources.iter().map(|raw| Instance {
        address: &raw.address,
        module: &raw.module,
        kind: &raw.kind,
        group: instance(raw),
        index: raw.index.as_ref(),
        data: raw.data,
        values: &raw.after,
        unknown: &raw.unknown,
        listed: schema::attributes(&raw.kind, raw.data).unwrap_or_default(),
    });
    let variables = parsed.config.iter().flat_map(|config| &config.variables);
    Known::new(instances.collect(), variables.map(|(name, value)| (name.as_str(), value)).collect())
}

/// The places of a resource instance: its own, its attributes', and its nested blocks'.
fn places(looking: &Looking<'_>, at: usize, parsed: &Parsed) -> Vec<(String, Location)> {
    let mut places = looking.places(at);
    let Some(raw) = parsed.resources.get(at).filter(|_| !places.is_empty()) else {
        return places;
    };
    for (name, value) in &raw.after {
        let Value::Array(items) = value else { continue };
        if !items.iter().any(Value::is_object) {
            continue;
        }
        let blocks = looking.blocks(at, name);
        let unknown = raw.unknown.get(name).unwrap_or(&Value::Null);
        let shown: Vec<&Shown> = blocks.iter().map(|(shown, _)| shown).collect();
        for (item, block) in agree::pairs(items, unknown, &shown) {
            if let Some(place) = blocks.get(block).and_then(|(_, place)| place.clone()) {
                if items.len() == 1 {
                    places.push((name.clone(), place.clone()));
                }
                places.push((format!("{name}[{item}]"), place));
            }
        }
    }
    places
}

#[derive(Default)]
struct Found {
    by: HashMap<String, Map<String, Value>>,
    warning: Option<Warning>,
}

/// What the source says of what a plan doesn't know; nothing, if it isn't the plan's source.
fn values(parsed: &Parsed, source: &Source, looking: &Looking<'_>) -> Found {
    let incomplete = parsed.warnings.iter().any(|warning| warning.code == "plan-incomplete");
    if incomplete {
        return Found::default();
    }
    let config = parsed.config.as_ref();
    if let Some(text) = config.and_then(|config| verify::differs(config, source, looking)) {
        return differs(parsed, &text);
    }
    let mut by = HashMap::new();
    for (at, raw) in parsed.resources.iter().enumerate() {
        if raw.data {
            continue;
        }
        match of_instance(looking, at, raw) {
            Ok(all) if all.is_empty() => {}
            Ok(all) => {
                by.insert(raw.address.clone(), all);
            }
            Err(text) => return differs(parsed, &text),
        }
    }
    Found { by, warning: None }
}

fn differs(parsed: &Parsed, text: &str) -> Found {
    let text = format!(
        "the source isn't that of the plan {}: {text}; the plan is used, and nothing is settled from the source",
        parsed.name
    );
    let warning = Warning { code: "source-differs", text, on: None };
    Found { by: HashMap::new(), warning: Some(warning) }
}

/// What is settled of one instance; or in what the source contradicts the plan.
fn of_instance(looking: &Looking<'_>, at: usize, raw: &Raw) -> Result<Map<String, Value>, String> {
    let mut all = Map::new();
    let Some(ignored) = looking.ignored(at) else { return Ok(all) };
    if ignored.contains("all") {
        return Ok(all);
    }
    for name in schema::attributes(&raw.kind, raw.data).unwrap_or_default() {
        if ignored.contains(*name) {
            continue;
        }
        let unknown = raw.unknown.get(name).unwrap_or(&Value::Null);
        let containers = *name == CONTAINERS;
        let shown = if containers { looking.text(at, name) } else { looking.part(at, name) };
        let Some(mut shown) = shown else {
            let none = NONE_WRITTEN.contains(name) && *unknown == Value::Bool(true);
            if none && looking.is_unwritten(at, name) {
                all.insert(
                    (*name).to_owned(),
                    Value::Array(vec![Value::Array(Vec::new()), Value::Null]),
                );
            }
            continue;
        };
        let planned = raw.after.get(*name).unwrap_or(&Value::Null);
        if !containers {
            agree::without_names(if raw.kind == SCALING { "" } else { name }, &mut shown);
        }
        let made = if containers { agree::parsed(shown) } else { shown };
        if !agree::agrees(name, planned, unknown, &made) {
            return Err(format!("`{name}` of {} is another in it", raw.address));
        }
        // A policy of which a part isn't known is better followed by what it mentions.
        let whole = !POLICIES.contains(name) || !agree::has_hole(&made.mask);
        if agree::is_open(unknown) && whole && !matches!(made.mask, Value::String(_)) {
            all.insert((*name).to_owned(), Value::Array(vec![made.value, made.mask]));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
