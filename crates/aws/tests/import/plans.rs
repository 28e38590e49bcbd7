//! Small plans and states, built as Terraform would print them.

use std::collections::BTreeMap;

use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{Key, Model, SetVal};
use serde_json::{Map, Value, json};

/// An expression that refers to these.
pub(crate) fn refs(references: &[&str]) -> Value {
    json!({ "references": references })
}

/// An expression that refers to this one thing, as Terraform lists it.
pub(crate) fn names(references: &str) -> Value {
    let resource = references.rsplit_once('.').map_or(references, |(head, _)| head);
    refs(&[references, resource])
}

/// A literal expression.
pub(crate) fn literal(value: impl Into<Value>) -> Value {
    json!({ "constant_value": value.into() })
}

#[derive(Default, Clone)]
struct Module {
    resources: Vec<Value>,
    outputs: Map<String, Value>,
    variables: Map<String, Value>,
    calls: BTreeMap<String, Value>,
}

/// A plan under construction. Modules of the configuration are named by dotted paths: `a.b`.
#[derive(Default, Clone)]
pub(crate) struct Plan {
    changes: Vec<Value>,
    prior: Vec<Value>,
    modules: BTreeMap<String, Module>,
    variables: Map<String, Value>,
    more: Map<String, Value>,
}

/// `aws_subnet.p["k"]` taken apart.
struct Name {
    mode: &'static str,
    kind: String,
    name: String,
    index: Option<Value>,
}

fn name(text: &str) -> Name {
    let (mode, rest) = match text.strip_prefix("data.") {
        Some(rest) => ("data", rest),
        None => ("managed", text),
    };
    let (kind, rest) = rest.split_once('.').expect("type.name");
    let (name, index) = match rest.split_once('[') {
        Some((name, index)) => {
            let index = index.strip_suffix(']').expect("]");
            (name, Some(serde_json::from_str(index).expect("an index")))
        }
        None => (rest, None),
    };
    Name { mode, kind: kind.to_owned(), name: name.to_owned(), index }
}

fn instance(module: &str, text: &str) -> Map<String, Value> {
    let parts = name(text);
    let dot = if module.is_empty() { "" } else { "." };
    let mut members = Map::new();
    members.insert("address".into(), json!(format!("{module}{dot}{text}")));
    if !module.is_empty() {
        members.insert("module_address".into(), json!(module));
    }
    members.insert("mode".into(), json!(parts.mode));
    members.insert("type".into(), json!(parts.kind));
    members.insert("name".into(), json!(parts.name));
    if let Some(index) = parts.index {
        members.insert("index".into(), index);
    }
    members.insert("provider_name".into(), json!("registry.terraform.io/hashicorp/aws"));
    members
}

impl Plan {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A resource change.
    pub(crate) fn change(mut self, module: &str, resource: &str, change: Value) -> Self {
        let mut members = instance(module, resource);
        members.insert("change".into(), change);
        self.changes.push(Value::Object(members));
        self
    }

    /// A resource that is created.
    pub(crate) fn create(self, module: &str, resource: &str, after: Value, unknown: Value) -> Self {
        let change = json!({
            "actions": ["create"], "before": null, "after": after, "after_unknown": unknown,
            "before_sensitive": false, "after_sensitive": {},
        });
        self.change(module, resource, change)
    }

    /// A resource that stays as it is.
    pub(crate) fn keep(self, module: &str, resource: &str, value: Value) -> Self {
        let change = json!({
            "actions": ["no-op"], "before": value, "after": value, "after_unknown": {},
        });
        self.change(module, resource, change)
    }

    /// A data source that is already read.
    pub(crate) fn data(mut self, resource: &str, values: Value) -> Self {
        let mut members = instance("", resource);
        members.insert("values".into(), values);
        self.prior.push(Value::Object(members));
        self
    }

    fn module(&mut self, path: &str) -> &mut Module {
        self.modules.entry(path.to_owned()).or_default()
    }

    /// What is written for a resource block.
    pub(crate) fn written(self, module: &str, resource: &str, expressions: Value) -> Self {
        self.written_with(module, resource, expressions, json!({}))
    }

    /// The same with more members, as `for_each_expression`.
    pub(crate) fn written_with(
        mut self,
        module: &str,
        resource: &str,
        expressions: Value,
        more: Value,
    ) -> Self {
        let parts = name(resource);
        let mut block = json!({
            "address": resource, "mode": parts.mode, "type": parts.kind, "name": parts.name,
            "provider_config_key": "aws", "expressions": expressions, "schema_version": 0,
        });
        let more = more.as_object().expect("an object").clone();
        block.as_object_mut().expect("an object").extend(more);
        self.module(module).resources.push(block);
        self
    }

