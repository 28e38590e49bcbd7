//! `egress-never-revoked`: a group that still has the egress rule for everything with which AWS
//! makes every group, beside narrower rules that were meant to be all there is.
//!
//! Groups with that rule alone are `egress-unrestricted`'s.

use std::collections::BTreeSet;

use farmgate_aws::model::{Direction, Key, Model, Origin, SecurityGroup, SecurityGroupRule};
use farmgate_net::addr::AddrSet;
use farmgate_net::service::ServiceSet;
use ipnet::IpNet;

use super::{Facts, Rule, RuleInfo};
use crate::fix::{add_rule, cidr_rule, drop_rules};
use crate::prove::{Scope, listed};
use crate::report::{Finding, Fix, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "egress-never-revoked",
        severity: Severity::Medium,
        title: "narrow egress rules beside one that allows everything",
        why: "A group's rules are a union, so beside a rule that allows everything out the narrower \
              ones change nothing: the table of allowed destinations is false. AWS puts that rule \
              into every new group, and adding others does not take it away.",
        page: include_str!("../../../../docs/rules/egress-never-revoked.md"),
    },
    run,
};

/// How many changes are tried at most.
const TRIALS: usize = 8;
/// How many of these one group may need.
const TRIALS_OF_ONE: usize = 3;

/// A group's egress around the rules that allow everything.
struct Left<'g> {
    /// These allow everything.
    everything: Vec<&'g SecurityGroupRule>,
    /// Where to.
    addresses: AddrSet,
    /// These mean nothing beside them.
    idle: Vec<&'g SecurityGroupRule>,
}

/// Whether this rule fires for a group; then `egress-unrestricted` and `rule-redundant` leave its
/// egress to it.
pub(super) fn never_revoked(model: &Model, group: &SecurityGroup) -> bool {
    left(model, group).is_some()
}

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let mut budget = TRIALS;
    let groups = facts.model().security_groups.iter();
    groups
        .filter_map(|(key, group)| {
            Some(finding(facts, key, &left(facts.model(), group)?, &mut budget))
        })
        .collect()
}

fn left<'g>(model: &Model, group: &'g SecurityGroup) -> Option<Left<'g>> {
    let (everything, others): (Vec<_>, Vec<_>) =
        group.egress.rules.iter().partition(|rule| allows_everything(rule));
    let addresses: AddrSet = everything.iter().flat_map(|r| &r.peers.cidrs.sure).copied().collect();
    if !AddrSet::v4().is_subset(&addresses) {
        return None;
    }
    let members_covered = AddrSet::v6().is_subset(&addresses) || !has_ipv6(model, group);
    let idle: Vec<&SecurityGroupRule> =
        others.into_iter().filter(|rule| is_idle(rule, &addresses, members_covered)).collect();
    (!idle.is_empty()).then_some(Left { everything, addresses, idle })
}

/// All protocols to all addresses of a family.
fn allows_everything(rule: &SecurityGroupRule) -> bool {
    let to: AddrSet = rule.peers.cidrs.sure.iter().copied().collect();
    rule.services.get() == Some(&ServiceSet::all())
        && (AddrSet::v4().is_subset(&to) || AddrSet::v6().is_subset(&to))
}

/// Whether all that a rule allows is allowed anyway. Members of groups and lists may have IPv6
/// addresses: whether those are covered too is `members_covered`.
fn is_idle(rule: &SecurityGroupRule, everything: &AddrSet, members_covered: bool) -> bool {
    let peers = &rule.peers;
    let unknown = peers.cidrs.open
        || !peers.cidrs.maybe.is_empty()
        || peers.groups.open
        || peers.prefix_lists.open
        || rule.services.get().is_none();
    let members = peers.groups.mentioned().next().is_some()
        || peers.prefix_lists.mentioned().next().is_some();
    let to: AddrSet = peers.cidrs.sure.iter().copied().collect();
    !unknown
        && (members || !to.is_empty())
        && (members_covered || !members)
        && to.is_subset(everything)
}

fn has_ipv6(model: &Model, group: &SecurityGroup) -> bool {
    let vpc = group.vpc.get().and_then(|vpc| model.vpcs.get(vpc.as_ref()?));
    vpc.is_some_and(|vpc| vpc.cidrs.mentioned().any(|cidr| matches!(cidr, IpNet::V6(_))))
}

fn finding(facts: &Facts<'_>, key: &Key, left: &Left<'_>, budget: &mut usize) -> Finding {
    let to =
        if AddrSet::v6().is_subset(&left.addresses) { "0.0.0.0/0 and ::/0" } else { "0.0.0.0/0" };
    let title = match left.idle.len() {
        1 => format!(
            "{key} still allows everything out to {to}: its narrower egress rule means nothing"
        ),
        more => format!(
            "{key} still allows everything out to {to}: its {more} narrower egress rules mean nothing"
        ),
    };
    let written: Vec<Origin> = left.everything.iter().map(|rule| rule.origin.clone()).collect();
    let origins = written.iter().map(|origin| origin.key.clone()).chain([key.clone()]);
    let tried = tries(facts, key, &written, budget);
    let alone = owners(facts, key).is_empty().then(|| left_alone(left)).flatten();
    let mut finding =
        RULE.info.finding(Severity::Medium, origins, title, fix(&written, tried, alone.as_deref()));
    for rule in left.everything.iter().chain(&left.idle) {
        let notes = rule.services.assumed().into_iter().chain(&rule.peers.cidrs.assumed);
        finding.assumes.extend(notes.map(ToString::to_string));
    }
    finding.assumes.sort();
    finding.assumes.dedup();
    finding
}

