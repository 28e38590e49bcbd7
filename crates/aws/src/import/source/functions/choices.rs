//! Functions that choose among their arguments, and conversions between types.

use super::super::eval::no_use;
use super::super::value::Value;
use super::{listed, members};

pub(super) fn call(name: &str, args: &[Value]) -> Option<Value> {
    Some(match (name, args) {
        ("coalesce", _) => coalesce(args),
        ("coalescelist", _) => coalesce_list(args),
        ("tostring", [value]) => convert(value, |value| value.as_text().map(Value::Text)),
        ("tonumber", [value]) => convert(value, |value| value.number().map(Value::Number)),
        ("tobool", [value]) => convert(value, |value| value.flag().map(Value::Bool)),
        ("tolist", [value]) => match members(value) {
            Some((items, ordered)) => listed(unified(items.to_vec(), false), ordered),
            None => null_or(value, "a list"),
        },
        ("tomap", [value]) => match value {
            Value::Object(all) => {
                let (names, values): (Vec<_>, Vec<_>) =
                    all.iter().map(|(name, value)| (name.clone(), value.clone())).unzip();
                Value::object(names.into_iter().zip(unified(values, false)).collect())
            }
            _ => null_or(value, "a map"),
        },
        ("nonsensitive" | "ephemeralasnull", [value]) => value.clone(),
        ("sensitive", [_]) => Value::unknown("is sensitive and not read"),
        ("one", [value]) => match members(value).map(|(items, _)| items.as_slice()) {
            Some([]) => Value::Null,
            Some([only]) => only.clone(),
            Some(_) => Value::failed("takes one of several"),
            None => no_use(value, "a list"),
        },
        ("alltrue" | "anytrue", [value]) => every(name == "alltrue", value),
        _ => return None,
    })
}

/// Items of one type: numbers and booleans beside a text, here or elsewhere, become texts.
pub(in super::super) fn unified(items: Vec<Value>, elsewhere: bool) -> Vec<Value> {
    let is_text =
        |item: &Value| matches!(item, Value::Text(_) | Value::Reference(_) | Value::Made(_));
    if !elsewhere && !items.iter().any(is_text) {
        return items;
    }
    let one = |item: Value| match item {
        Value::Number(_) | Value::Bool(_) => item.as_text().map_or(item, Value::Text),
        other => other,
    };
    items.into_iter().map(one).collect()
}

fn null_or(value: &Value, needed: &str) -> Value {
    if matches!(value, Value::Null) { Value::Null } else { no_use(value, needed) }
}

fn convert(value: &Value, make: impl FnOnce(&Value) -> Option<Value>) -> Value {
    match value {
        Value::Null | Value::Reference(_) | Value::Made(_) => value.clone(),
        _ => make(value).unwrap_or_else(|| no_use(value, "what can be converted")),
    }
}

/// The first that is neither null nor empty. All get one type: a text, if one is a text.
fn coalesce(args: &[Value]) -> Value {
    for value in args {
        match value {
            Value::Null => {}
            Value::Text(text) if text.is_empty() => {}
            Value::Unknown(_) => return value.clone(),
            Value::Reference(of) if !of.is_identity() => return no_use(value, "a value"),
            // Of nothing but names, it might be empty.
            Value::Made(text) if !text.starts_with(|c: char| c.is_ascii_graphic()) => {
                return no_use(value, "a value");
            }
            Value::Number(_) | Value::Bool(_) => {
                let is_text = |arg: &Value| {
                    matches!(arg, Value::Text(_) | Value::Reference(_) | Value::Made(_))
                };
                let text = args.iter().any(is_text);
                let converted = value.as_text().filter(|_| text);
                return converted.map_or_else(|| value.clone(), Value::Text);
            }
            _ => return value.clone(),
        }
    }
    Value::failed("has nothing but nulls and empty texts")
}

fn coalesce_list(args: &[Value]) -> Value {
    for value in args {
        match members(value) {
            Some((items, _)) if items.is_empty() => {}
            Some(_) => return value.clone(),
            None if matches!(value, Value::Null) => {}
            None => return no_use(value, "a list"),
        }
    }
    Value::failed("has nothing but empty lists")
}

fn every(needs_all: bool, value: &Value) -> Value {
    let Some((items, _)) = members(value) else {
        return no_use(value, "a list");
    };
    let mut hole = None;
    for item in items.iter() {
        match item.flag() {
            Some(flag) if flag != needs_all => return Value::Bool(!needs_all),
            Some(_) => {}
            None if matches!(item, Value::Null) && needs_all => return Value::Bool(false),
            None if matches!(item, Value::Null) => {}
            None => hole = Some(no_use(item, "a boolean")),
        }
    }
    hole.unwrap_or(Value::Bool(needs_all))
}
