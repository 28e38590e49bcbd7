//! `rule-redundant`: rules of a security group that its other rules cover as a whole.
//!
//! Rules that are too wide are not this rule's business, and neither is a pair of which the wider
//! one has a finding of its own: there the narrow rule is the one that is meant.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Direction, Key, Note, Origin, SecurityGroup, SecurityGroupRule};
use farmgate_net::addr::AddrSet;
use farmgate_net::rule::{Rule as NetRule, redundant};
use farmgate_net::service::{ICMP, ICMPV6, ServiceSet};
use farmgate_net::topology::{GroupId, ListId, Network, SiteId};
use farmgate_net::uncertain::Uncertain;

use super::egress_never_revoked::never_revoked;
use super::listener_open_to_world::is_most_of_the_internet;
use super::{Facts, Rule, RuleInfo, refuted};
use crate::prove::{Scope, listed};
use crate::report::{Finding, Fix, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "rule-redundant",
        severity: Severity::Low,
        title: "a security group rule is covered by other rules of its group",
        why: "The rules of a group are a union, so this one admits nothing that the others do not. \
              Whoever reads it takes the group to be narrower than it is, and whoever removes it to \
              close a way closes nothing.",
        page: include_str!("../../../../docs/rules/rule-redundant.md"),
    },
    run,
};

/// How many groups at most get a trial: each proves a copy of the whole model.
const MOST_TRIALS: usize = 4;
/// How many rules a title names.
const MOST_NAMED: usize = 2;

/// A rule that adds nothing.
pub(super) struct Covered<'m> {
    pub(super) rule: &'m SecurityGroupRule,
    direction: Direction,
    pub(super) by: Vec<&'m SecurityGroupRule>,
}

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    for (key, group) in &facts.model().security_groups {
        let covered: Vec<Covered<'_>> = [Direction::Ingress, Direction::Egress]
            .into_iter()
            .flat_map(|direction| covered(facts, group, direction))
            .filter(|covered| !is_told_elsewhere(facts, group, covered))
            .collect();
        if !covered.is_empty() {
            all.push(finding(facts, key, &covered, all.len() < MOST_TRIALS));
        }
    }
    all
}

/// Whether these services are exactly what the rule says: a rule for one type of ICMP is read as
/// one for ICMP as a whole.
pub(super) fn is_exact(services: &ServiceSet) -> bool {
    let icmp = ServiceSet::protocol(ICMP).union(&ServiceSet::protocol(ICMPV6));
    *services == ServiceSet::all() || !services.overlaps(&icmp)
}

/// The rules of one direction that the others cover, exactly.
pub(super) fn covered<'m>(
    facts: &Facts<'m>,
    group: &'m SecurityGroup,
    direction: Direction,
) -> Vec<Covered<'m>> {
    let lowered = facts.proof.lowered;
    let net = lowered
        .groups
        .get(&group.key)
        .and_then(|id| lowered.net.groups.get(id.index()));
    let Some(net) = net else { return Vec::new() };
    let bound = |group: GroupId| bound(facts, group);
    let list = |list: ListId| match lowered.net.lists.get(list.index()).map(|l| &l.addresses) {
        Some(Uncertain::Known(addresses)) => Some(addresses.clone()),
        _ => None,
    };
    let rules = exact(net.rules(direction));
    let found = redundant(&rules, &bound, &list);
    if found.is_empty() {
        return Vec::new();
    }
    // Origins in words are what the network's rules are named by.
    let written: BTreeMap<String, &SecurityGroupRule> = group
        .rules(direction)
        .rules
        .iter()
        .map(|rule| (rule.origin.to_string(), rule))
        .collect();
    let rule_at = |position: usize| {
        let name = rules.get(position)?.name.as_str();
        written.get(name).copied().map(|rule| (name, rule))
    };
    let may_admit_more = |name: &str| {
        net.rules(direction)
            .iter()
            .any(|rule| rule.maybe.is_some() && rule.name == name)
    };
    found
        .into_iter()
        .filter_map(|found| {
            let (name, rule) = rule_at(found.rule)?;
            let mut by: Vec<&SecurityGroupRule> = found
                .covered_by
                .iter()
                .filter_map(|at| Some(rule_at(*at)?.1))
                .collect();
            by.dedup_by_key(|rule| &rule.origin);
            // Of a rule that may admit more only a part is covered; one without peers is not at all.
            let whole = !by.is_empty() && !may_admit_more(name);
            whole.then_some(Covered {
                rule,
                direction,
                by,
            })
        })
        .collect()
}

/// The rules that admit exactly what they say.
fn exact(rules: &[NetRule]) -> Cow<'_, [NetRule]> {
    if rules.iter().all(|rule| is_exact(&rule.services)) {
        return Cow::Borrowed(rules);
    }
    let exact = rules.iter().filter(|rule| is_exact(&rule.services));
    Cow::Owned(exact.cloned().collect())
}

/// Where a group's members are: in the subnets of its carriers if these are all known, somewhere in
/// its VPC otherwise.
fn bound(facts: &Facts<'_>, group: GroupId) -> Option<AddrSet> {
    let lowered = facts.proof.lowered;
    let net = &lowered.net;
    let name = net.groups.get(group.index())?.name.as_str();
    let vpc = facts
        .model()
        .security_groups
        .get(name)?
        .vpc
        .get()?
        .as_ref()?;
    let vpc = facts.model().vpcs.get(vpc)?;
    let site = *lowered.sites.get(&vpc.key)?;
    if vpc.open.is_none() && groups_are_known(net, site) {
        let carriers = facts.proof.engine.carriers(group).iter();
        let interfaces = carriers.filter_map(|id| net.interfaces.get(id.index()));
        let subnets = interfaces.filter_map(|i| net.subnets.get(i.subnet.index()));
        return Some(subnets.fold(AddrSet::empty(), |all, subnet| all.union(&subnet.addresses)));
    }
    let known = vpc.cidrs.is_settled() && vpc.cidrs.unknown.is_none();
    known.then(|| vpc.cidrs.sure.iter().copied().collect())
}

