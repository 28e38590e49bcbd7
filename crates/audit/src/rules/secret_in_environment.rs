//! `secret-in-environment`: credentials that a task definition holds in clear.
//!
//! By the form of a value, or by the name of a variable whose value looks made; see
//! [`crate::credential`]. What it holds is never told.

use std::collections::BTreeSet;

use farmgate_aws::model::{Container, Key, Model};

use super::root_user::services_of;
use super::{Facts, Rule, RuleInfo};
use crate::credential::{by_form, by_name};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "secret-in-environment",
        severity: Severity::High,
        title: "a task definition holds a credential in clear",
        why: "Whoever may describe task definitions reads it, and so does whoever sees the plan, the \
              state or the repository; old revisions keep it after it is changed. ECS can fetch it \
              from Secrets Manager or Systems Manager when a task starts, and then it is nowhere \
              else.",
        page: include_str!("../../../../docs/rules/secret-in-environment.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let definitions = model.task_definitions.iter().filter_map(|(key, definition)| {
        let containers = definition.containers.get()?.iter();
        let held: BTreeSet<String> = containers.flat_map(|it| held(model, it)).collect();
        (!held.is_empty()).then(|| finding(model, key, held))
    });
    definitions.collect()
}

/// Where a container holds credentials, and what they are.
fn held(model: &Model, container: &Container) -> Vec<String> {
    let of = &container.name;
    let variables = container.environment.iter().filter_map(|(name, value)| {
        if let Some(what) = by_form(value) {
            return Some(format!("`{name}` of `{of}` ({what})"));
        }
        // What is another resource's id, name or host is no credential.
        let names = !model.aliases.contains_key(value.as_str());
        (names && by_name(name, value)).then(|| format!("`{name}` of `{of}`"))
    });
    let run = &container.run;
    let words = [("entryPoint", &run.entry_point), ("command", &run.command)];
    let words = words.into_iter().chain([("healthCheck", &container.health_command)]);
    let words = words.filter_map(|(place, words)| {
        let what = words.iter().find_map(|word| by_form(word))?;
        Some(format!("`{place}` of `{of}` ({what})"))
    });
    let options = container.log_options.iter().filter_map(|(name, value)| {
        let known = by_form(value).is_some() || by_name(name, value);
        known.then(|| format!("the log option `{name}` of `{of}`"))
    });
    variables.chain(words).chain(options).collect()
}

fn finding(model: &Model, definition: &Key, held: BTreeSet<String>) -> Finding {
    let who = services_of(model, definition);
    let noun = if held.len() == 1 { "a credential" } else { "credentials" };
    let title = format!("the task definition of {who} holds {noun} in clear: {}", listed(held));
    let fix = "put it into Secrets Manager and name it under `secrets`; then make a new one, since \
               this one is in every revision and in the sources";
    RULE.info.finding(Severity::High, [definition.clone()], title, fix)
}
