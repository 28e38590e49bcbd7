//! `target-open-to-network`: a target admits any host of its network, past its ingress.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{
    Direction, Key, LoadBalancerKind, Model, Origin, SecurityGroupRule,
};
use farmgate_net::addr::AddrSet;
use farmgate_net::service::ServiceSet;

use super::load_balancer_without_security_group::attach_group;
use super::{Facts, Rule, RuleInfo, refuted, shown_by};
use crate::prove::{Scope, listed};
use crate::report::{Finding, Fix, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "target-open-to-network",
        severity: Severity::High,
        title: "a target admits any host of its network, past its ingress",
        why: "Whatever runs in the network, or breaks into anything that does, opens connections \
              to it past the load balancer or API that authenticates, limits and logs. A rule for \
              the load balancer's group beside it means nothing, since the wider rule admits all \
              that it admits.",
        page: include_str!("../../../../docs/rules/target-open-to-network.md"),
    },
    run,
};

/// The rules by which one group lets any host of a network in.
struct Opening {
    rules: BTreeSet<Origin>,
    cidrs: AddrSet,
    services: ServiceSet,
    targets: BTreeSet<Key>,
}

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let mut openings: BTreeMap<Key, Opening> = BTreeMap::new();
    let model = facts.model();
    let owners = model.services.keys().chain(model.databases.keys());
    for owner in owners {
        if refuted(facts.statement("closed-to-network", owner)) {
            openings_of(facts, owner, &mut openings);
        }
    }
    openings.into_iter().map(|(group, opening)| finding(facts, &group, &opening)).collect()
}

fn openings_of(facts: &Facts<'_>, owner: &Key, openings: &mut BTreeMap<Key, Opening>) {
    let model = facts.model();
    let (groups, port) = match (model.services.get(owner), model.databases.get(owner)) {
        (Some(service), _) => (&service.security_groups, None),
        (None, Some(database)) => {
            (&database.security_groups, database.port.get().copied().flatten())
        }
        (None, None) => return,
    };
    let wanted = port.map_or_else(ServiceSet::all, ServiceSet::tcp);
    let site = site_addresses(facts, owner);
    for group in &groups.sure {
        let Some(found) = model.security_groups.get(group) else { continue };
        for rule in &found.ingress.rules {
            let cidrs: AddrSet = rule.peers.cidrs.sure.iter().copied().collect();
            let Some(services) = rule.services.get() else { continue };
            let services = services.intersect(&wanted);
            if !cidrs.overlaps(&site) || services.is_empty() {
                continue;
            }
            let opening = openings.entry(group.clone()).or_insert_with(|| Opening {
                rules: BTreeSet::new(),
                cidrs: AddrSet::empty(),
                services: ServiceSet::empty(),
                targets: BTreeSet::new(),
            });
            opening.rules.insert(rule.origin.clone());
            opening.cidrs = opening.cidrs.union(&cidrs);
            opening.services = opening.services.union(&services);
            opening.targets.insert(owner.clone());
        }
    }
}

fn site_addresses(facts: &Facts<'_>, owner: &Key) -> AddrSet {
    let lowered = facts.proof.lowered;
    let mut all = AddrSet::empty();
    for interface in lowered.interfaces_of(owner) {
        let site = lowered
            .net
            .interfaces
            .get(interface.index())
            .and_then(|i| lowered.net.subnets.get(i.subnet.index()))
            .and_then(|s| lowered.net.sites.get(s.site.index()));
        if let Some(site) = site {
            all = all.union(&site.addresses);
        }
    }
    all
}

/// The load balancers and gates that forward to a target.
fn balancers(facts: &Facts<'_>, targets: &BTreeSet<Key>) -> BTreeSet<Key> {
    let mut all = BTreeSet::new();
    for target in targets {
        for relay in facts.proof.relays_to(target) {
            let owner = facts.proof.lowered.relay_owner(relay);
            let model = facts.model();
            let inside = |owner: &&Key| {
                model.load_balancers.contains_key(*owner) || model.gates.contains_key(*owner)
            };
            all.extend(owner.filter(inside).cloned());
        }
    }
    all
}

fn finding(facts: &Facts<'_>, group: &Key, opening: &Opening) -> Finding {
    let balancers = balancers(facts, &opening.targets);
    let statements: Vec<_> = opening
        .targets
        .iter()
        .filter_map(|target| facts.statement("closed-to-network", target))
        .collect();
    let past = match balancers.is_empty() {
        true => String::new(),
        false => format!(", past {}", listed(&balancers)),
    };
    let useless = useless_beside(facts, group, opening);
    let beside = match useless.is_empty() {
        true => String::new(),
        false => format!("; beside that {} means nothing", listed(useless)),
    };
    let title = format!(
        "any host of {} opens {} to {}{past}{beside}",
        opening.cidrs,
        opening.services,
        listed(&opening.targets)
    );
    let fix = fix(facts, group, opening, &balancers);
    shown_by(RULE.info.finding(Severity::High, [group.clone()], title, fix), statements)
}

