//! `root-user`: containers that are told to run as root.
//!
//! Where a task definition names no user the image decides, which no source shows; and a container
//! that prepares a volume and ends may have to be root.

use farmgate_aws::model::{Container, Key, Model};

use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "root-user",
        severity: Severity::Low,
        title: "a container runs as root",
        why: "Whoever makes the server run a command gets the user that it runs as: root may read \
              every file of the image, replace its programs and use every capability that Fargate \
              leaves it. A user of its own costs a line and takes all of that away.",
        page: include_str!("../../../../docs/rules/root-user.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let definitions = model.task_definitions.iter().filter_map(|(key, definition)| {
        let containers = definition.containers.get()?.iter();
        let root = containers.filter(|container| container.essential && is_root(container));
        let root: Vec<String> = root.map(|container| format!("`{}`", container.name)).collect();
        (!root.is_empty()).then(|| finding(model, key, &root))
    });
    definitions.collect()
}

/// `0`, `root`, either with a group.
fn is_root(container: &Container) -> bool {
    let user = container.user.as_deref().unwrap_or_default();
    matches!(user.split(':').next(), Some("0" | "root"))
}

fn finding(model: &Model, definition: &Key, root: &[String]) -> Finding {
    let who = services_of(model, definition);
    let (noun, verb) = if root.len() == 1 { ("container", "runs") } else { ("containers", "run") };
    let title = format!("the {noun} {} of {who} {verb} as root", listed(root));
    let fix = "set `user` to a number that isn't 0, as `10001:10001`, and give that user what the \
               server writes";
    RULE.info.finding(Severity::Low, [definition.clone()], title, fix)
}

/// The services that run a task definition, in words; the definition itself, if none does.
pub(super) fn services_of(model: &Model, definition: &Key) -> String {
    let runs = |key: &Option<Key>| key.as_ref() == Some(definition);
    let services = model.services.values();
    let users = services.filter(|service| service.task_definition.get().is_some_and(runs));
    let users: Vec<&Key> = users.map(|service| &service.key).collect();
    if users.is_empty() { definition.to_string() } else { listed(users) }
}
