//! Reading JSON members as AWS's API names them, and saying them as the provider does.
//!
//! What is not of the expected type counts as not there.

use serde_json::{Map, Value};

/// How deep AWS's nested settings (statements of a web ACL) are followed.
const DEEPEST: usize = 40;

/// A text member that is not empty.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A text, whatever kind of scalar it is.
pub(super) fn scalar(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A boolean member.
pub(super) fn flag(value: &Value, name: &str) -> Option<bool> {
    match value.get(name)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The items of a list member.
pub(super) fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// A text of every item of a list.
pub(super) fn texts(value: &Value, name: &str, of: &str) -> Vec<String> {
    list(value, name).filter_map(|item| text(item, of)).map(str::to_owned).collect()
}

/// The texts of a list.
pub(super) fn words(value: &Value, name: &str) -> Vec<String> {
    list(value, name).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `[{"Key": K, "Value": V}]` as an object, without the tags that AWS itself gives.
pub(super) fn tags(value: &Value, name: &str) -> Value {
    let mut tags = Map::new();
    for tag in list(value, name) {
        let key = text(tag, "Key").or_else(|| text(tag, "key"));
        let held = tag.get("Value").or_else(|| tag.get("value")).and_then(Value::as_str);
        if let (Some(key), Some(held)) = (key, held)
            && !key.starts_with("aws:")
        {
            tags.insert(key.to_owned(), held.into());
        }
    }
    Value::Object(tags)
}

/// `OnUnauthenticatedRequest` as `on_unauthenticated_request`, `IPSetReference` as
/// `ip_set_reference`.
pub(super) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut made = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let next = letters.get(at + 1);
        let starts = match before {
            Some(before) if letter.is_uppercase() => {
                !before.is_uppercase() || next.is_some_and(|next| next.is_lowercase())
            }
            _ => false,
        };
        if starts && before != Some(&'_') {
            made.push('_');
        }
        made.extend(letter.to_lowercase());
    }
    made
}

/// Settings in the provider's form: names in snake case, every object a block (a list of one), and
/// lists of objects named in the singular.
pub(super) fn block(value: &Value) -> Value {
    nested(value, 0)
}

fn nested(value: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    match value {
        Value::Object(members) => {
            let mut made = Map::new();
            for (name, member) in members {
                let of_objects = member
                    .as_array()
                    .is_some_and(|items| items.first().is_some_and(Value::is_object));
                let mut name = snake(name);
                if of_objects && name.ends_with('s') && !name.ends_with("ss") {
                    name.pop();
                }
                let inner = nested(member, depth + 1);
                let inner = if member.is_object() { Value::Array(vec![inner]) } else { inner };
                made.insert(name, inner);
            }
            Value::Object(made)
        }
        Value::Array(items) => items.iter().map(|item| nested(item, depth + 1)).collect(),
        other => other.clone(),
    }
}

/// A part of an ARN, from 0: `arn:partition:service:region:account:resource`.
pub(super) fn arn_part(arn: &str, at: usize) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    if parts.next() != Some("arn") {
        return None;
    }
    parts.nth(at.checked_sub(1)?).filter(|part| !part.is_empty())
}

/// A policy as JSON text, whichever way it was printed: text, an object, or percent-encoded.
pub(super) fn policy(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if text.trim_start().starts_with('%') => decoded(text),
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        object @ Value::Object(_) => Some(object.to_string()),
        _ => None,
    }
}

/// RFC 3986, section 2.1.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut made = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            made.push(byte);
            continue;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
        made.push(high * 16 + low);
    }
    String::from_utf8(made).ok()
}