/// The rules that admit nothing beside those that let the whole network in.
fn useless_beside(facts: &Facts<'_>, group: &Key, opening: &Opening) -> BTreeSet<Origin> {
    let Some(found) = facts.model().security_groups.get(group) else { return BTreeSet::new() };
    let covered = super::rule_redundant::covered(facts, found, Direction::Ingress).into_iter();
    covered
        .filter(|covered| covered.by.iter().any(|rule| opening.rules.contains(&rule.origin)))
        .map(|covered| covered.rule.origin.clone())
        .collect()
}

/// Whether a source shows anybody for whom the targets are there: what forwards to them, or whom
/// another rule of the group admits. Else that nothing is cut off without the rules says little.
fn is_used(facts: &Facts<'_>, group: &Key, opening: &Opening) -> bool {
    let forwarded = |target| !facts.proof.relays_to(target).is_empty();
    let others = |rule: &SecurityGroupRule| {
        let wanted = rule.services.get().is_none_or(|services| services.overlaps(&opening.services));
        wanted && !opening.rules.contains(&rule.origin)
    };
    let found = facts.model().security_groups.get(group);
    opening.targets.iter().any(forwarded)
        || found.is_some_and(|found| found.ingress.rules.iter().any(others))
}

/// What to do where all that is proved holds without the rules.
fn without(facts: &Facts<'_>, group: &Key, opening: &Opening) -> String {
    let rules = listed(&opening.rules);
    if is_used(facts, group, opening) {
        return format!("drop {rules}: what is needed is admitted without it");
    }
    format!("admit only the groups that need it in place of {rules}; which these are, no source shows")
}

fn fix(facts: &Facts<'_>, group: &Key, opening: &Opening, balancers: &BTreeSet<Key>) -> Fix {
    let rules = listed(&opening.rules);
    let scope = Scope::of(opening.targets.iter().chain(balancers).cloned());
    let goals: Vec<String> =
        opening.targets.iter().map(|target| format!("closed-to-network:{target}")).collect();
    let goals: Vec<&str> = goals.iter().map(String::as_str).collect();
    let origins: Vec<Origin> = opening.rules.iter().cloned().collect();
    let drop = |model: &mut Model| {
        crate::fix::drop_rules(model, group, Direction::Ingress, &origins);
    };
    let mut tried = vec![facts.attempt(&format!("drop {rules}"), &scope, &goals, drop)];
    if works(&tried) {
        return Fix { text: without(facts, group, opening), tried };
    }
    // Where what forwards has a group, a rule for that group takes the place of the addresses.
    let model = facts.model();
    let groups = |key: &Key| match model.load_balancers.get(key) {
        Some(lb) => lb.security_groups.as_ref(),
        None => model.services.get(key).map(|gate| &gate.security_groups),
    };
    let grouped: BTreeSet<Key> = balancers
        .iter()
        .filter_map(groups)
        .flat_map(|groups| groups.sure.iter().cloned())
        .collect();
    if !grouped.is_empty() {
        let change = format!("replace {rules} by a rule that admits {}", listed(&grouped));
        let trial = facts.attempt(&change, &scope, &goals, |model| {
            drop(model);
            for peer in &grouped {
                let rule = crate::fix::group_rule(group, opening.services.clone(), peer);
                crate::fix::add_rule(model, group, Direction::Ingress, rule);
            }
        });
        tried.push(trial);
        if works(&tried) {
            return Fix { text: change, tried };
        }
    }
    let bare: Vec<&Key> = balancers
        .iter()
        .filter(|lb| {
            model.load_balancers.get(*lb).is_some_and(|found| {
                found.kind == LoadBalancerKind::Network && found.security_groups.is_none()
            })
        })
        .collect();
    if bare.is_empty() {
        let text = format!("admit only the groups that need it in place of {rules}");
        return Fix { text, tried };
    }
    let change = format!(
        "give {} a security group (a network load balancer must be made anew for it), admit that \
         group on {} in {group}, and drop {rules}",
        listed(&bare),
        opening.services
    );
    let trial = facts.attempt(&change, &scope, &goals, |model| {
        for lb in &bare {
            let new = attach_group(model, lb, group, &opening.services);
            let rule = crate::fix::group_rule(group, opening.services.clone(), &new);
            crate::fix::add_rule(model, group, Direction::Ingress, rule);
        }
        drop(model);
    });
    tried.push(trial);
    Fix { text: change, tried }
}

fn works(tried: &[Trial]) -> bool {
    tried.last().is_some_and(|trial| trial.works)
}
