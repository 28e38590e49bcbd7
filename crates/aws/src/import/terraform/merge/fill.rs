//! What a second source adds to a resource that another shows already.

use serde_json::Value;

use super::super::ecs;
use super::super::graph::Resource;
use super::super::raw::{Action, Raw, SENSITIVE};
use super::is_older;
use crate::model::Container;

/// Fills what `resource` does not know with what `raw` does, and says where they disagree.
pub(super) fn fill(resource: &mut Resource, raw: &Raw, first: &str, second: &str) -> Vec<String> {
    let mut told = Vec::new();
    if is_older(resource.action, &resource.before, &raw.after) {
        return told;
    }
    for (name, theirs) in &raw.after {
        let changes = resource.before.get(name);
        // The state is from before the plan: the attribute is still what the plan changes.
        if resource.action == Action::Update && changes == Some(theirs) {
            continue;
        }
        let hidden = !holds_no_doubt(raw.unknown.get(name));
        let doubt = resource.unknown.get_mut(name);
        let ours = resource.value.get_mut(name);
        match (ours, doubt) {
            (ours, Some(doubt)) if !holds_no_doubt(Some(doubt)) => {
                if hidden {
                    continue;
                }
                let mut value = ours.map_or(Value::Null, Value::take);
                complete(&mut value, doubt, theirs);
                resource.value.insert(name.clone(), value);
            }
            (Some(ours), _) => {
                let intended = changes.is_some_and(|before| before != ours);
                if !hidden && !intended && disagree(name, ours, theirs) {
                    told.push(difference(name, resource.key.as_str(), ours, theirs, first, second));
                }
            }
            (None, _) => {
                resource.value.insert(name.clone(), theirs.clone());
            }
        }
    }
    told
}

fn holds_no_doubt(doubt: Option<&Value>) -> bool {
    match doubt {
        None | Some(Value::Null | Value::Bool(false) | Value::Number(_)) => true,
        Some(Value::Bool(true) | Value::String(_)) => false,
        Some(Value::Array(items)) => items.iter().all(|item| holds_no_doubt(Some(item))),
        Some(Value::Object(members)) => members.values().all(|item| holds_no_doubt(Some(item))),
    }
}

/// Puts what `theirs` knows where `doubt` says that `ours` does not.
fn complete(ours: &mut Value, doubt: &mut Value, theirs: &Value) {
    match doubt {
        Value::String(reason) if reason == SENSITIVE => {}
        Value::Bool(true) | Value::String(_) => {
            *ours = theirs.clone();
            *doubt = Value::Bool(false);
        }
        Value::Object(members) => {
            let (Value::Object(known), Value::Object(state)) = (ours, theirs) else {
                return;
            };
            for (name, doubt) in members {
                if let Some(theirs) = state.get(name) {
                    complete(known.entry(name.clone()).or_insert(Value::Null), doubt, theirs);
                }
            }
        }
        Value::Array(doubts) => {
            let (Value::Array(items), Value::Array(state)) = (ours, theirs) else {
                return;
            };
            complete_items(items, doubts, state);
        }
        _ => {}
    }
}

/// How long lists may be that are compared item by item, in any order.
const MOST_COMPARED: usize = 1_000;

/// Items may be members of a set, whose order is not the same in both: each is completed by the
/// only one that agrees with all that is known of it; if there is not exactly one, it stays.
fn complete_items(items: &mut [Value], doubts: &mut [Value], state: &[Value]) {
    if items.len() > MOST_COMPARED || state.len() > MOST_COMPARED {
        return;
    }
    let mut used = vec![false; state.len()];
    for (item, doubt) in items.iter_mut().zip(doubts) {
        if holds_no_doubt(Some(doubt)) {
            continue;
        }
        let fits: Vec<usize> = (0..state.len())
            .filter(|at| {
                let free = used.get(*at) == Some(&false);
                free && state.get(*at).is_some_and(|theirs| may_be(item, doubt, theirs))
            })
            .collect();
        let [only] = fits.as_slice() else { continue };
        if let (Some(theirs), Some(used)) = (state.get(*only), used.get_mut(*only)) {
            complete(item, doubt, theirs);
            *used = true;
        }
    }
}

