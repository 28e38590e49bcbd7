//! Changes to a plan in JSON, such that it stays what Terraform could have written.
//!
//! A mutation is `{"about": "one sentence", "edits": [...]}`, and an edit is one of
//!
//! - `{"resource": ADDRESS, "attribute": "a/0/b", "set": VALUE}`: a value that is known
//! - `{"resource": ADDRESS, "attribute": "a/0/b", "references": ["aws_x.y.id", "aws_x.y"]}`: one
//!   that is known after apply, and what its expression names
//! - `{"resource": ADDRESS, "attribute": "a/0/b", "remove": true}`: one that is not written
//! - `{"configuration": ADDRESS, "attribute": "a/0/b", "set": EXPRESSION}`: what is written
//! - `{"resource": ADDRESS, "update_from": {...}}`: the resource exists, with these values
//! - `{"add": ADDRESS, "values": {...}, "unknown": {...}, "expressions": {...}}`: a new resource of
//!   the root module
//! - `{"delete": ADDRESS}`: the resource is not in the plan
//!
//! `set` and `remove` keep the expression in line with the value, where there is one.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A mutation of a plan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutation {
    /// What is wrong then, in one sentence.
    pub(crate) about: String,
    edits: Vec<Edit>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Edit {
    resource: Option<String>,
    configuration: Option<String>,
    add: Option<String>,
    delete: Option<String>,
    attribute: Option<String>,
    set: Option<Value>,
    remove: bool,
    references: Option<Vec<String>>,
    update_from: Option<Map<String, Value>>,
    values: Map<String, Value>,
    unknown: Map<String, Value>,
    expressions: Map<String, Value>,
}

type Done = Result<(), String>;

impl Mutation {
    /// Applies all edits, in order.
    pub(crate) fn apply(&self, plan: &mut Value) -> Done {
        if self.about.is_empty() || self.edits.is_empty() {
            return Err("a mutation says what it is about, and changes something".to_owned());
        }
        for (edit, number) in self.edits.iter().zip(1..) {
            edit.apply(plan).map_err(|error| format!("edit {number}: {error}"))?;
        }
        Ok(())
    }
}

impl Edit {
    fn apply(&self, plan: &mut Value) -> Done {
        let path: Vec<&str> = self.attribute.as_deref().unwrap_or_default().split('/').collect();
        match self {
            Self { resource: Some(address), set: Some(value), .. } => {
                let change = change(plan, address)?;
                put(member(change, "after")?, &path, value.clone())?;
                take(member(change, "after_unknown")?, &path);
                put(planned(plan, address)?, &path, value.clone())?;
                expression(plan, address, &path, Some(json!({ "constant_value": value })))
            }
            Self { resource: Some(address), references: Some(names), .. } => {
                let change = change(plan, address)?;
                take(member(change, "after")?, &path);
                put(member(change, "after_unknown")?, &path, json!(true))?;
                take(planned(plan, address)?, &path);
                expression(plan, address, &path, Some(json!({ "references": names })))
            }
            Self { resource: Some(address), remove: true, .. } => {
                let change = change(plan, address)?;
                take(member(change, "after")?, &path);
                take(member(change, "after_unknown")?, &path);
                take(planned(plan, address)?, &path);
                expression(plan, address, &path, None)
            }
            Self { resource: Some(address), update_from: Some(before), .. } => {
                update(change(plan, address)?, before)
            }
            Self { configuration: Some(address), set: Some(value), .. } => {
                let written = configuration(plan, address)?;
                put(member(written, "expressions")?, &path, value.clone())
            }
            Self { add: Some(address), .. } => self.add(plan, address),
            Self { delete: Some(address), .. } => delete(plan, address),
            _ => Err("it is none of the edits that `cases/mutation.rs` lists".to_owned()),
        }
    }

    fn add(&self, plan: &mut Value, address: &str) -> Done {
        let (kind, name) = address.split_once('.').ok_or("an address is `type.name`")?;
        let provider = "registry.terraform.io/hashicorp/aws";
        let resource = json!({
            "address": address, "mode": "managed", "type": kind, "name": name,
            "provider_name": provider,
        });
        let with = |more: Value| {
            let mut all = resource.clone();
            if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
                all.extend(more);
            }
            all
        };
        let changed = with(json!({ "change": {
            "actions": ["create"], "before": null, "after": self.values,
            "after_unknown": self.unknown, "before_sensitive": false, "after_sensitive": {},
        }}));
        let planned = with(json!({ "values": self.values, "sensitive_values": {} }));
        let written = json!({
            "address": address, "mode": "managed", "type": kind, "name": name,
            "provider_config_key": "aws", "expressions": self.expressions, "schema_version": 0,
        });
        for (list, item) in [
            ("/resource_changes", changed),
            ("/planned_values/root_module/resources", planned),
            ("/configuration/root_module/resources", written),
        ] {
            let list = plan.pointer_mut(list).and_then(Value::as_array_mut);
            list.ok_or("the plan has no list of resources")?.push(item);
        }
        Ok(())
    }
}

