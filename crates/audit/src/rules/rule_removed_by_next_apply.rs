//! `rule-removed-by-next-apply`: the plan at hand removes a rule that a resource still declares.

use std::collections::BTreeMap;

use farmgate_aws::model::{Key, RemovedRule};

use super::{Facts, Rule, RuleInfo};
use crate::prove::{Scope, listed};
use crate::report::{Finding, Fix, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "rule-removed-by-next-apply",
        severity: Severity::High,
        title: "this plan removes a security group rule that another resource declares",
        why: "The group's inline blocks do not have the rule, so this apply takes it away although \
              its own resource still declares it, and reports success. Whatever was admitted by it \
              alone stops working until somebody applies again.",
        page: include_str!("../../../../docs/rules/rule-removed-by-next-apply.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let mut groups: BTreeMap<&Key, Vec<&RemovedRule>> = BTreeMap::new();
    for removed in &facts.model().removed_rules {
        groups.entry(&removed.group).or_default().push(removed);
    }
    groups.into_iter().map(|(group, removed)| finding(facts, group, &removed)).collect()
}

fn finding(facts: &Facts<'_>, group: &Key, removed: &[&RemovedRule]) -> Finding {
    let resources: Vec<&Key> = removed.iter().map(|r| &r.declared_by).collect();
    let mut services: Vec<String> = removed
        .iter()
        .filter_map(|r| r.rule.services.get())
        .map(ToString::to_string)
        .collect();
    services.dedup();
    let title = format!(
        "this apply removes {} ({}) from {group}, which its inline rules do not have",
        listed(&resources),
        listed(services)
    );
    let text = format!(
        "do not apply; write every rule of {group} as a resource of its own and no `ingress` or \
         `egress` block"
    );
    let change = format!("keep {}", listed(&resources));
    let kept: Vec<RemovedRule> = removed.iter().map(|r| (*r).clone()).collect();
    let trial: Trial = facts.attempt(&change, &Scope::of([group.clone()]), &[], |model| {
        for rule in kept {
            crate::fix::add_rule(model, group, rule.direction, rule.rule);
        }
    });
    let origins = resources.into_iter().cloned().chain([group.clone()]);
    RULE.info.finding(Severity::High, origins, title, Fix { text, tried: vec![trial] })
}
