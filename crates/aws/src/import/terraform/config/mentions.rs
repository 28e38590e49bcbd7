//! What the expressions of a module refer to, whatever they are for.
//!
//! Attributes that no reader knows are not kept; of them, too, it matters which resource they use. So
//! the references alone are picked out of their text, and values are never looked at.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use serde_json::value::RawValue;

use super::super::super::detect::Name;
use super::super::address::longest;

/// How many different references of a module are kept.
const MOST: usize = 100_000;

/// What stands before a list of references. In a text within the JSON its quotes would be escaped.
const REFERENCES: &str = "\"references\":";

/// Whether a resource only says which policies a role has: that is no use of the role.
pub(super) fn is_attachment(kind: &str) -> bool {
    matches!(
        kind,
        "aws_iam_role_policy"
            | "aws_iam_role_policy_attachment"
            | "aws_iam_role_policies_exclusive"
            | "aws_iam_role_policy_attachments_exclusive"
            | "aws_iam_policy_attachment"
    )
}

/// The references in the text of expressions.
pub(super) fn of_text(text: Option<&RawValue>, into: &mut BTreeSet<String>) {
    let mut rest = text.map(RawValue::get).unwrap_or_default();
    while let Some(at) = rest.find(REFERENCES) {
        rest = rest.get(at + REFERENCES.len()..).unwrap_or_default();
        let mut lists = serde_json::Deserializer::from_str(rest).into_iter::<Vec<String>>();
        if let Some(Ok(list)) = lists.next() {
            add(list.iter().map(String::as_str), into);
        }
    }
}

/// How a local value may have a say in an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Say {
    /// By a variable, if whoever calls the module gives it one.
    Variable,
    /// By itself, or by an output of another module.
    Local,
}

/// The attributes in which a local value may have a say, by their paths: `load_balancer.container_port`.
pub(super) fn vague(
    text: Option<&RawValue>,
    for_each: Option<&Value>,
) -> Result<Vec<(String, Say)>, serde_json::Error> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let mut each = BTreeSet::new();
    for_each.into_iter().for_each(|value| of_value(value, &mut each));
    let each = each.iter().filter_map(|reference| say(reference, None)).max();
    let mut found = Vec::new();
    inner(text, "", each, &mut found, 0)?;
    Ok(found)
}

/// How deep blocks are looked into.
const DEEPEST: usize = 16;

/// The members of a block, or the items of a list of them; an expression, if it has references.
fn inner(
    text: &RawValue,
    path: &str,
    each: Option<Say>,
    found: &mut Vec<(String, Say)>,
    depth: usize,
) -> Result<(), serde_json::Error> {
    let blocks: Vec<HashMap<Name<'_>, &RawValue>> = match text.get().as_bytes().first() {
        Some(b'{') => vec![serde_json::from_str(text.get())?],
        Some(b'[') => serde_json::from_str(text.get()).unwrap_or_default(),
        _ => Vec::new(),
    };
    for block in blocks {
        let expression =
            block.keys().any(|Name(name)| matches!(name.as_ref(), "references" | "constant_value"));
        if expression || depth >= DEEPEST {
            let mut all = BTreeSet::new();
            of_text(Some(text), &mut all);
            if let Some(most) = all.iter().filter_map(|reference| say(reference, each)).max() {
                found.push((path.to_owned(), most));
            }
            return Ok(());
        }
        for (Name(name), value) in block {
            let path = if path.is_empty() { name.into_owned() } else { format!("{path}.{name}") };
            inner(value, &path, each, found, depth + 1)?;
        }
    }
    Ok(())
}

fn say(reference: &str, each: Option<Say>) -> Option<Say> {
    if reference.starts_with("local.") || reference.starts_with("module.") {
        return Some(Say::Local);
    }
    if reference.starts_with("each.") {
        return each;
    }
    reference.starts_with("var.").then_some(Say::Variable)
}

/// The references in an expression.
pub(in super::super) fn of_value(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Array(list)) = members.get("references") {
                add(list.iter().filter_map(Value::as_str), into);
                return;
            }
            members.values().for_each(|member| of_value(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| of_value(item, into)),
        _ => {}
    }
}

fn add<'t>(list: impl Iterator<Item = &'t str>, into: &mut BTreeSet<String>) {
    for reference in longest(list) {
        if into.len() < MOST {
            into.insert(reference.to_owned());
        }
    }
}
