//! Terraform's functions, by family. What isn't here is unknown, with its name.
//!
//! See <https://developer.hashicorp.com/terraform/language/functions>.

mod choices;
mod collections;
mod encoding;
mod files;
mod network;
mod numbers;
pub(super) mod sets;
mod strings;

use std::rc::Rc;

pub(super) use choices::unified;
pub(super) use encoding::{encode, marked, part as encoded_part};

use super::eval::{Env, Evaluator};
use super::value::Value;

/// Calls a function.
pub(super) fn call(eval: &Evaluator<'_>, env: &Env<'_>, name: &str, args: &[Value]) -> Value {
    // Nothing here takes an argument of which nothing is known, but those that keep it as it is.
    let keeps = matches!(
        name,
        "concat"
            | "merge"
            | "jsonencode"
            | "coalesce"
            | "coalescelist"
            | "zipmap"
            | "lookup"
            | "contains"
    );
    if let (false, Some(hole)) = (keeps, args.iter().find_map(Value::hole)) {
        return hole;
    }
    let found = choices::call(name, args)
        .or_else(|| collections::call(eval, name, args))
        .or_else(|| sets::call(eval, name, args))
        .or_else(|| strings::call(eval, name, args))
        .or_else(|| numbers::call(name, args))
        .or_else(|| encoding::call(eval, name, args))
        .or_else(|| network::call(name, args))
        .or_else(|| files::call(eval, env, name, args));
    found.unwrap_or_else(|| Value::unknown(format!("calls `{name}`, which isn't evaluated")))
}

/// The members of a collection, and whether it is known in which order they come.
fn members(value: &Value) -> Option<(&Rc<Vec<Value>>, bool)> {
    match value {
        Value::List(items) => Some((items, true)),
        Value::Set(items) => {
            let texts = items.iter().all(|item| matches!(item, Value::Text(_)));
            Some((items, texts || items.len() < 2))
        }
        _ => None,
    }
}

/// A list, or what it is if its order isn't known.
fn listed(items: Vec<Value>, ordered: bool) -> Value {
    if ordered || items.len() < 2 { Value::list(items) } else { Value::Set(Rc::new(items)) }
}
