//! What the expressions of a module refer to, whatever they are for.
//!
//! Attributes that no reader knows are not kept; of them, too, it matters which resource they use. So
//! the references alone are picked out of their text, and values are never looked at.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::value::RawValue;

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
