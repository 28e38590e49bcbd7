//! `hard-coded-prefix-list`: AWS's prefix lists written by their ids, and CloudFront's addresses written
//! one by one.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model, SecurityGroup};
use farmgate_net::addr::AddrSet;

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "hard-coded-prefix-list",
        severity: Severity::Low,
        title: "an address list of AWS is written by id, or address by address",
        why: "AWS's prefix lists have another id in every region, so the same code fails in the next \
              one. Addresses that are copied out of a list go stale: AWS adds some every few weeks, and \
              gives others away.",
        page: include_str!("../../../../docs/rules/hard-coded-prefix-list.md"),
    },
    run,
};

/// Address blocks of CloudFront that have been its for years (service `CLOUDFRONT` in AWS's
/// `ip-ranges.json`, 2026-11). It has many more: these show that a list was copied.
const CLOUDFRONT: [&str; 18] = [
    "13.32.0.0/15",
    "13.35.0.0/16",
    "52.84.0.0/15",
    "52.222.128.0/17",
    "54.182.0.0/16",
    "54.192.0.0/16",
    "54.230.0.0/16",
    "54.239.128.0/18",
    "54.239.192.0/19",
    "64.252.64.0/18",
    "70.132.0.0/18",
    "99.84.0.0/16",
    "130.176.0.0/16",
    "143.204.0.0/16",
    "204.246.164.0/22",
    "204.246.168.0/22",
    "205.251.192.0/19",
    "216.137.32.0/19",
];

/// So many of them are no coincidence.
const COPIED: usize = 3;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let mut all = by_id(model);
    let theirs: AddrSet =
        CLOUDFRONT.iter().filter_map(|block| block.parse::<ipnet::IpNet>().ok()).collect();
    all.extend(model.security_groups.values().filter_map(|group| copied(group, &theirs)));
    all
}

/// One finding for each id.
fn by_id(model: &Model) -> Vec<Finding> {
    let mut places: BTreeMap<&str, BTreeSet<&Key>> = BTreeMap::new();
    for list in &model.literal_lists {
        places.entry(&list.id).or_default().insert(&list.origin.key);
    }
    let finding = |(id, keys): (&str, BTreeSet<&Key>)| {
        let of = match model.region.as_deref() {
            Some(region) => format!("in {region}"),
            None => "in one region".to_owned(),
        };
        let title = format!("`{id}` is written by its id: it is a list of AWS's {of} only");
        let fix = "look it up by its name: `data \"aws_ec2_managed_prefix_list\"` with `name = \
                   \"com.amazonaws.global.cloudfront.origin-facing\"`, the endpoint's `prefix_list_id`, or \
                   a mapping by region";
        RULE.info.finding(Severity::Low, keys.into_iter().cloned(), title, fix)
    };
    places.into_iter().map(finding).collect()
}

/// A group that admits CloudFront block by block.
fn copied(group: &SecurityGroup, theirs: &AddrSet) -> Option<Finding> {
    let mut blocks: BTreeSet<ipnet::IpNet> = BTreeSet::new();
    for rule in &group.ingress.rules {
        let own = rule.peers.cidrs.sure.iter().filter(|net| {
            let alone: AddrSet = std::iter::once(**net).collect();
            alone.is_subset(theirs)
        });
        blocks.extend(own.copied());
    }
    if blocks.len() < COPIED {
        return None;
    }
    let title = format!("{} admits CloudFront by {} address blocks", group.key, blocks.len());
    let fix = "admit the prefix list `com.amazonaws.global.cloudfront.origin-facing` in their place (it \
               counts as 55 rules), or use a VPC origin";
    Some(RULE.info.finding(Severity::Low, [group.key.clone()], title, fix))
}
