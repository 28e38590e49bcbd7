//! `session-affinity-missing`: several tasks behind a target group that sends a session anywhere.

use std::collections::BTreeSet;

use farmgate_aws::model::{EcsService, Key, TargetGroup};

use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "session-affinity-missing",
        severity: Severity::Medium,
        title: "several tasks serve MCP sessions, and nothing keeps a session on its task",
        why: "A streamable HTTP server that keeps its sessions in memory answers 404 or `invalid \
              session` when the next request lands on another task, so it breaks as soon as it \
              scales out. Stickiness of a load balancer is by cookie, which browsers keep and most \
              MCP clients do not send.",
        page: include_str!("../../../../docs/rules/session-affinity-missing.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    // A gate seals its sessions, and any of its tasks routes them to where they are.
    let gates = &facts.model().gates;
    let services = facts.model().services.iter().filter(|(key, _)| !gates.contains_key(*key));
    services.filter_map(|(key, service)| finding(facts, key, service)).collect()
}

/// How many tasks a service may run, and what says so.
fn most(facts: &Facts<'_>, key: &Key, service: &EcsService) -> (u64, Option<Key>, Vec<String>) {
    let desired = service.desired_count.known().copied().flatten().unwrap_or_default();
    let mut most = (desired, None, Vec::new());
    for target in facts.model().scaling_targets.values() {
        let Some(max) = target.max.known().filter(|_| target.service.get() == Some(key)) else {
            continue;
        };
        if *max > most.0 {
            let assumes = target.service.assumed().map(ToString::to_string);
            most = (*max, Some(target.key.clone()), assumes.into_iter().collect());
        }
    }
    most
}

fn finding(facts: &Facts<'_>, key: &Key, service: &EcsService) -> Option<Finding> {
    let (most, scaled_by, mut assumes) = most(facts, key, service);
    if most < 2 {
        return None;
    }
    let mut groups: BTreeSet<Key> = BTreeSet::new();
    let mut network = false;
    for block in &service.load_balancers {
        let group = block.target_group.get().and_then(|g| facts.model().target_groups.get(g));
        let Some(group) = group.filter(|group| group.sticky.get() == Some(&false)) else {
            continue;
        };
        let notes = [block.target_group.assumed(), group.sticky.assumed()];
        assumes.extend(notes.into_iter().flatten().map(ToString::to_string));
        network |= !speaks_http(group);
        groups.insert(group.key.clone());
    }
    if groups.is_empty() {
        return None;
    }
    let many = groups.len() > 1;
    let title = format!(
        "{key} runs up to {most} tasks, and {} {} not sticky: a session kept in one task's memory \
         is lost on the next",
        listed(&groups),
        if many { "are" } else { "is" }
    );
    let origins = groups.iter().cloned().chain([key.clone()]).chain(scaled_by);
    let mut finding =
        RULE.info.finding(Severity::Medium, origins, title, fix(key, &groups, network));
    finding.assumes = assumes;
    Some(finding)
}

fn speaks_http(group: &TargetGroup) -> bool {
    group.protocol.get().is_none_or(|protocol| matches!(protocol.as_str(), "HTTP" | "HTTPS"))
}

fn fix(key: &Key, groups: &BTreeSet<Key>, network: bool) -> String {
    let sticky = if network {
        "`stickiness { type = \"source_ip\" }` keeps all clients behind one address together"
    } else {
        "`stickiness { type = \"lb_cookie\" }` helps browsers alone"
    };
    format!(
        "make the sessions of {key} such that any task serves them (stateless, or kept in a shared \
         store), or put a gateway in front that routes by `Mcp-Session-Id`; until then run one task \
         (`desired_count = 1`, `max_capacity = 1`); on {} {sticky}",
        listed(groups)
    )
}
