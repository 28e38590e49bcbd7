//! `default-security-group-open`: a VPC's default group with rules, or in use.

use std::collections::BTreeSet;

use farmgate_aws::model::{Key, SecurityGroup};

use super::waf_missing::fronts::only_described;
use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "default-security-group-open",
        severity: Severity::Low,
        title: "a VPC's default security group admits traffic, or something carries it",
        why: "Whatever is made without naming a group gets this one, and as AWS makes it all its \
              members may talk to each other and to everywhere. What ends up in it does so because \
              somebody forgot, so it should admit nothing.",
        page: include_str!("../../../../docs/rules/default-security-group-open.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let defaults = facts
        .model()
        .security_groups
        .values()
        .filter(|group| group.is_default);
    defaults.filter_map(|group| finding(facts, group)).collect()
}

fn finding(facts: &Facts<'_>, group: &SecurityGroup) -> Option<Finding> {
    let vpc = group.vpc.get().and_then(Option::as_ref);
    let of = vpc.map_or_else(|| "its VPC".to_owned(), ToString::to_string);
    let carriers = carriers(facts, &group.key);
    let verb = if carriers.len() == 1 {
        "carries"
    } else {
        "carry"
    };
    let rules: Vec<String> = [("ingress", &group.ingress), ("egress", &group.egress)]
        .into_iter()
        .filter(|(_, list)| !list.rules.is_empty())
        .map(|(way, list)| counted(list.rules.len(), way))
        .collect();
    let (title, fix) = if !rules.is_empty() {
        let blocks = match only_described(facts.model(), &group.key) {
            true => format!("revoke all rules of {}", group.key),
            false => format!("remove the `ingress` and `egress` blocks of {}", group.key),
        };
        match carriers.is_empty() {
            true => (
                format!("the default group of {of} has {}", listed(rules)),
                blocks,
            ),
            false => (
                format!(
                    "the default group of {of} has {}, and {} {verb} it",
                    listed(rules),
                    listed(&carriers)
                ),
                format!(
                    "name a group of its own in {}, then {blocks}",
                    listed(&carriers)
                ),
            ),
        }
    } else if !group.managed && !carriers.is_empty() {
        // As AWS makes it: all its members to each other, and out to everywhere.
        (
            format!(
                "{} {verb} the default group of {of}, which no source manages",
                listed(&carriers)
            ),
            format!(
                "name a group of its own in {}, and add an `aws_default_security_group` for {of} \
                 without `ingress` and `egress` blocks",
                listed(&carriers)
            ),
        )
    } else {
        return None;
    };
    let mut origins: BTreeSet<Key> = carriers;
    if group.managed || origins.is_empty() {
        origins.insert(group.key.clone());
    }
    let mut finding = RULE.info.finding(Severity::Low, origins, title, fix);
    finding
        .assumes
        .extend(group.vpc.assumed().map(ToString::to_string));
    Some(finding)
}

fn counted(count: usize, way: &str) -> String {
    format!("{count} {way} rule{}", if count == 1 { "" } else { "s" })
}

/// What carries it for certain.
fn carriers(facts: &Facts<'_>, group: &Key) -> BTreeSet<Key> {
    let lowered = facts.proof.lowered;
    let Some(id) = lowered.groups.get(group) else {
        return BTreeSet::new();
    };
    let carry = lowered
        .net
        .interfaces
        .iter()
        .zip(&lowered.owners)
        .filter(|(interface, _)| {
            interface
                .groups
                .as_ref()
                .is_some_and(|groups| groups.surely(id))
        });
    carry.map(|(_, owner)| owner.clone()).collect()
}
