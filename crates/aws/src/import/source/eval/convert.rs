//! The types of variables: what a value becomes by them, with the defaults of optional attributes.
//!
//! See <https://developer.hashicorp.com/terraform/language/expressions/type-constraints>.

use std::collections::BTreeMap;
use std::rc::Rc;

use hcl_edit::expr::{Expression, FuncCall, ObjectKey};

use super::super::functions::sets;
use super::super::value::Value;
use super::{Env, Evaluator};

/// How deep a type may be.
const DEEPEST_TYPE: usize = 32;

impl Evaluator<'_> {
    /// The value as this type has it. What isn't known stays so.
    pub(super) fn converted(
        &self,
        env: &Env<'_>,
        value: Value,
        kind: &Expression,
        depth: usize,
    ) -> Value {
        if depth > DEEPEST_TYPE || !self.spend(1) {
            return Value::unknown(super::TOO_MUCH);
        }
        if matches!(value, Value::Unknown(_) | Value::Failed(_) | Value::Null) {
            return value;
        }
        match kind {
            Expression::Variable(name) => primitive(value, name.as_str()),
            Expression::String(name) => primitive(value, name.value()),
            Expression::FuncCall(call) => self.constructed(env, value, call, depth),
            Expression::Parenthesis(inner) => self.converted(env, value, inner.inner(), depth + 1),
            _ => Value::unknown("has a type that isn't read"),
        }
    }

    fn constructed(&self, env: &Env<'_>, value: Value, call: &FuncCall, depth: usize) -> Value {
        let first = call.args.iter().next();
        let of = |value: Value| match first {
            Some(kind) => self.converted(env, value, kind, depth + 1),
            None => value,
        };
        match (call.name.name.as_str(), &value) {
            ("list", Value::List(items) | Value::Set(items)) => {
                let ordered = matches!(value, Value::List(_)) || items.len() < 2;
                let items: Vec<Value> = items.iter().cloned().map(of).collect();
                if ordered { Value::list(items) } else { Value::Set(Rc::new(items)) }
            }
            ("set", Value::List(items) | Value::Set(items)) => {
                sets::of(items.iter().cloned().map(of).collect())
            }
            ("map", Value::Object(members)) => Value::object(
                members.iter().map(|(name, value)| (name.clone(), of(value.clone()))).collect(),
            ),
            ("tuple", Value::List(_)) => value,
            ("object", Value::Object(members)) => match first {
                Some(Expression::Object(kinds)) => {
                    let mut made = BTreeMap::new();
                    for (key, kind) in kinds {
                        let Some(name) = key_text(key) else {
                            return Value::unknown("has a type that isn't read");
                        };
                        let given = members.get(name).cloned();
                        made.insert(name.to_owned(), self.wanted(env, given, kind.expr(), depth));
                    }
                    Value::object(made)
                }
                _ => Value::unknown("has a type that isn't read"),
            },
            ("object", Value::Thing(_)) => match first {
                Some(Expression::Object(kinds)) => {
                    let names = kinds.iter().filter_map(|(key, _)| key_text(key));
                    let member = |name: &str| (name.to_owned(), self.member(&value, name));
                    Value::object(names.map(member).collect())
                }
                _ => Value::unknown("has a type that isn't read"),
            },
            _ => super::operators::no_use(&value, "another type"),
        }
    }

    /// An attribute of an object, which may be optional.
    fn wanted(
        &self,
        env: &Env<'_>,
        given: Option<Value>,
        kind: &Expression,
        depth: usize,
    ) -> Value {
        let Expression::FuncCall(call) = kind else {
            let missing = || Value::failed("lacks an attribute of its type");
            return given.map_or_else(missing, |given| self.converted(env, given, kind, depth + 1));
        };
        if call.name.name.as_str() != "optional" {
            let missing = || Value::failed("lacks an attribute of its type");
            return given.map_or_else(missing, |given| self.converted(env, given, kind, depth + 1));
        }
        let mut args = call.args.iter();
        let (inner, default) = (args.next(), args.next());
        let value = match given {
            Some(Value::Null) | None => default.map_or(Value::Null, |value| self.eval(env, value)),
            Some(given) => given,
        };
        inner.map_or_else(
            || value.clone(),
            |kind| self.converted(env, value.clone(), kind, depth + 1),
        )
    }
}

fn key_text(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Ident(name) => Some(name.as_str()),
        ObjectKey::Expression(Expression::Variable(name)) => Some(name.as_str()),
        ObjectKey::Expression(other) => other.as_str(),
    }
}

fn primitive(value: Value, kind: &str) -> Value {
    let made = matches!(value, Value::Made(_)) && matches!(kind, "string" | "any");
    if made || matches!(value, Value::Reference(_) | Value::Encoded(_)) {
        return value;
    }
    let odd = || super::operators::no_use(&value, "another type");
    match kind {
        "string" => value.as_text().map_or_else(odd, Value::Text),
        "number" => value.number().map_or_else(odd, Value::Number),
        "bool" => value.flag().map_or_else(odd, Value::Bool),
        // Before Terraform 0.12, and `any`: whatever is given.
        "any" | "list" | "map" => value,
        _ => Value::unknown("has a type that isn't read"),
    }
}
