//! JSON: written with what isn't known in it, and read again.

use std::rc::Rc;

use serde_json::Value as Json;

use super::super::eval::{Evaluator, no_use};
use super::super::value::Value;

/// How deep a value may be to be written.
const DEEPEST: usize = 64;

pub(super) fn call(eval: &Evaluator<'_>, name: &str, args: &[Value]) -> Option<Value> {
    Some(match (name, args) {
        ("jsonencode", [value]) => encode(eval, value),
        ("jsondecode", [Value::Encoded(value)]) => value.as_ref().clone(),
        ("jsondecode", [value]) => match value.as_text() {
            Some(text) if !eval.spend(text.len() / 8) => {
                Value::unknown("takes more than is evaluated")
            }
            Some(text) => match serde_json::from_str::<Json>(&text) {
                Ok(json) => Value::of_json(&json),
                Err(_) => Value::failed("is no JSON"),
            },
            None => no_use(value, "a text"),
        },
        _ => return None,
    })
}

/// The JSON of a value: a text if everything is known, else what will be one.
pub(in super::super) fn encode(eval: &Evaluator<'_>, value: &Value) -> Value {
    match value {
        Value::Unknown(_) | Value::Failed(_) | Value::Thing(_) | Value::Encoded(_) => {
            return no_use(value, "a value");
        }
        // A JSON text of a text: nobody looks for names in it.
        Value::Made(_) => return no_use(value, "a value"),
        _ => {}
    }
    match known(eval, value, 0) {
        Some(json) => Value::text(text(&json)),
        None => Value::Encoded(Rc::new(value.clone())),
    }
}

/// JSON of which not everything is known, as a part of a longer text: if all that isn't known of it are
/// names of what exists only after apply.
pub(in super::super) fn part(eval: &Evaluator<'_>, value: &Value) -> Option<Rc<str>> {
    let Value::Encoded(inner) = value else { return None };
    let json = known(eval, &marked(inner, 0), 0)?;
    Some(Rc::from(text(&json)))
}

/// The same with names of what exists only after apply as marked texts.
pub(in super::super) fn marked(value: &Value, depth: usize) -> Value {
    let one = |item: &Value| marked(item, depth + 1);
    match value {
        _ if depth > DEEPEST => Value::unknown("takes more than is evaluated"),
        Value::Made(_) | Value::Reference(_) => match value.as_part() {
            Some(text) => Value::Text(text),
            None => no_use(value, "a text"),
        },
        Value::List(items) => Value::list(items.iter().map(one).collect()),
        // Terraform sorts its texts, and which of them these are isn't known.
        Value::Set(items) if items.len() > 1 && !items.iter().all(is_known_text) => {
            Value::unknown("uses the order of a set, which isn't known")
        }
        Value::Set(items) => Value::Set(Rc::new(items.iter().map(one).collect())),
        Value::Object(members) => {
            Value::object(members.iter().map(|(name, value)| (name.clone(), one(value))).collect())
        }
        other => other.clone(),
    }
}

fn is_known_text(value: &Value) -> bool {
    matches!(value, Value::Text(_))
}

/// The JSON of a value that is known as a whole.
pub(in super::super) fn known(eval: &Evaluator<'_>, value: &Value, depth: usize) -> Option<Json> {
    if depth > DEEPEST || !eval.spend(1) {
        return None;
    }
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Number(number) => Json::Number(number.json()?),
        Value::Text(text) if eval.spend(text.len() / 64) => Json::String(text.to_string()),
        Value::List(items) => {
            let items = items.iter().map(|item| known(eval, item, depth + 1));
            Json::Array(items.collect::<Option<_>>()?)
        }
        // A set of anything but texts is written in an order of Terraform's own.
        Value::Set(items)
            if items.len() < 2 || items.iter().all(|item| matches!(item, Value::Text(_))) =>
        {
            let items = items.iter().map(|item| known(eval, item, depth + 1));
            Json::Array(items.collect::<Option<_>>()?)
        }
        Value::Object(members) => {
            let one = |(name, value): (&String, &Value)| {
                Some((name.clone(), known(eval, value, depth + 1)?))
            };
            Json::Object(members.iter().map(one).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// JSON as Terraform writes it: without spaces, and with what HTML knows escaped.
fn text(json: &Json) -> String {
    let plain = json.to_string();
    let mut made = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '<' => made.push_str("\\u003c"),
            '>' => made.push_str("\\u003e"),
            '&' => made.push_str("\\u0026"),
            '\u{2028}' => made.push_str("\\u2028"),
            '\u{2029}' => made.push_str("\\u2029"),
            other => made.push(other),
        }
    }
    made
}
