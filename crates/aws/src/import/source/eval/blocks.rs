//! Blocks as values: what a block's attributes come to, and its nested blocks as lists of objects,
//! those of `dynamic` blocks too.

use std::collections::BTreeMap;

use super::super::block::{Block, Inner};
use super::super::value::Value;
use super::{Env, Evaluator, Frame};
use crate::model::Location;

/// What Terraform itself reads of a resource, and no provider.
const META: [&str; 5] = ["count", "for_each", "provider", "depends_on", "lifecycle"];

impl Evaluator<'_> {
    /// All of a block.
    pub(in super::super) fn body(&self, env: &Env<'_>, block: &Block) -> Value {
        let mut members = BTreeMap::new();
        for name in block.attributes.keys().filter(|name| !META.contains(&name.as_str())) {
            if let Some(value) = self.part(env, block, name) {
                members.insert(name.clone(), value);
            }
        }
        for inner in &block.blocks {
            let name = dynamic(inner).unwrap_or(&inner.name);
            if !members.contains_key(name)
                && let Some(value) = self.part(env, block, name)
            {
                members.insert(name.to_owned(), value);
            }
        }
        Value::object(members)
    }

    /// One attribute of a block, or all its nested blocks of a name; `None` if there is no such thing.
    pub(in super::super) fn part(&self, env: &Env<'_>, block: &Block, name: &str) -> Option<Value> {
        if let Some(expression) = block.expression(name) {
            return Some(self.eval(env, expression));
        }
        match self.pieces(env, block, name) {
            Ok(found) if found.is_empty() && !has(block, name) => None,
            Ok(found) => Some(Value::list(found.into_iter().map(|(value, _)| value).collect())),
            Err(hole) => Some(hole),
        }
    }

    /// The nested blocks of a name, each with its place; or why it isn't known which there are.
    pub(in super::super) fn pieces(
        &self,
        env: &Env<'_>,
        block: &Block,
        name: &str,
    ) -> Result<Vec<Piece>, Value> {
        let mut found = Vec::new();
        for inner in &block.blocks {
            if inner.name == name {
                let value = self.deeper(|| self.body(env, &inner.block));
                found.push((value, inner.block.place.clone()));
            } else if dynamic(inner) == Some(name) {
                self.generated(env, inner, name, &mut found)?;
            }
        }
        Ok(found)
    }

    /// The blocks that a `dynamic` block makes.
    fn generated(
        &self,
        env: &Env<'_>,
        inner: &Inner,
        name: &str,
        found: &mut Vec<Piece>,
    ) -> Result<(), Value> {
        let lost = || Value::unknown("is made by a `dynamic` block that isn't read");
        let block = &inner.block;
        let all = self.eval(env, block.expression("for_each").ok_or_else(lost)?);
        let entries = self.entries(&all)?;
        let content = block.named("content").next().ok_or_else(lost)?;
        let iterator = block.expression("iterator").and_then(|name| match name.as_ref() {
            hcl_edit::expr::Expression::Variable(name) => Some(name.as_str()),
            other => other.as_str(),
        });
        for (key, value) in entries.pairs {
            let both = BTreeMap::from([("key".to_owned(), key), ("value".to_owned(), value)]);
            let name = iterator.unwrap_or(name);
            let own = Frame { name, value: Value::object(both), outer: env.names };
            let inner = Env { names: Some(&own), ..*env };
            let made = self.deeper(|| self.body(&inner, &content.block));
            if matches!(made, Value::Unknown(_) | Value::Failed(_)) {
                return Err(made);
            }
            found.push((made, block.place.clone()));
        }
        Ok(())
    }
}

/// A block's value, and its place.
pub(in super::super) type Piece = (Value, Option<Location>);

fn has(block: &Block, name: &str) -> bool {
    block.blocks.iter().any(|inner| inner.name == name || dynamic(inner) == Some(name))
}

/// What a `dynamic` block makes.
pub(in super::super) fn dynamic(inner: &Inner) -> Option<&str> {
    let of = inner.labels.first().filter(|_| inner.name == "dynamic")?;
    Some(of)
}
