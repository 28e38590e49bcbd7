//! `for` expressions, and what can be gone through one by one.

use std::collections::BTreeMap;
use std::rc::Rc;

use hcl_edit::expr::ForExpr;

use super::super::number::Number;
use super::super::value::Value;
use super::operators::no_use;
use super::{Env, Evaluator, Frame, TOO_MUCH};

/// The members of a collection, with their keys.
pub(in super::super) struct Entries {
    pub(in super::super) pairs: Vec<(Value, Value)>,
    /// Whether it is known in which order Terraform goes through them.
    pub(in super::super) ordered: bool,
}

/// What one turn of a loop yields: a key, where an object is made, and a value.
type Turn = (Option<Rc<str>>, Value);

impl Evaluator<'_> {
    /// What a collection holds; else what comes of going through it.
    pub(in super::super) fn entries(&self, value: &Value) -> Result<Entries, Value> {
        let (pairs, ordered): (Vec<_>, _) = match value {
            Value::List(items) => {
                let keys = (0..items.len()).map(|at| Value::Number(Number::count(at)));
                (keys.zip(items.iter().cloned()).collect(), true)
            }
            Value::Set(items) => {
                let texts = items.iter().all(|item| matches!(item, Value::Text(_)));
                (items.iter().map(|item| (item.clone(), item.clone())).collect(), texts)
            }
            Value::Object(members) => {
                let pair = |(name, value): (&String, &Value)| (Value::text(name), value.clone());
                (members.iter().map(pair).collect(), true)
            }
            other => return Err(no_use(other, "a collection")),
        };
        if self.spend(pairs.len()) {
            Ok(Entries { ordered: ordered || pairs.len() < 2, pairs })
        } else {
            Err(Value::unknown(TOO_MUCH))
        }
    }

    pub(super) fn for_each_of(&self, env: &Env<'_>, of: &ForExpr) -> Value {
        let all = self.eval(env, &of.intro.collection_expr);
        let entries = match self.entries(&all) {
            Ok(entries) => entries,
            Err(hole) => return hole,
        };
        let mut made: Vec<(Option<Rc<str>>, Value)> = Vec::new();
        for (key, value) in entries.pairs {
            let first = of.intro.key_var.as_ref().map_or("", |name| name.as_str());
            let outer = Frame { name: first, value: key, outer: env.names };
            let name = of.intro.value_var.as_str();
            let own = Frame { name, value, outer: Some(&outer) };
            let inner = Env { names: Some(&own), ..*env };
            match self.one_of(&inner, of) {
                Ok(Some(one)) => made.push(one),
                Ok(None) => {}
                Err(hole) => return hole,
            }
        }
        if of.key_expr.is_none() {
            let items = made.into_iter().map(|(_, value)| value).collect();
            return if entries.ordered { Value::list(items) } else { Value::Set(Rc::new(items)) };
        }
        let mut members: BTreeMap<String, Value> = BTreeMap::new();
        let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (name, value) in made {
            let name = name.as_deref().unwrap_or_default().to_owned();
            if of.grouping {
                groups.entry(name).or_default().push(value);
            } else if members.insert(name, value).is_some() {
                return Value::failed("has two members of one name");
            }
        }
        if of.grouping {
            members = groups.into_iter().map(|(name, items)| (name, Value::list(items))).collect();
        }
        Value::object(members)
    }

    /// One turn: its key and its value, or nothing if the condition leaves it out.
    fn one_of(&self, env: &Env<'_>, of: &ForExpr) -> Result<Option<Turn>, Value> {
        if let Some(condition) = &of.cond {
            let value = self.eval(env, &condition.expr);
            match value.flag() {
                Some(true) => {}
                Some(false) => return Ok(None),
                None => return Err(no_use(&value, "a boolean")),
            }
        }
        let key = match &of.key_expr {
            None => None,
            Some(key) => {
                let key = self.eval(env, key);
                let text = key.as_text();
                Some(text.ok_or_else(|| no_use(&key, "a text"))?)
            }
        };
        let value = self.eval(env, &of.value_expr);
        if !self.spend(1) {
            return Err(Value::unknown(TOO_MUCH));
        }
        if matches!(value, Value::Failed(_)) { Err(value) } else { Ok(Some((key, value))) }
    }
}
