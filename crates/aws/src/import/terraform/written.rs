//! What a configuration says of values that are never read: whether it holds them itself.
//!
//! A literal, or a variable's default that stands, is in the source for everybody who can read it.
//! What comes from a resource or from outside is not. Nothing here keeps a value.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::graph::{Graph, Resource};
use super::modules::ModuleId;
use super::schema::VALUE_WRITTEN;

/// The attributes that hold a parameter's value.
const VALUES: [&str; 2] = ["value", "insecure_value"];

/// How many modules a value is followed through.
const MOST_MODULES: usize = 32;

/// An expression without its value.
#[derive(Deserialize)]
struct Shape {
    #[serde(default)]
    constant_value: Option<IgnoredAny>,
    #[serde(default)]
    references: Option<Vec<String>>,
}

/// Adds to the expressions of a resource one that stands for its value: `true` for a literal, else
/// what it refers to.
pub(super) fn mark(
    expressions: Value,
    kind: &str,
    raw: Option<&RawValue>,
) -> Result<Value, serde_json::Error> {
    let (Some(raw), "aws_ssm_parameter") = (raw, kind) else {
        return Ok(expressions);
    };
    let Value::Object(mut members) = expressions else {
        return Ok(expressions);
    };
    let mut shapes: Map<String, Value> = Map::new();
    // Parsed a second time, without anything that could be a value.
    let all: std::collections::HashMap<String, &RawValue> = serde_json::from_str(raw.get())?;
    for name in VALUES {
        let Some(raw) = all.get(name) else { continue };
        let Ok(shape) = serde_json::from_str::<Shape>(raw.get()) else { continue };
        if shape.constant_value.is_some() {
            shapes.insert("constant_value".to_owned(), json!(true));
        } else if let Some(references) = shape.references {
            shapes.insert("references".to_owned(), json!(references));
        }
    }
    if !shapes.is_empty() {
        members.insert(VALUE_WRITTEN.to_owned(), Value::Object(shapes));
    }
    Ok(Value::Object(members))
}

/// Whether an expression of a resource holds its value, if that can be told.
pub(super) fn in_source(graph: &Graph, resource: &Resource, expression: &Value) -> Option<bool> {
    follow(graph, resource.config?, resource.module, expression, MOST_MODULES)
}

fn follow(
    graph: &Graph,
    config: usize,
    module: ModuleId,
    expression: &Value,
    left: usize,
) -> Option<bool> {
    if expression.get("constant_value").is_some_and(|value| !value.is_null()) {
        return Some(true);
    }
    // `var.key.name` comes with `var.key`.
    let names = expression.get("references")?.as_array()?;
    let [Value::String(only)] = names.as_slice() else {
        return None;
    };
    let name = only.strip_prefix("var.").filter(|name| !name.contains(['.', '[']))?;
    let default = graph.module(config, module)?.variables.get(name)?.default.as_ref();
    let default = default.filter(|value| !value.is_null() && **value != "");
    match graph.call(config, module) {
        Some((parent, call)) => match call.expressions.get(name) {
            Some(given) => follow(graph, config, parent, given, left.checked_sub(1)?),
            None => Some(default.is_some()),
        },
        // What is given on the command line or in a file is not the source's.
        None => Some(default.is_some() && graph.variable(config, name) == default),
    }
}
