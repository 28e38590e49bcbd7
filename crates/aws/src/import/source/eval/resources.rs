//! Resources and data sources: their instances, and what their attributes are.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value as Json;

use super::super::known::Instance;
use super::super::policy;
use super::super::value::{Reference, Thing, Value};
use super::names::SENSITIVE;
use super::{Env, Evaluator, Kept};
use crate::import::terraform::Index;

impl Evaluator<'_> {
    /// `TYPE.NAME` or `data.TYPE.NAME`: one instance, or all of them by their indexes.
    pub(super) fn resource(&self, scope: usize, group: &str) -> Value {
        let Some(here) = self.scope(scope) else {
            return Value::unknown("is of a module that isn't there");
        };
        let Some(block) = self.folder(scope).and_then(|folder| folder.resources.get(group)) else {
            return Value::unknown(format!("names `{group}`, which the source doesn't declare"));
        };
        let members = self.known.group(&here.path, group);
        let thing = |at: &usize| Value::Thing(Thing::Instance(*at));
        let index = |at: &usize| self.known.get(*at).and_then(|instance| instance.index);
        let keyed = block.attributes.contains_key("for_each");
        let counted = block.attributes.contains_key("count");
        if members.is_empty() {
            return match self.repeat(scope, group, block) {
                Some(Value::Object(all)) if all.is_empty() => Value::object(BTreeMap::new()),
                Some(Value::Number(count)) if count.sign() == 0 => Value::list(Vec::new()),
                Some(Value::Unknown(why)) => Value::Unknown(why),
                _ => Value::unknown(format!("names `{group}`, which the plan doesn't show")),
            };
        }
        if keyed {
            let mut all = BTreeMap::new();
            for at in members {
                let Some(Index::Text(key)) = index(at) else {
                    return Value::unknown(format!(
                        "names `{group}`, which the plan repeats otherwise"
                    ));
                };
                all.insert(key.clone(), thing(at));
            }
            return Value::object(all);
        }
        if counted {
            let in_order = members.iter().enumerate().all(|(place, at)| {
                u64::try_from(place).is_ok_and(|place| index(at) == Some(&Index::Number(place)))
            });
            return if in_order {
                Value::list(members.iter().map(thing).collect())
            } else {
                Value::unknown(format!("names `{group}`, of which the plan shows a part"))
            };
        }
        match members {
            [only] if index(only).is_none() => thing(only),
            _ => Value::unknown(format!("names `{group}`, which the plan repeats otherwise")),
        }
    }

    /// An attribute of an instance: what the plan knows, what is written for it, or its name.
    pub(super) fn attribute(&self, at: usize, name: &str) -> Value {
        let Some(instance) = self.known.get(at) else {
            return Value::unknown("is of a resource that isn't there");
        };
        let doubt = match instance.unknown {
            whole @ (Json::Bool(true) | Json::String(_)) => Some(whole),
            Json::Object(members) => members.get(name),
            _ => None,
        };
        let listed = instance.listed.contains(&name);
        match doubt {
            Some(Json::Bool(true)) => {}
            Some(Json::String(_)) => return Value::unknown(SENSITIVE),
            doubt if listed => {
                let known = instance.values.get(name).unwrap_or(&Json::Null);
                return masked(known, doubt.unwrap_or(&Json::Null), &|| {
                    format!("is known only after apply: it uses `{}.{name}`", instance.address)
                });
            }
            _ => {}
        }
        let written = self.written(at, instance, name);
        match (written, listed) {
            // What AWS gives isn't what was asked for, unless only that is known.
            (Some(value), _)
                if !matches!(value, Value::Unknown(_) | Value::Failed(_) | Value::Null) =>
            {
                value
            }
            (_, false) if instance.data => {
                Value::unknown(format!("uses `{}.{name}`, which isn't read", instance.address))
            }
            (_, true) if instance.data => Value::unknown(format!(
                "uses `{}.{name}`, which is read only during apply",
                instance.address
            )),
            _ => Value::Reference(Rc::new(Reference {
                address: instance.address.to_owned(),
                kind: instance.kind.to_owned(),
                attribute: name.to_owned(),
            })),
        }
    }

    /// What the source writes for an attribute of an instance.
    fn written(&self, at: usize, instance: &Instance<'_>, name: &str) -> Option<Value> {
        let scope = self.scope_of(instance.module)?;
        let block = self.folder(scope)?.resources.get(&instance.group)?;
        let renders =
            instance.kind == "aws_iam_policy_document" && matches!(name, "json" | "minified_json");
        if !renders && !block.attributes.contains_key(name) {
            return None;
        }
        let value = self.once(Kept::Attribute(at, Rc::from(name)), || {
            let each = self.each_of(scope, &instance.group, block, instance.index);
            let env =
                Env { scope, index: instance.index, each: each.as_ref(), names: None, vars: None };
            if renders {
                return policy::render(self, &env, block);
            }
            match block.expression(name) {
                Some(expression) => self.eval(&env, expression),
                None => Value::Null,
            }
        });
        Some(value)
    }

    /// The scope of a module by its address.
    pub(in super::super) fn scope_of(&self, module: &str) -> Option<usize> {
        let mut here = 0;
        for step in crate::import::terraform::module_path(module) {
            here = self.child(here, &step.0, step.1)?;
        }
        Some(here)
    }
}

/// A known value with what isn't known of it left out.
fn masked(known: &Json, doubt: &Json, why: &dyn Fn() -> String) -> Value {
    match (doubt, known) {
        (Json::Bool(true), _) => Value::unknown(why()),
        (Json::String(_), _) => Value::unknown(SENSITIVE),
        (Json::Array(doubts), Json::Array(items)) => Value::list(
            items
                .iter()
                .enumerate()
                .map(|(at, item)| masked(item, doubts.get(at).unwrap_or(&Json::Null), why))
                .collect(),
        ),
        (Json::Object(doubts), Json::Object(members)) => {
            let names = members.keys().chain(doubts.keys());
            let one = |name: &String| {
                let value = members.get(name).unwrap_or(&Json::Null);
                let doubt = doubts.get(name).unwrap_or(&Json::Null);
                (name.clone(), masked(value, doubt, why))
            };
            Value::object(names.map(one).collect())
        }
        _ => Value::of_json(known),
    }
}