/// Revokes the rule; if that cuts something off, with what would have to be allowed in its place.
fn tries(facts: &Facts<'_>, key: &Key, written: &[Origin], budget: &mut usize) -> Vec<Trial> {
    let owners = owners(facts, key);
    if *budget < TRIALS_OF_ONE || owners.is_empty() {
        return Vec::new();
    }
    let inside = network_of(facts, key, &owners);
    let outside = AddrSet::v4().prefixes();
    let scope = Scope::of(owners);
    let revoke = |model: &mut Model| drop_rules(model, key, Direction::Egress, written);
    let allow = |model: &mut Model, services: ServiceSet, to: &[IpNet]| {
        let rule = cidr_rule(key, services, to.iter().copied());
        add_rule(model, key, Direction::Egress, rule);
    };
    let mut tried = vec![facts.attempt("revoke it", &scope, &[], revoke)];
    if tried.iter().all(|trial| !trial.works) {
        let change = "revoke it and allow tcp 443 to 0.0.0.0/0";
        tried.push(facts.attempt(change, &scope, &[], |model| {
            revoke(model);
            allow(model, ServiceSet::tcp(443), &outside);
        }));
    }
    if tried.iter().all(|trial| !trial.works) && !inside.is_empty() {
        let change =
            format!("revoke it and allow tcp 443 to 0.0.0.0/0 and all to {}", listed(&inside));
        tried.push(facts.attempt(&change, &scope, &[], |model| {
            revoke(model);
            allow(model, ServiceSet::tcp(443), &outside);
            allow(model, ServiceSet::all(), &inside);
        }));
    }
    *budget -= tried.len();
    tried
}

/// What the narrower rules are without the others, where they let out to members of groups alone and
/// it isn't shown who carries the group: nothing is tried then.
fn left_alone(left: &Left<'_>) -> Option<String> {
    let mut groups = BTreeSet::new();
    let mut services = ServiceSet::empty();
    for rule in &left.idle {
        let peers = &rule.peers;
        let others =
            !peers.cidrs.sure.is_empty() || peers.prefix_lists.mentioned().next().is_some();
        if others || !peers.groups.is_settled() {
            return None;
        }
        groups.extend(peers.groups.sure.iter());
        services = services.union(rule.services.get()?);
    }
    Some(format!(
        "; what is left then leads on {services} to members of {} alone, by their private addresses: \
         a Fargate task has no way to ECR, S3 and CloudWatch Logs by that, unless their endpoints carry \
         that group",
        listed(groups)
    ))
}

fn fix(written: &[Origin], tried: Vec<Trial>, alone: Option<&str>) -> Fix {
    let rules = listed(written.iter().map(|origin| format!("`{origin}`")));
    let mut text = format!(
        "remove {rules} (outside of Terraform: `aws ec2 revoke-security-group-egress`), so that the \
         narrower rules are all there is"
    );
    text.push_str(alone.unwrap_or_default());
    if tried.first().is_some_and(|first| !first.works) {
        text.push_str(
            "; that alone cuts the tasks off, so first give them a way to what they need: interface \
             endpoints with a gateway endpoint for S3, or an egress rule for tcp 443",
        );
    }
    if let [_, .., last] = tried.as_slice()
        && last.works
    {
        text.push_str(&format!(" ({} was tried)", last.change));
    }
    Fix { text, tried }
}

/// What carries a group for certain.
pub(super) fn owners(facts: &Facts<'_>, group: &Key) -> BTreeSet<Key> {
    let lowered = facts.proof.lowered;
    let Some(id) = lowered.groups.get(group) else {
        return BTreeSet::new();
    };
    let carriers = facts.proof.engine.carriers(*id).iter().filter(|carrier| {
        let interface = lowered.net.interfaces.get(carrier.index());
        interface.and_then(|i| i.groups.as_ref()).is_some_and(|groups| groups.surely(id))
    });
    carriers.filter_map(|carrier| lowered.owner(*carrier)).cloned().collect()
}

/// The address blocks of the network in which a group is used.
pub(super) fn network_of(facts: &Facts<'_>, group: &Key, owners: &BTreeSet<Key>) -> Vec<IpNet> {
    let model = facts.model();
    let named = model.security_groups.get(group).and_then(|g| g.vpc.get()).and_then(|v| v.as_ref());
    let named = named.and_then(|vpc| model.vpcs.get(vpc));
    let first = owners.iter().find_map(|owner| facts.proof.lowered.interfaces_of(owner).first());
    let vpc = named.or_else(|| first.and_then(|interface| facts.proof.vpc_of(*interface)));
    vpc.map(|vpc| vpc.cidrs.mentioned().copied().collect()).unwrap_or_default()
}