/// An item of a list by its address.
fn item<'p>(plan: &'p mut Value, list: &str, address: &str) -> Result<&'p mut Value, String> {
    let items = plan.pointer_mut(list).and_then(Value::as_array_mut);
    let mut items = items.ok_or_else(|| format!("the plan has no {list}"))?.iter_mut();
    let found = items.find(|item| item.get("address").and_then(Value::as_str) == Some(address));
    found.ok_or_else(|| format!("{address} is not in {list}"))
}

fn change<'p>(plan: &'p mut Value, address: &str) -> Result<&'p mut Value, String> {
    member(item(plan, "/resource_changes", address)?, "change")
}

fn planned<'p>(plan: &'p mut Value, address: &str) -> Result<&'p mut Value, String> {
    member(item(plan, "/planned_values/root_module/resources", address)?, "values")
}

/// What is written for a resource: once for all its instances.
fn configuration<'p>(plan: &'p mut Value, address: &str) -> Result<&'p mut Value, String> {
    let address = address.split('[').next().unwrap_or(address);
    item(plan, "/configuration/root_module/resources", address)
}

fn member<'p>(value: &'p mut Value, name: &str) -> Result<&'p mut Value, String> {
    value.get_mut(name).ok_or_else(|| format!("there is no `{name}`"))
}

/// Writes a value at a path whose lists and objects are there, but perhaps its last step.
fn put(value: &mut Value, path: &[&str], new: Value) -> Done {
    let Some((step, rest)) = path.split_first() else {
        *value = new;
        return Ok(());
    };
    let next = match value {
        Value::Object(members) => members.entry(*step).or_insert(Value::Null),
        Value::Array(items) => {
            let at: usize = step.parse().map_err(|_| format!("`{step}` is no position"))?;
            items.get_mut(at).ok_or_else(|| format!("there is no item {at}"))?
        }
        Value::Null | Value::Bool(_) => {
            *value = match step.parse::<usize>() {
                Ok(at) => json!(vec![json!({}); at + 1]),
                Err(_) => json!({}),
            };
            return put(value, path, new);
        }
        _ => return Err(format!("there is nothing to hold `{step}`")),
    };
    put(next, rest, new)
}

/// Removes what is at a path, if anything is.
fn take(value: &mut Value, path: &[&str]) {
    let Some((last, before)) = path.split_last() else {
        return;
    };
    let mut here = value;
    for step in before {
        let next = match here {
            Value::Object(members) => members.get_mut(*step),
            Value::Array(items) => step.parse::<usize>().ok().and_then(|at| items.get_mut(at)),
            _ => None,
        };
        match next {
            Some(next) => here = next,
            None => return,
        }
    }
    if let Some(members) = here.as_object_mut() {
        members.remove(*last);
    }
}

/// Keeps the expression in line; blocks are for `configuration` edits. What all instances of a
/// `for_each` share stays as it is.
fn expression(plan: &mut Value, address: &str, path: &[&str], new: Option<Value>) -> Done {
    if address.contains('[') {
        return Ok(());
    }
    let expressions = member(configuration(plan, address)?, "expressions")?;
    let is_block = new.as_ref().and_then(|new| new.get("constant_value")).is_some_and(|value| {
        value.as_array().is_some_and(|list| list.iter().any(Value::is_object))
    });
    match new {
        Some(new) if !is_block => put(expressions, path, new),
        Some(_) => Ok(()),
        None => {
            take(expressions, path);
            Ok(())
        }
    }
}

/// Turns a creation into an update: all is as it was, but for what is given.
fn update(change: &mut Value, before: &Map<String, Value>) -> Done {
    let mut earlier = member(change, "after")?.clone();
    let members = earlier.as_object_mut().ok_or("`after` is no object")?;
    members.extend(before.clone());
    *member(change, "before")? = earlier.clone();
    *member(change, "actions")? = json!(["update"]);
    // What exists has an id, and so on: nothing that was there before is unknown.
    let after = member(change, "after")?.as_object_mut().ok_or("`after` is no object")?;
    for (name, value) in before {
        after.entry(name.clone()).or_insert_with(|| value.clone());
    }
    *member(change, "after_unknown")? = json!({});
    *member(change, "before_sensitive")? = json!({});
    Ok(())
}

fn delete(plan: &mut Value, address: &str) -> Done {
    for list in ["/resource_changes", "/planned_values/root_module/resources"] {
        item(plan, list, address)?;
        let items = plan.pointer_mut(list).and_then(Value::as_array_mut);
        let items = items.ok_or("the plan has no list of resources")?;
        items.retain(|item| item.get("address").and_then(Value::as_str) != Some(address));
    }
    // Other instances of the same block stay written.
    if !address.contains('[') {
        let items = plan
            .pointer_mut("/configuration/root_module/resources")
            .and_then(Value::as_array_mut)
            .ok_or("the plan has no configuration")?;
        items.retain(|item| item.get("address").and_then(Value::as_str) != Some(address));
    }
    Ok(())
}
