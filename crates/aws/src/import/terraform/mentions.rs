//! Which log groups the expressions of a module name, whatever they are expressions of.
//!
//! The one look at resources that no other reader takes: who logs to a group may be anything.

use std::collections::HashSet;

use serde_json::Value;
use serde_json::value::RawValue;

/// How references to log groups begin.
const LOG_GROUP: &str = "aws_cloudwatch_log_group.";

/// Adds the groups that the expressions of a resource name.
pub(super) fn note(expressions: Option<&RawValue>, groups: &mut HashSet<String>) {
    if let Some(raw) = expressions {
        note_in_text(raw.get(), groups);
    }
}

/// Adds the groups that an expression names.
pub(super) fn note_in(expression: &Value, groups: &mut HashSet<String>) {
    match expression {
        Value::String(text) if text.starts_with(LOG_GROUP) => note_in_text(text, groups),
        Value::Array(items) => items.iter().for_each(|item| note_in(item, groups)),
        Value::Object(members) => members.values().for_each(|item| note_in(item, groups)),
        _ => {}
    }
}

/// A name is as long as Terraform lets it be: letters, digits, `_` and `-`.
fn note_in_text(text: &str, groups: &mut HashSet<String>) {
    for (at, _) in text.match_indices(LOG_GROUP) {
        let name = text.get(at + LOG_GROUP.len()..).unwrap_or_default();
        let ends = |c: char| !(c.is_alphanumeric() || c == '_' || c == '-');
        let name = name.split(ends).next().unwrap_or_default();
        groups.insert(format!("{LOG_GROUP}{name}"));
    }
}