/// Whether a partly known value can be this known one.
fn may_be(ours: &Value, doubt: &Value, theirs: &Value) -> bool {
    match (doubt, ours, theirs) {
        (Value::Bool(true) | Value::String(_), _, _) => true,
        (_, Value::Object(known), Value::Object(state)) => known.iter().all(|(name, value)| {
            let doubt = doubt.get(name).unwrap_or(&Value::Null);
            match state.get(name) {
                Some(theirs) => may_be(value, doubt, theirs),
                None => is_empty(value) || !holds_no_doubt(Some(doubt)),
            }
        }),
        _ if holds_no_doubt(Some(doubt)) => same(ours, theirs),
        (_, Value::Array(known), Value::Array(state)) => known.len() == state.len(),
        _ => true,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
    }
}

/// Whether two known values are the same to AWS: lists in any order, JSON in any form, what is
/// empty and what is not there alike, and a list of one like its item, as policies write it.
pub(in super::super) fn same(one: &Value, two: &Value) -> bool {
    match (one, two) {
        _ if is_empty(one) && is_empty(two) => true,
        (Value::Object(one), Value::Object(two)) => {
            one.iter().all(|(name, value)| same(value, two.get(name).unwrap_or(&Value::Null)))
                && two.iter().all(|(name, value)| one.contains_key(name) || is_empty(value))
        }
        (Value::Array(one), Value::Array(two)) => one.len() == two.len() && within(one, two),
        (Value::Array(list), other) | (other, Value::Array(list)) => {
            matches!(list.as_slice(), [only] if same(only, other))
        }
        (Value::String(one), Value::String(two)) => one == two || same_json(one, two),
        (Value::String(text), Value::Bool(flag)) | (Value::Bool(flag), Value::String(text)) => {
            flag.to_string() == *text
        }
        (Value::String(text), Value::Number(number))
        | (Value::Number(number), Value::String(text)) => number.to_string() == *text,
        _ => one == two,
    }
}

fn within(one: &[Value], two: &[Value]) -> bool {
    if one.len() > MOST_COMPARED || two.len() > MOST_COMPARED {
        return one == two;
    }
    one.iter().all(|item| two.iter().any(|other| same(item, other)))
}

fn same_json(one: &str, two: &str) -> bool {
    let looks = |text: &str| text.trim_start().starts_with(['{', '[']);
    if !looks(one) || !looks(two) {
        return false;
    }
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    matches!((parse(one), parse(two)), (Some(one), Some(two)) if same(&one, &two))
}

/// Whether two sources contradict each other. A state lists rules and routes that separate
/// resources made among those of the group or table; that is no contradiction.
pub(in super::super) fn disagree(name: &str, ours: &Value, theirs: &Value) -> bool {
    let untold = matches!(name, "tags" | "description");
    if untold || is_empty(ours) || is_empty(theirs) {
        return false;
    }
    match (ours, theirs) {
        // AWS adds its defaults to container definitions, and writes them in another order.
        (Value::String(ours), Value::String(theirs)) if name == "container_definitions" => {
            ours != theirs && containers(ours) != containers(theirs)
        }
        (Value::Array(ours), Value::Array(theirs))
            if ["ingress", "egress", "route", "entry"].contains(&name) =>
        {
            !within(ours, theirs)
        }
        _ => !same(ours, theirs),
    }
}

/// What is read of container definitions, in one order. `None`: they are no such thing.
fn containers(text: &str) -> Option<Vec<Container>> {
    let mut list = ecs::containers(text)?;
    for container in &mut list {
        container.ports.sort();
    }
    list.sort_by(|one, two| one.name.cmp(&two.name));
    Some(list)
}

fn difference(
    name: &str,
    key: &str,
    ours: &Value,
    theirs: &Value,
    first: &str,
    second: &str,
) -> String {
    let shown = |value: &Value| match value {
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::String(text) if text.len() <= 80 && !text.contains(['{', '\n']) => {
            Some(format!("`{text}`"))
        }
        _ => None,
    };
    match (shown(ours), shown(theirs)) {
        (Some(ours), Some(theirs)) => {
            format!(
                "`{name}` of {key} is {ours} in {first} and {theirs} in {second}; the former is used"
            )
        }
        _ => format!("`{name}` of {key} differs between {first} and {second}; the former is used"),
    }
}
