//! `default-security-group-open`: a VPC's default group with rules, or in use.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, SecurityGroup};

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
    let defaults = facts.model().security_groups.values().filter(|group| group.is_default);
    defaults.filter_map(|group| finding(facts, group)).collect()
}

fn finding(facts: &Facts<'_>, group: &SecurityGroup) -> Option<Finding> {
    let vpc = group.vpc.get().and_then(Option::as_ref);
    let of = vpc.map_or_else(|| "its VPC".to_owned(), ToString::to_string);
    let carriers = carriers(facts, &group.key);
    let rules: BTreeMap<&str, usize> =
        [("ingress", group.ingress.rules.len()), ("egress", group.egress.rules.len())]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect();
    // Nobody knows of an unmanaged one more than that it is there: AWS makes it with every VPC.
    let shown_open = !rules.is_empty();
    let left_open = !group.managed && !carriers.is_empty();
    if !shown_open && !left_open {
        return None;
    }
    let carried = match carriers.is_empty() {
        true => String::new(),
        false => format!("; {} carr{} it", listed(&carriers), if carriers.len() == 1 { "ies" } else { "y" }),
    };
    let (title, fix) = if shown_open {
        let counted = rules.iter().map(|(way, count)| {
            format!("{count} {way} rule{}", if *count == 1 { "" } else { "s" })
        });
        (
            format!("the default group of {of} has {}{carried}", listed(counted)),
            format!(
                "remove the `ingress` and `egress` blocks of {}{}",
                group.key,
                moved(&carriers)
            ),
        )
    } else {
        (
            format!("{} named no security group and got{} the default group of {of}, which no source manages", listed(&carriers), ""),
            format!(
                "name a group of its own in {}, and add an `aws_default_security_group` for {of} \
                 with no `ingress` and no `egress` block",
                listed(&carriers)
            ),
        )
    };
    let mut origins: BTreeSet<Key> = carriers;
    if group.managed || origins.is_empty() {
        origins.insert(group.key.clone());
    }
    let mut finding = RULE.info.finding(Severity::Low, origins, title, fix);
    finding.assumes.extend(group.vpc.assumed().map(ToString::to_string));
    Some(finding)
}

fn moved(carriers: &BTreeSet<Key>) -> String {
    if carriers.is_empty() {
        return String::new();
    }
    format!(", once {} {} a group of its own", listed(carriers), if carriers.len() == 1 { "has" } else { "have" })
}

/// What carries it for certain.
fn carriers(facts: &Facts<'_>, group: &Key) -> BTreeSet<Key> {
    let lowered = facts.proof.lowered;
    let Some(id) = lowered.groups.get(group) else { return BTreeSet::new() };
    let carry = lowered.net.interfaces.iter().zip(&lowered.owners).filter(|(interface, _)| {
        interface.groups.as_ref().is_some_and(|groups| groups.surely(id))
    });
    carry.map(|(_, owner)| owner.clone()).collect()
}
