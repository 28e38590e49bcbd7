//! `security-group-rules-in-two-places`: inline rules and separate rule resources fight.

use std::collections::BTreeSet;

use farmgate_aws::model::{Direction, Key, Origin, SecurityGroup};

use super::{Facts, Rule, RuleInfo};
use crate::prove::{Scope, listed};
use crate::report::{Finding, Fix, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "security-group-rules-in-two-places",
        severity: Severity::High,
        title: "a group's rules are written inline and as separate resources",
        why: "Terraform takes the inline blocks for the whole list: every second apply removes the \
              rules of the separate resources, and the one after that makes them anew. Between \
              the two the group admits less than what is written.",
        page: include_str!("../../../../docs/rules/security-group-rules-in-two-places.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let mut all = Vec::new();
    for (key, group) in &model.security_groups {
        // If the plan at hand removes a rule, `rule-removed-by-next-apply` says so.
        if model.removed_rules.iter().any(|removed| removed.group == *key) {
            continue;
        }
        let separate: Vec<(Direction, Origin)> = [Direction::Ingress, Direction::Egress]
            .into_iter()
            .flat_map(|direction| separate(group, direction))
            .collect();
        if !separate.is_empty() {
            all.push(finding(facts, key, &separate));
        }
    }
    all
}

/// Rules of separate resources beside inline ones of the same direction.
fn separate(group: &SecurityGroup, direction: Direction) -> Vec<(Direction, Origin)> {
    let list = group.rules(direction);
    if !list.inline {
        return Vec::new();
    }
    let others = list.rules.iter().filter(|rule| rule.origin.key != group.key);
    others.map(|rule| (direction, rule.origin.clone())).collect()
}

fn finding(facts: &Facts<'_>, group: &Key, separate: &[(Direction, Origin)]) -> Finding {
    let resources: BTreeSet<&Key> = separate.iter().map(|(_, origin)| &origin.key).collect();
    let mut owners: BTreeSet<Key> = BTreeSet::new();
    if let Some(id) = facts.proof.lowered.groups.get(group) {
        let carriers = facts.proof.engine.carriers(*id).iter();
        owners.extend(carriers.filter_map(|i| facts.proof.lowered.owner(*i)).cloned());
    }
    let change = format!("the next apply removes {}", listed(&resources));
    let trial = facts.attempt(&change, &Scope::of(owners), &[], |model| {
        for (direction, origin) in separate {
            crate::fix::drop_rules(model, group, *direction, std::slice::from_ref(origin));
        }
    });
    // What the next apply does to the service decides how bad it is.
    let severity = if trial.works { Severity::Medium } else { Severity::High };
    let title = format!(
        "{group} has inline rules, and the next apply removes {} again{}",
        listed(&resources),
        if trial.works { ", which cuts nothing off" } else { ", which cuts the service off" }
    );
    let text = format!(
        "write every rule of {group} as a resource of its own (aws_vpc_security_group_ingress_rule, \
         aws_vpc_security_group_egress_rule) and no `ingress` or `egress` block"
    );
    let origins = resources.into_iter().cloned().chain([group.clone()]);
    RULE.info.finding(severity, origins, title, Fix { text, tried: Vec::new() })
}
