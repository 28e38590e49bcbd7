//! Paths: what a name leads to, attributes, indexes and splats.

use hcl_edit::expr::{Expression, Traversal, TraversalOperator};
use hcl_edit::repr::Decorated;

use super::super::number::Number;
use super::super::value::{Thing, Value};
use super::operators::no_use;
use super::{Env, Evaluator, TOO_MUCH};
use crate::import::terraform::Index;

type Steps<'t> = &'t [Decorated<TraversalOperator>];

impl Evaluator<'_> {
    pub(super) fn traversal(&self, env: &Env<'_>, path: &Traversal) -> Value {
        let steps = path.operators.as_slice();
        let (value, rest) = match &path.expr {
            Expression::Variable(name) => match env.named(name.as_str()) {
                Some(value) => (value, steps),
                None => self.root(env, name.as_str(), steps),
            },
            other => (self.eval(env, other), steps),
        };
        self.along(env, value, rest)
    }

    /// What the first words of a path name, and what is left of it.
    fn root<'t>(&self, env: &Env<'_>, first: &str, steps: Steps<'t>) -> (Value, Steps<'t>) {
        let odd = |steps| (Value::unknown(format!("names `{first}`")), steps);
        let Some((second, rest)) = named(steps) else { return odd(steps) };
        let value = match first {
            "var" => self.variable(env.scope, second),
            "local" => self.local(env.scope, second),
            "module" => self.module(env.scope, second),
            "each" | "count" => match (first, second, env.index, env.each) {
                ("each", "key", Some(Index::Text(key)), _) => Value::text(key),
                ("each", "value", _, Some(value)) => value.clone(),
                ("count", "index", Some(Index::Number(at)), _) => Value::whole(i128::from(*at)),
                _ => Value::unknown(format!("names `{first}.{second}`")),
            },
            "path" => match (second, self.scope(env.scope)) {
                ("module", Some(scope)) => {
                    Value::text(if scope.folder.is_empty() { "." } else { &scope.folder })
                }
                ("root", _) => Value::text("."),
                _ => Value::unknown(format!("names `path.{second}`")),
            },
            "terraform" | "self" => Value::unknown(format!("names `{first}.{second}`")),
            "data" => {
                let Some((third, rest)) = named(rest) else { return odd(steps) };
                return (self.resource(env.scope, &format!("data.{second}.{third}")), rest);
            }
            kind => self.resource(env.scope, &format!("{kind}.{second}")),
        };
        (value, rest)
    }

    /// Follows a path from a value.
    pub(super) fn along(&self, env: &Env<'_>, mut value: Value, mut steps: Steps<'_>) -> Value {
        while let Some((step, rest)) = steps.split_first() {
            if !self.spend(1) {
                return Value::unknown(TOO_MUCH);
            }
            match step.value() {
                TraversalOperator::GetAttr(name) => value = self.member(&value, name.as_str()),
                TraversalOperator::LegacyIndex(at) => {
                    let index = Value::whole(i128::from(*at.value()));
                    value = self.item(&value, &index);
                }
                TraversalOperator::Index(index) => {
                    let index = self.eval(env, index);
                    value = self.item(&value, &index);
                }
                TraversalOperator::FullSplat(_) => return self.splat(env, &value, rest),
                TraversalOperator::AttrSplat(_) => {
                    // `.*` takes attributes along, and leaves indexes to the list that it makes.
                    let own = rest
                        .iter()
                        .take_while(|step| matches!(step.value(), TraversalOperator::GetAttr(_)));
                    let (own, after) = rest.split_at(own.count());
                    let all = self.splat(env, &value, own);
                    return self.along(env, all, after);
                }
            }
            steps = rest;
        }
        value
    }

    fn splat(&self, env: &Env<'_>, value: &Value, steps: Steps<'_>) -> Value {
        let each = |item: &Value| self.along(env, item.clone(), steps);
        match value {
            Value::Null => Value::list(Vec::new()),
            Value::List(items) => self.collected(items.iter().map(each)),
            Value::Set(items) => match self.collected(items.iter().map(each)) {
                // In which order the members come isn't known.
                Value::List(items) if items.len() > 1 => Value::Set(items),
                other => other,
            },
            Value::Unknown(_) | Value::Failed(_) => value.clone(),
            Value::Reference(_) => no_use(value, "a list"),
            other => self.collected(std::iter::once(each(other))),
        }
    }

    /// `VALUE.NAME`
    pub(in super::super) fn member(&self, value: &Value, name: &str) -> Value {
        match value {
            Value::Object(members) => members
                .get(name)
                .cloned()
                .unwrap_or_else(|| Value::failed(format!("names `{name}`, which there isn't"))),
            Value::Thing(Thing::Instance(at)) => self.attribute(*at, name),
            Value::Thing(Thing::Module(scope)) => self.output(*scope, name),
            other => no_use(other, "an object"),
        }
    }

    /// `VALUE[INDEX]`
    pub(in super::super) fn item(&self, value: &Value, index: &Value) -> Value {
        if let Some(hole) = value.hole().or_else(|| index.hole()) {
            return hole;
        }
        match value {
            Value::List(items) => match index.number().map(Number::as_index) {
                Some(Some(at)) => items
                    .get(at)
                    .cloned()
                    .unwrap_or_else(|| Value::failed("has no item of this index")),
                Some(None) => Value::failed("has no item of this index"),
                None => no_use(index, "a number"),
            },
            Value::Object(_) | Value::Thing(_) => match index.as_text() {
                Some(name) => self.member(value, &name),
                None => no_use(index, "a text"),
            },
            Value::Set(_) => Value::unknown("takes an item of a set, whose order isn't known"),
            other => no_use(other, "a list or a map"),
        }
    }
}

/// `.NAME` at the beginning of a path, and what follows.
fn named(steps: Steps<'_>) -> Option<(&str, Steps<'_>)> {
    let (first, rest) = steps.split_first()?;
    match first.value() {
        TraversalOperator::GetAttr(name) => Some((name.as_str(), rest)),
        _ => None,
    }
}
