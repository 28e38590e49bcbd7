//! `root-user`: containers that are told to run as root.
//!
//! Where a task definition names no user the image decides, which no source shows: that is worth a
//! word, and no more. A container that prepares a volume and ends may have to be root.

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
    let definitions = model.task_definitions.iter().flat_map(|(key, definition)| {
        let containers = definition.containers.get().into_iter().flatten();
        let known = containers.filter(|it| it.essential && it.knows("user"));
        let known: Vec<&Container> = known.collect();
        let names = |which: fn(&Container) -> bool| -> Vec<String> {
            let those = known.iter().filter(|it| which(it));
            those.map(|container| format!("`{}`", container.name)).collect()
        };
        let linux = definition.windows.get() == Some(&false);
        let nobody = if linux { names(|it| it.user.is_none()) } else { Vec::new() };
        let root = names(is_root);
        let root = (!root.is_empty()).then(|| finding(model, key, &root));
        root.into_iter().chain((!nobody.is_empty()).then(|| unnamed(model, key, &nobody)))
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
    RULE.info.finding(Severity::Low, [definition.clone()], title, FIX)
}

const FIX: &str = "set `user` to a number that isn't 0, as `10001:10001`, and give that user what the \
                   server writes";

/// The image decides: for root, unless its Dockerfile says otherwise.
fn unnamed(model: &Model, definition: &Key, nobody: &[String]) -> Finding {
    let who = services_of(model, definition);
    let noun = if nobody.len() == 1 { "container" } else { "containers" };
    let title = format!(
        "no user is named for the {noun} {} of {who}, so the image decides, and most run as root",
        listed(nobody)
    );
    RULE.info.finding(Severity::Info, [definition.clone()], title, FIX)
}

/// The services that run a task definition, in words; the definition itself, if none does.
pub(super) fn services_of(model: &Model, definition: &Key) -> String {
    let runs = |key: &Option<Key>| key.as_ref() == Some(definition);
    let services = model.services.values();
    let users = services.filter(|service| service.task_definition.get().is_some_and(runs));
    let users: Vec<&Key> = users.map(|service| &service.key).collect();
    if users.is_empty() { definition.to_string() } else { listed(users) }
}
