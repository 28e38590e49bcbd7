//! `egress-unrestricted`: groups of tasks, functions and instances that let everything out.
//!
//! Looks at what runs somebody's code only: a load balancer or a database opens no connection of
//! its own choice.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{
    Direction, Key, Model, Origin, SecurityGroup, SecurityGroupRule, SetVal,
};
use farmgate_net::addr::AddrSet;
use farmgate_net::packet::PacketSet;
use farmgate_net::service::{ServiceSet, TCP};
use ipnet::IpNet;

use super::egress_never_revoked::{network_of, never_revoked};
use super::listener_open_to_world::is_most_of_the_internet;
use super::{Facts, Rule, RuleInfo};
use crate::fix::{add_rule, cidr_rule, drop_rules};
use crate::prove::{Scope, listed};
use crate::report::{Finding, Fix, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "egress-unrestricted",
        severity: Severity::Low,
        title: "a task's groups let it connect to anything on the internet",
        why: "A server that is made to run somebody else's instructions can send what it reads to \
              any host and on any port, and fetch what it is told to. Egress that names what the \
              task needs leaves such a connection nowhere to go.",
        page: include_str!("../../../../docs/rules/egress-unrestricted.md"),
    },
    run,
};

/// A fix for more owners than this is not tried: it would prove the whole model again.
const TRIED_OWNERS: usize = 50;

/// A group that lets everything out.
struct Open<'m> {
    group: &'m SecurityGroup,
    services: ServiceSet,
    owners: BTreeSet<Key>,
}

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let mut carried = carried(model);
    let mut open: BTreeMap<&Key, Open<'_>> = BTreeMap::new();
    for (key, group) in &model.security_groups {
        if let Some(owners) = carried.remove(key)
            && let Some(services) = unrestricted(group)
            && !never_revoked(model, group)
        {
            open.insert(
                key,
                Open {
                    group,
                    services,
                    owners,
                },
            );
        }
    }
    if open.is_empty() {
        Vec::new()
    } else {
        vec![finding(facts, &open)]
    }
}

/// The groups that something which runs code carries for certain, and what that is.
fn carried(model: &Model) -> BTreeMap<Key, BTreeSet<Key>> {
    let services = model
        .services
        .iter()
        .map(|(key, s)| (key, &s.security_groups));
    let functions = model
        .functions
        .iter()
        .map(|(key, f)| (key, &f.security_groups));
    let instances = model
        .instances
        .iter()
        .map(|(key, i)| (key, &i.security_groups));
    let mut all: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    for (owner, groups) in services.chain(functions).chain(instances) {
        for group in &groups.sure {
            all.entry(group.clone()).or_default().insert(owner.clone());
        }
    }
    all
}

/// What a group lets out to most of the internet, if that is at least all TCP.
fn unrestricted(group: &SecurityGroup) -> Option<ServiceSet> {
    let rules = group.egress.rules.iter();
    let out = rules.filter_map(|rule| Some((rule.services.get()?, addresses(rule))));
    let out = out.fold(PacketSet::empty(), |all, (services, to)| {
        all.union(&PacketSet::product(services, &to))
    });
    [ServiceSet::all(), ServiceSet::protocol(TCP)]
        .into_iter()
        .find(|services| is_most_of_the_internet(&out.peers_for_all(services)))
}

fn addresses(rule: &SecurityGroupRule) -> AddrSet {
    rule.peers.cidrs.sure.iter().copied().collect()
}

fn finding(facts: &Facts<'_>, open: &BTreeMap<&Key, Open<'_>>) -> Finding {
    let owners: BTreeSet<&Key> = open.values().flat_map(|o| &o.owners).collect();
    let who = match owners.len() {
        1..=3 => listed(&owners),
        many => format!("{many} services"),
    };
    let services: BTreeSet<&ServiceSet> = open.values().map(|o| &o.services).collect();
    let what = match services.first() {
        Some(first) if services.len() == 1 => first.to_string(),
        _ => "everything".to_owned(),
    };
    let title = format!("{who} may open {what} to the whole internet");
    let origins = open.keys().map(|key| (*key).clone());
    let mut finding = RULE
        .info
        .finding(Severity::Low, origins, title, fix(facts, open));
    let rules = open.values().flat_map(|o| &o.group.egress.rules);
    let mut notes: BTreeSet<String> = rules
        .flat_map(|rule| {
            rule.services
                .assumed()
                .into_iter()
                .chain(&rule.peers.cidrs.assumed)
        })
        .map(ToString::to_string)
        .collect();
    let model = facts.model();
    notes.extend(
        owners
            .iter()
            .filter_map(|o| groups_of(model, o)?.assumed.as_deref())
            .map(str::to_owned),
    );
    finding.assumes = notes.into_iter().collect();
    finding
}

fn groups_of<'m>(model: &'m Model, owner: &Key) -> Option<&'m SetVal<Key>> {
    let service = model.services.get(owner).map(|s| &s.security_groups);
    let function = || model.functions.get(owner).map(|f| &f.security_groups);
    let instance = || model.instances.get(owner).map(|i| &i.security_groups);
    service.or_else(function).or_else(instance)
}

fn fix(facts: &Facts<'_>, open: &BTreeMap<&Key, Open<'_>>) -> Fix {
    let change = "let out tcp 443 to anywhere and all to the VPC's CIDRs only";
    let tried = trial(facts, open, change);
    let text = match tried.as_ref().map(|trial| trial.works) {
        Some(false) => {
            "replace the egress rules by tcp 443 to `0.0.0.0/0`, the VPC's CIDRs, and a rule for \
             what the trial shows to be cut off"
        }
        Some(true) | None => {
            "replace the egress rules by tcp 443 to `0.0.0.0/0` and the VPC's CIDRs; with endpoints \
             for the AWS services in use, by those alone"
        }
    };
    Fix {
        text: text.to_owned(),
        tried: tried.into_iter().collect(),
    }
}

fn trial(facts: &Facts<'_>, open: &BTreeMap<&Key, Open<'_>>, change: &str) -> Option<Trial> {
    let owners: BTreeSet<Key> = open
        .values()
        .flat_map(|o| o.owners.iter().cloned())
        .collect();
    if owners.len() > TRIED_OWNERS {
        return None;
    }
    let plan: Vec<(&Key, Vec<Origin>, Vec<IpNet>)> = open
        .iter()
        .map(|(key, open)| {
            let wide = open
                .group
                .egress
                .rules
                .iter()
                .filter(|rule| !addresses(rule).is_empty());
            let wide = wide.map(|rule| rule.origin.clone()).collect();
            (*key, wide, network_of(facts, key, &open.owners))
        })
        .collect();
    Some(facts.attempt(change, &Scope::of(owners), &[], |model| {
        for (key, wide, inside) in &plan {
            drop_rules(model, key, Direction::Egress, wide);
            let anywhere = cidr_rule(key, ServiceSet::tcp(443), AddrSet::v4().prefixes());
            add_rule(model, key, Direction::Egress, anywhere);
            let inside = cidr_rule(key, ServiceSet::all(), inside.iter().copied());
            add_rule(model, key, Direction::Egress, inside);
        }
    }))
}
