//! `deploy-policy.json`: the least policy with which the module can be applied, changed and
//! destroyed.
//!
//! It is made of the types of resources that are in the module's files, so that it cannot name
//! another service than the module has. What AWS lets a policy limit to the farm's names is limited
//! to them ([`scopes`]); where ids are AWS's choice, to the region, and what takes something away to
//! what bears the farm's tag. Access to wherever Terraform's state is kept comes on top.
//!
//! The tables say what Terraform's provider does at AWS for each type of resource: to make it, read
//! it, change it and take it away. That was seen in its log of an apply, a second plan and a destroy
//! (AWS provider 5.100), with the changes that its documentation names on top, and was checked
//! against AWS's Service Authorization Reference.

mod balancing;
mod detection;
mod network;
mod scopes;
mod stores;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::design::Design;
use scopes::Scope;

/// The most that a managed policy may hold, white space not counted (IAM User Guide, "IAM and AWS
/// STS quotas").
const LONGEST: usize = 6144;

/// The policies, by the name of their files: one, or as many as hold it, in which case all of them
/// are needed. `module` are the module's files, by name.
pub(super) fn files(
    design: &Design,
    module: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let documents = documents(statements(design, &kinds(module)));
    let only = documents.len() == 1;
    let named = documents.into_iter().zip(1..).map(|(document, number)| {
        let name = if only {
            "deploy-policy.json".to_owned()
        } else {
            format!("deploy-policy-{number}.json")
        };
        // Texts and lists can always be written.
        (name, serde_json::to_string_pretty(&document).unwrap_or_default() + "\n")
    });
    named.collect()
}

/// By type of resource: what is needed of which service, and to what it is limited.
type Table = &'static [(&'static str, &'static [Need])];

/// Actions of a service, limited to a scope.
type Need = (Scope, &'static str, &'static str);

/// What a type needs; nothing, if no module of ours has such a thing.
fn needed(kind: &str) -> &'static [Need] {
    let tables = [network::TABLE, balancing::TABLE, tasks::TABLE, stores::TABLE, detection::TABLE];
    let mut rows = tables.iter().flat_map(|table| *table);
    rows.find(|(name, _)| *name == kind).map_or(&[], |(_, needs)| needs)
}

/// The types of resources in the module.
fn kinds(module: &BTreeMap<String, String>) -> BTreeSet<&str> {
    let files = module.iter().filter(|(name, _)| name.ends_with(".tf"));
    let lines = files.flat_map(|(_, text)| text.lines());
    lines.filter_map(|line| line.strip_prefix("resource \"")?.split('"').next()).collect()
}

/// The actions, by scope.
fn statements(design: &Design, kinds: &BTreeSet<&str>) -> Vec<Value> {
    let mut by_scope: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
    for (scope, service, actions) in kinds.iter().flat_map(|kind| needed(kind)) {
        let actions = actions.split_whitespace().map(|action| format!("{service}:{action}"));
        by_scope.entry(*scope).or_default().extend(actions);
    }
    if design.farm.logs.kms_key.is_some() || design.logs.values().any(|it| it.kms_key.is_some()) {
        let actions = ["logs:AssociateKmsKey", "logs:DisassociateKmsKey"].map(str::to_owned);
        by_scope.entry(Scope::Logs).or_default().extend(actions);
    }
    let statements = by_scope.into_iter().filter_map(|(scope, actions)| {
        let resources = scope.resources(design);
        let [first, rest @ ..] = resources.as_slice() else { return None };
        let mut statement = json!({
            "Sid": scope.sid(),
            "Effect": "Allow",
            "Action": actions,
            "Resource": if rest.is_empty() { json!(first) } else { json!(resources) },
        });
        if let (Some(condition), Some(statement)) =
            (scope.condition(design, kinds), statement.as_object_mut())
        {
            statement.insert("Condition".to_owned(), condition);
        }
        Some(statement)
    });
    statements.collect()
}

/// As few documents as hold the statements in their order.
fn documents(statements: Vec<Value>) -> Vec<Value> {
    let document =
        |statements: &[Value]| json!({ "Version": "2012-10-17", "Statement": statements });
    let mut full: Vec<Value> = Vec::new();
    let mut open: Vec<Value> = Vec::new();
    for statement in statements {
        let with: Vec<Value> = open.iter().chain([&statement]).cloned().collect();
        if document(&with).to_string().len() <= LONGEST {
            open = with;
        } else {
            full.push(document(&open));
            open = vec![statement];
        }
    }
    full.push(document(&open));
    full
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use super::*;

    /// A type that is new in a module and not in the tables would make an apply fail.
    #[test]
    fn every_type_of_a_module_is_known() {
        let farm = include_str!("../../tests/emit_compute/farm.yaml");
        let farm = farmgate_farm::farm::read(farm, &[]).expect("a farm");
        let module = crate::emit::terraform::module(&Design::of(&farm));
        let kinds = kinds(&module);
        assert!(kinds.len() > 60, "{kinds:?}");
        let unknown: Vec<&str> = kinds.into_iter().filter(|kind| needed(kind).is_empty()).collect();
        assert_eq!(unknown, Vec::<&str>::new());
    }
}
