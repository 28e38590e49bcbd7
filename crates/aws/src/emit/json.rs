//! JSON as HCL: policies are written as objects that `jsonencode` takes, so that a reader sees
//! lines and a plan knows the whole.

use serde_json::Value;

use super::hcl::{Expr, Object, list};

/// A JSON value as an expression, in its own order.
pub(super) fn expr(value: &Value) -> Expr {
    match value {
        Value::Null => Expr::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            // HCL writes fractions as JSON does.
            (None, None) => super::hcl::raw(number.to_string()),
        },
        Value::String(text) => text.into(),
        Value::Array(items) => list(items.iter().map(expr)).into(),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.as_str(), expr(value)));
            Object::new().attrs(entries).into()
        }
    }
}