    /// Creates a resource of the root module and writes it.
    pub(crate) fn both(
        self,
        resource: &str,
        after: Value,
        unknown: Value,
        expressions: Value,
    ) -> Self {
        let block = resource.split('[').next().unwrap_or(resource).to_owned();
        self.create("", resource, after, unknown).written("", &block, expressions)
    }

    /// A module call, with whatever else belongs to it (`expressions`, `for_each_expression`).
    pub(crate) fn call(mut self, from: &str, called: &str, call: Value) -> Self {
        self.module(from).calls.insert(called.to_owned(), call);
        let dot = if from.is_empty() { "" } else { "." };
        self.module(&format!("{from}{dot}{called}"));
        self
    }

    pub(crate) fn output(mut self, module: &str, output: &str, expression: Value) -> Self {
        self.module(module).outputs.insert(output.to_owned(), json!({ "expression": expression }));
        self
    }

    /// A variable's declaration.
    pub(crate) fn declare(mut self, module: &str, variable: &str, declaration: Value) -> Self {
        self.module(module).variables.insert(variable.to_owned(), declaration);
        self
    }

    /// The value of a root variable.
    pub(crate) fn variable(mut self, variable: &str, value: Value) -> Self {
        self.variables.insert(variable.to_owned(), json!({ "value": value }));
        self
    }

    /// A top-level member.
    pub(crate) fn with(mut self, member: &str, value: Value) -> Self {
        self.more.insert(member.to_owned(), value);
        self
    }

    fn configuration(&self, path: &str) -> Value {
        let module = self.modules.get(path).cloned().unwrap_or_default();
        let mut calls = Map::new();
        for (called, call) in module.calls {
            let dot = if path.is_empty() { "" } else { "." };
            let mut call = call.clone();
            let inner = self.configuration(&format!("{path}{dot}{called}"));
            call.as_object_mut().expect("an object").insert("module".into(), inner);
            calls.insert(called, call);
        }
        json!({
            "resources": module.resources, "outputs": module.outputs,
            "variables": module.variables, "module_calls": calls,
        })
    }

    pub(crate) fn json(&self) -> Value {
        let mut plan = json!({
            "format_version": "1.2",
            "terraform_version": "1.11.4",
            "variables": self.variables,
            "resource_changes": self.changes,
            "prior_state": {
                "format_version": "1.0",
                "values": { "root_module": { "resources": self.prior } },
            },
            "configuration": {
                "provider_config": { "aws": {
                    "name": "aws", "expressions": { "region": { "constant_value": "eu-west-1" } },
                } },
                "root_module": self.configuration(""),
            },
            "complete": true,
            "errored": false,
        });
        plan.as_object_mut().expect("an object").extend(self.more.clone());
        plan
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.json()).expect("JSON")
    }

    pub(crate) fn model(&self) -> Model {
        read(&[("plan.json", &self.bytes())])
    }
}

/// A state as `terraform show -json` prints it: resources of the root module.
pub(crate) fn shown_state(resources: &[(&str, Value)]) -> Vec<u8> {
    let list: Vec<Value> = resources
        .iter()
        .map(|(resource, values)| {
            let mut members = instance("", resource);
            members.insert("values".into(), values.clone());
            members.insert("sensitive_values".into(), json!({}));
            Value::Object(members)
        })
        .collect();
    let state = json!({
        "format_version": "1.0", "terraform_version": "1.11.4",
        "values": { "root_module": { "resources": list } },
    });
    serde_json::to_vec(&state).expect("JSON")
}

/// Imports these; fails the test with what is wrong.
pub(crate) fn read(inputs: &[(&str, &[u8])]) -> Model {
    let inputs: Vec<Input<'_>> = inputs.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    import(&inputs).unwrap_or_else(|errors| panic!("{errors:?}"))
}

pub(crate) fn key(text: &str) -> Key {
    Key::new(text)
}

/// The sure members of a set, as text.
pub(crate) fn sure(set: &SetVal<Key>) -> Vec<&str> {
    set.sure.iter().map(Key::as_str).collect()
}

/// The possible members of a set, as text.
pub(crate) fn maybe(set: &SetVal<Key>) -> Vec<&str> {
    set.maybe.iter().map(Key::as_str).collect()
}
