//! `quota-exceeded`: more of something than AWS takes without being asked.
//!
//! Source: Amazon VPC User Guide, "Amazon VPC quotas"; Elastic Load Balancing User Guide, "Quotas for
//! your Application Load Balancers". An account may have higher ones, which no source shows.

use std::collections::BTreeSet;

use farmgate_aws::model::{Direction, Key, SecurityGroupRule, SetVal};

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "quota-exceeded",
        severity: Severity::Medium,
        title: "a default quota of AWS is exceeded",
        why: "The apply fails where the quota is reached, with some of the rules made and the rest \
              missing, unless the account's quota was raised before. AWS raises these on request, \
              which may take days.",
        page: include_str!("../../../../docs/rules/quota-exceeded.md"),
    },
    run,
};

/// Rules of a security group, one way, for IPv4 and for IPv6.
const RULES: usize = 60;
/// Groups of a network interface.
const GROUPS: usize = 5;
/// Rules of an application load balancer, without the default ones.
const LISTENER_RULES: usize = 100;

/// Bytes of a task definition, which no request raises (Amazon ECS Developer Guide, "Amazon ECS
/// service quotas": task definition size limit).
const DEFINITION: usize = 64 * 1024;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    rules(facts, &mut all);
    groups(facts, &mut all);
    listener_rules(facts, &mut all);
    definitions(facts, &mut all);
    all
}

fn rules(facts: &Facts<'_>, all: &mut Vec<Finding>) {
    for (key, group) in facts.model().security_groups.iter().filter(|(_, it)| it.managed) {
        for (direction, word) in [(Direction::Ingress, "ingress"), (Direction::Egress, "egress")] {
            let count = counted(&group.rules(direction).rules);
            if count > RULES {
                let title = format!("{key} has {count} {word} rules, and the quota is {RULES}");
                let fix = format!(
                    "have the quota L-0EA8095F (inbound or outbound rules per security group) \
                     raised to {count} or more before you apply; times the groups of an interface \
                     it can be 1000"
                );
                all.push(RULE.info.finding(Severity::Medium, [key.clone()], title, fix));
            }
        }
    }
}

/// How many rules AWS counts: one for each block, group or list, of IPv4 and IPv6 apart.
fn counted(rules: &[SecurityGroupRule]) -> usize {
    let (mut v4, mut v6, mut both) = (0, 0, 0);
    for rule in rules {
        for block in &rule.peers.cidrs.sure {
            match block {
                ipnet::IpNet::V4(_) => v4 += 1,
                ipnet::IpNet::V6(_) => v6 += 1,
            }
        }
        let lists = rule.peers.prefix_lists.sure.iter();
        both += rule.peers.groups.sure.len() + lists.map(weight).sum::<usize>();
    }
    both + usize::max(v4, v6)
}

/// As how many rules a prefix list counts (Amazon VPC User Guide, "AWS-managed prefix lists"). Of a
/// customer's, its most entries do, which no source need show.
fn weight(list: &Key) -> usize {
    match list.as_str() {
        "com.amazonaws.global.cloudfront.origin-facing" => 55,
        _ => 1,
    }
}

fn groups(facts: &Facts<'_>, all: &mut Vec<Finding>) {
    let model = facts.model();
    let services = model.services.iter().map(|(key, it)| (key, &it.security_groups));
    let balancers = model.load_balancers.iter();
    let balancers = balancers.filter_map(|(key, it)| Some((key, it.security_groups.as_ref()?)));
    let endpoints = model.endpoints.iter().map(|(key, it)| (key, &it.security_groups));
    let instances = model.instances.iter().map(|(key, it)| (key, &it.security_groups));
    let owners = services.chain(balancers).chain(endpoints).chain(instances);
    for (key, groups) in owners {
        let groups: &SetVal<Key> = groups;
        let count = groups.sure.len();
        if count > GROUPS {
            let title = format!("{key} carries {count} security groups, and the quota is {GROUPS}");
            let fix = format!(
                "have the quota L-2AFB9258 (security groups per network interface) raised to \
                 {count} or more before you apply, or join some of the groups"
            );
            all.push(RULE.info.finding(Severity::Medium, [key.clone()], title, fix));
        }
    }
}

fn listener_rules(facts: &Facts<'_>, all: &mut Vec<Finding>) {
    let model = facts.model();
    for key in model.load_balancers.keys() {
        let listeners = model.listeners.values();
        let own = listeners.filter(|listener| listener.load_balancer.get() == Some(key));
        let rules = own.flat_map(|listener| &listener.rules);
        let priorities: BTreeSet<(String, u32)> =
            rules.filter_map(|rule| Some((rule.origin.to_string(), rule.priority?))).collect();
        let count = priorities.len();
        if count > LISTENER_RULES {
            let title =
                format!("{key} has {count} listener rules, and the quota is {LISTENER_RULES}");
            let fix = format!(
                "have the quota `Rules per Application Load Balancer` raised to {count} or more \
                 before you apply"
            );
            all.push(RULE.info.finding(Severity::Medium, [key.clone()], title, fix));
        }
    }
}

/// Task definitions whose environment alone is larger than AWS takes.
fn definitions(facts: &Facts<'_>, all: &mut Vec<Finding>) {
    for (key, definition) in &facts.model().task_definitions {
        let containers = definition.containers.get().into_iter().flatten();
        let variables = containers.flat_map(|it| it.environment.iter().chain(&it.secrets));
        let size: usize = variables.map(|(name, value)| written(name) + written(value)).sum();
        if size > DEFINITION {
            let title = format!(
                "the environment of {key} has {} KiB, and AWS takes task definitions of at most \
                 {} KiB",
                size / 1024,
                DEFINITION / 1024
            );
            let fix = "this is not raised on request: let there be several, each with a part; of a \
                       gate, several farms with a part of the servers each";
            all.push(RULE.info.finding(Severity::High, [key.clone()], title, fix.to_owned()));
        }
    }
}

/// How many bytes a text has in JSON.
fn written(text: &str) -> usize {
    serde_json::to_string(text).map_or(0, |text| text.len())
}
