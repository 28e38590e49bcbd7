//! `privileged-container`: containers that may do what only the host should.

use std::collections::BTreeSet;

use farmgate_aws::model::{Container, Key, Model, TaskDefinition};

use super::root_user::services_of;
use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "privileged-container",
        severity: Severity::High,
        title: "a container may do what only the host should",
        why: "A privileged container, one with the host's processes or network, or one with a \
              capability like SYS_ADMIN is one command away from the host and from every other task \
              on it, with their roles and secrets. No MCP server needs that.",
        page: include_str!("../../../../docs/rules/privileged-container.md"),
    },
    run,
};

/// Capabilities with which a process gets out of its container, or into others. `SYS_PTRACE` isn't
/// one of them: it is the one that Fargate knows, where each task has a machine of its own.
const DANGEROUS: [&str; 11] = [
    "ALL",
    "BPF",
    "DAC_READ_SEARCH",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "NET_ADMIN",
    "PERFMON",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_RAWIO",
];

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let definitions = model.task_definitions.iter();
    definitions.filter_map(|(key, it)| finding(model, key, it)).collect()
}

fn finding(model: &Model, key: &Key, definition: &TaskDefinition) -> Option<Finding> {
    let mut found: Vec<String> = Vec::new();
    for container in definition.containers.get().into_iter().flatten() {
        found.extend(of(container));
    }
    let host = |mode: &Option<String>| mode.as_deref() == Some("host");
    if definition.pid_mode.get().is_some_and(host) {
        found.push("its tasks see the host's processes".to_owned());
    }
    if definition.network_mode.get().is_some_and(host) {
        found.push("its tasks use the host's network".to_owned());
    }
    if found.is_empty() {
        return None;
    }
    let who = services_of(model, key);
    let title = format!("{who} may do what only the host should: {}", listed(found));
    let fix = "leave `privileged`, `capabilities.add`, `pidMode` and host networking away; what needs \
               them belongs on a machine of its own";
    Some(RULE.info.finding(Severity::High, [key.clone()], title, fix))
}

fn of(container: &Container) -> Vec<String> {
    let name = &container.name;
    let mut found = Vec::new();
    if container.run.privileged {
        found.push(format!("`{name}` is privileged"));
    }
    let added = container.run.capabilities.iter();
    let added = added.map(|it| it.strip_prefix("CAP_").unwrap_or(it));
    let dangerous: BTreeSet<&str> = added.filter(|it| DANGEROUS.contains(it)).collect();
    if !dangerous.is_empty() {
        found.push(format!("`{name}` has {}", listed(dangerous)));
    }
    found
}
