//! `egress-to-internet`: what may open connections to any address of the internet, on some ports.
//!
//! On all ports it is `egress-unrestricted`'s to tell. Only those are named that a route leads there.

use std::collections::BTreeSet;

use farmgate_aws::model::{Direction, Key, Model, SetVal};
use farmgate_aws::network::Lowered;
use farmgate_net::addr::AddrSet;
use farmgate_net::packet::PacketSet;
use farmgate_net::reach::{Place, Question, Verdict as Reached};
use farmgate_net::service::{ServiceSet, TCP};

use super::listener_open_to_world::is_most_of_the_internet;
use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "egress-to-internet",
        severity: Severity::Info,
        title: "a task may open connections to any address of the internet",
        why: "Whoever makes the server do what they like can send what it reads to a host of their \
              own, and on port 443 nothing tells that from what is meant. Addresses that are known, \
              endpoints for AWS, or a proxy that checks names leave less of it.",
        page: include_str!("../../../../docs/rules/egress-to-internet.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let services = model.services.iter().map(|(key, it)| (key, &it.security_groups));
    let functions = model.functions.iter().map(|(key, it)| (key, &it.security_groups));
    let instances = model.instances.iter().map(|(key, it)| (key, &it.security_groups));
    let owners = services.chain(functions).chain(instances);
    owners.filter_map(|(key, groups)| finding(facts, key, groups)).collect()
}

fn finding(facts: &Facts<'_>, owner: &Key, groups: &SetVal<Key>) -> Option<Finding> {
    let ports = open_to_most(facts.model(), groups)?;
    let by = ways(facts, owner, &ports);
    if by.is_empty() {
        return None;
    }
    let title = format!("{owner} may open {ports} to any address of the internet");
    let fix = "name the addresses that it needs, or take the way away; if any address is meant, \
               accept this with the reason";
    let mut finding = RULE.info.finding(Severity::Info, [owner.clone()], title, fix);
    finding.assumes.extend(groups.assumed.iter().map(ToString::to_string));
    Some(finding)
}

/// The ports that groups let out to most of the internet, unless these are all.
fn open_to_most(model: &Model, groups: &SetVal<Key>) -> Option<ServiceSet> {
    let mut out = PacketSet::empty();
    let mut ports = ServiceSet::empty();
    for group in groups.sure.iter().filter_map(|key| model.security_groups.get(key)) {
        for rule in &group.rules(Direction::Egress).rules {
            let to: AddrSet = rule.peers.cidrs.sure.iter().copied().collect();
            let Some(services) = rule.services.get().filter(|_| !to.is_empty()) else { continue };
            ports = ports.union(services);
            out = out.union(&PacketSet::product(services, &to));
        }
    }
    let open = |services: &ServiceSet| is_most_of_the_internet(&out.peers_for_all(services));
    let told = [ServiceSet::all(), ServiceSet::protocol(TCP)];
    if ports.is_empty() || told.iter().any(open) {
        return None;
    }
    if open(&ports) {
        return Some(ports);
    }
    // Some of the rules are narrow: port by port, as the rules say.
    let rules = groups.sure.iter().filter_map(|key| model.security_groups.get(key));
    let rules = rules.flat_map(|group| &group.rules(Direction::Egress).rules);
    let each = rules.filter_map(|rule| rule.services.get()).filter(|services| open(services));
    let ports = each.fold(ServiceSet::empty(), |all, services| all.union(services));
    (!ports.is_empty()).then_some(ports)
}

/// What leads there. Whether an address is in the prefix list of a gateway endpoint nobody knows but
/// AWS, so of a single one it may not be certain; of all of them together it is.
pub(super) fn ways(facts: &Facts<'_>, owner: &Key, ports: &ServiceSet) -> BTreeSet<String> {
    let proof = facts.proof;
    let mut ways = BTreeSet::new();
    for interface in proof.lowered.interfaces_of(owner) {
        let internet = Place::Anywhere(Lowered::internet());
        let question = Question::new(Place::Interface(*interface), internet, ports.clone());
        for way in proof.ask(&question.direct().quietly()).alternatives {
            let name = way.title.strip_prefix("by ").unwrap_or(&way.title);
            if way.verdict != Reached::No && leads_out(facts.model(), name) {
                ways.insert(name.to_owned());
            }
        }
    }
    ways
}

/// Whether it is a gateway to the internet (by the words of `reach::outbound`), and neither an
/// endpoint nor something not followed.
fn leads_out(model: &Model, name: &str) -> bool {
    model.nat_gateways.contains_key(name)
        || matches!(name, "the internet gateway" | "the egress-only gateway")
}