/// Whether it is known of every interface that may be in a site which groups it carries.
fn groups_are_known(net: &Network, site: SiteId) -> bool {
    net.interfaces.iter().all(|interface| {
        let subnet = net.subnets.get(interface.subnet.index());
        subnet.is_some_and(|subnet| subnet.site != site)
            || interface.groups.as_ref().is_none_or(|groups| !groups.open)
    })
}

/// Whether another rule says it already: `egress-never-revoked` of narrow rules beside an allow-all,
/// `egress-to-internet` of rules that name groups or lists beside one for any address,
/// `target-open-to-network` of a rule for the load balancer beside one for the whole network.
fn is_told_elsewhere(facts: &Facts<'_>, group: &SecurityGroup, covered: &Covered<'_>) -> bool {
    match covered.direction {
        Direction::Egress => {
            let anywhere = |rule: &&SecurityGroupRule| {
                let to: AddrSet = rule.peers.cidrs.sure.iter().copied().collect();
                is_most_of_the_internet(&to)
            };
            let names = covered.rule.peers.cidrs.sure.is_empty();
            never_revoked(facts.model(), group) || names && covered.by.iter().all(anywhere)
        }
        Direction::Ingress => {
            let own: AddrSet = match group.vpc.get() {
                Some(Some(vpc)) => {
                    let vpc = facts.model().vpcs.get(vpc);
                    vpc.into_iter()
                        .flat_map(|vpc| vpc.cidrs.mentioned().copied())
                        .collect()
                }
                _ => AddrSet::all(),
            };
            let opens = covered.by.iter().any(|rule| {
                let cidrs: AddrSet = rule.peers.cidrs.sure.iter().copied().collect();
                cidrs.overlaps(&own)
            });
            opens
                && owners(facts, &group.key)
                    .iter()
                    .any(|owner| refuted(facts.statement("closed-to-network", owner)))
        }
    }
}

fn owners(facts: &Facts<'_>, group: &Key) -> BTreeSet<Key> {
    let lowered = facts.proof.lowered;
    let Some(id) = lowered.groups.get(group) else {
        return BTreeSet::new();
    };
    let carriers = facts.proof.engine.carriers(*id).iter();
    carriers
        .filter_map(|interface| lowered.owner(*interface))
        .cloned()
        .collect()
}

fn finding(facts: &Facts<'_>, group: &Key, covered: &[Covered<'_>], try_it: bool) -> Finding {
    let named: Vec<String> = covered.iter().take(MOST_NAMED).map(words).collect();
    let more = match covered.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let title = format!("{}{more}", named.join("; "));
    let rules: BTreeSet<&Origin> = covered.iter().map(|covered| &covered.rule.origin).collect();
    let by: BTreeSet<&Origin> = covered
        .iter()
        .flat_map(|covered| &covered.by)
        .map(|rule| &rule.origin)
        .collect();
    let text = format!(
        "remove {}, which changes nothing; if the narrower one is what is meant, narrow {} instead",
        listed(&rules),
        listed(&by)
    );
    let mut tried = Vec::new();
    if try_it {
        let change = format!("drop {}", listed(&rules));
        let scope = Scope::of(owners(facts, group));
        tried.push(facts.attempt(&change, &scope, &[], |model| {
            for one in covered {
                let origin = std::slice::from_ref(&one.rule.origin);
                crate::fix::drop_rules(model, group, one.direction, origin);
            }
        }));
    }
    let origins = rules
        .iter()
        .map(|origin| origin.key.clone())
        .chain([group.clone()]);
    let mut finding = RULE
        .info
        .finding(Severity::Low, origins, title, Fix { text, tried });
    let notes: BTreeSet<&Note> = covered.iter().flat_map(|one| assumed(facts, one)).collect();
    finding
        .assumes
        .extend(notes.into_iter().map(ToString::to_string));
    finding
}

fn words(covered: &Covered<'_>) -> String {
    let services = covered
        .rule
        .services
        .get()
        .map(ToString::to_string)
        .unwrap_or_default();
    let by: BTreeSet<&Origin> = covered.by.iter().map(|rule| &rule.origin).collect();
    format!(
        "{} ({services}) adds nothing to {}",
        covered.rule.origin,
        listed(by)
    )
}

/// What was assumed of the rules and of where their peers are.
fn assumed<'m>(facts: &Facts<'m>, covered: &Covered<'m>) -> Vec<&'m Note> {
    let rules = covered.by.iter().chain([&covered.rule]);
    let mut all: Vec<&Note> = rules
        .flat_map(|rule| {
            let peers = &rule.peers;
            [
                &peers.cidrs.assumed,
                &peers.groups.assumed,
                &peers.prefix_lists.assumed,
            ]
            .into_iter()
            .flatten()
            .chain(rule.services.assumed())
        })
        .collect();
    let groups = covered.rule.peers.groups.sure.iter();
    let vpcs = groups.filter_map(|key| facts.model().security_groups.get(key));
    all.extend(vpcs.filter_map(|group| group.vpc.assumed()));
    all
}
