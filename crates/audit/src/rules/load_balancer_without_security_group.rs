//! `load-balancer-without-security-group`: a network load balancer that nothing filters.

use std::collections::BTreeSet;

use farmgate_aws::model::{Direction, Key, LoadBalancerKind, Model, SetVal};
use farmgate_aws::network::relays::listen;
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::Back;

use super::{Facts, Rule, RuleInfo, refuted, shown_by};
use crate::fix::{add_group, add_rule, group_rule};
use crate::prove::{Scope, listed};
use crate::report::{Finding, Fix, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "load-balancer-without-security-group",
        severity: Severity::High,
        title: "a network load balancer was made without a security group",
        why: "Nothing filters its nodes: any host that has a route to them is forwarded to the \
              targets, past an API or authorizer in front. The targets cannot tell either, since \
              they see the load balancer's address; and a group cannot be added later, the load \
              balancer must be made anew.",
        page: include_str!("../../../../docs/rules/load-balancer-without-security-group.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let bare = facts.model().load_balancers.iter().filter(|(_, lb)| {
        lb.kind == LoadBalancerKind::Network && lb.security_groups.is_none()
    });
    bare.map(|(key, _)| finding(facts, key)).collect()
}

fn finding(facts: &Facts<'_>, lb: &Key) -> Finding {
    let statement = facts.statement("not-passed-by", lb);
    let passed = refuted(statement);
    let fronts: BTreeSet<&Key> = crate::prove::fronts_of(facts.proof, lb)
        .into_iter()
        .filter_map(|relay| facts.proof.lowered.relay_owner(relay))
        .collect();
    let severity = if passed { Severity::High } else { Severity::Medium };
    let services = listened(facts.model(), lb);
    let title = match (passed, fronts.is_empty()) {
        (true, false) => format!(
            "{lb} has no security group: any host of the network opens {services} to it, past {}",
            listed(fronts)
        ),
        _ => format!("{lb} has no security group: nothing filters {services}"),
    };
    let fix = fix(facts, lb, passed);
    shown_by(RULE.info.finding(severity, [lb.clone()], title, fix), statement)
}

fn listened(model: &Model, lb: &Key) -> ServiceSet {
    let own = model.listeners.values().filter(|l| l.load_balancer.get() == Some(lb));
    own.fold(ServiceSet::empty(), |all, listener| all.union(&listen(listener)))
}

fn fix(facts: &Facts<'_>, lb: &Key, passed: bool) -> Fix {
    let links = openers(facts, lb);
    let who = match links.is_empty() {
        true => "its clients".to_owned(),
        false => listed(&links),
    };
    let change = format!(
        "make {lb} anew with a security group that admits {} from {who} alone",
        listened(facts.model(), lb)
    );
    let targets: BTreeSet<Key> = targets(facts, lb);
    let goal = format!("not-passed-by:{lb}");
    let goals: Vec<&str> = if passed { vec![&goal] } else { Vec::new() };
    let fronts = crate::prove::fronts_of(facts.proof, lb)
        .into_iter()
        .filter_map(|relay| facts.proof.lowered.relay_owner(relay).cloned());
    let scope = Scope::of(targets.iter().cloned().chain([lb.clone()]).chain(fronts));
    let trial = facts.attempt(&change, &scope, &goals, |model| {
        for target in &targets {
            let groups: Vec<Key> = model
                .services
                .get(target)
                .map(|s| s.security_groups.sure.iter().cloned().collect())
                .unwrap_or_default();
            for group in groups {
                attach_group(model, lb, &group, &ServiceSet::all());
            }
        }
        if targets.is_empty() {
            attach_group(model, lb, &Key::new("the targets' group"), &ServiceSet::all());
        }
    });
    Fix { text: change, tried: vec![trial] }
}

/// The owners of the groups from which an API's link connects to the load balancer.
fn openers(facts: &Facts<'_>, lb: &Key) -> BTreeSet<Key> {
    let mut all = BTreeSet::new();
    for relay in crate::prove::fronts_of(facts.proof, lb) {
        let Some(relay) = facts.proof.lowered.net.relays.get(relay.index()) else { continue };
        let Back::Interfaces(backs) = &relay.back else { continue };
        for link in backs.iter().filter_map(|back| facts.proof.lowered.owner(*back)) {
            let groups = facts.model().vpc_links.get(link).map(|l| &l.security_groups);
            all.extend(groups.into_iter().flat_map(|set| set.sure.iter().cloned()));
        }
    }
    all
}

fn targets(facts: &Facts<'_>, lb: &Key) -> BTreeSet<Key> {
    let net = &facts.proof.lowered.net;
    let relays = facts.proof.lowered.relays_of(lb);
    let forwards = relays.iter().filter_map(|r| net.relays.get(r.index())).flat_map(|r| &r.forwards);
    let interfaces = forwards.flat_map(|f| &f.targets);
    interfaces.filter_map(|i| facts.proof.lowered.owner(*i).cloned()).collect()
}

/// Gives a network load balancer a group of its own, as it would have to be made anew: it admits
/// its listeners' ports from the groups of the links in front (from its VPC's addresses if there is
/// no link), and connects to `target_group` on `services`.
pub(super) fn attach_group(
    model: &mut Model,
    lb: &Key,
    target_group: &Key,
    services: &ServiceSet,
) -> Key {
    let new = Key::new(&format!("new group of {lb}"));
    let egress = group_rule(&new, services.clone(), target_group);
    if model.security_groups.contains_key(&new) {
        add_rule(model, &new, Direction::Egress, egress);
        return new;
    }
    let listened = listened(model, lb);
    let clients: BTreeSet<Key> = model
        .vpc_links
        .values()
        .filter(|link| !link.v1)
        .flat_map(|link| link.security_groups.sure.iter().cloned())
        .collect();
    let vpc = vpc_of(model, lb);
    let mut ingress: Vec<_> =
        clients.iter().map(|client| group_rule(&new, listened.clone(), client)).collect();
    if ingress.is_empty() {
        let cidrs = vpc.as_ref().and_then(|vpc| model.vpcs.get(vpc));
        let cidrs: Vec<_> = cidrs.map(|v| v.cidrs.mentioned().copied().collect()).unwrap_or_default();
        ingress.push(crate::fix::cidr_rule(&new, listened, cidrs));
    }
    add_group(model, &new, vpc, ingress, vec![egress]);
    if let Some(found) = model.load_balancers.get_mut(lb) {
        found.security_groups = Some(SetVal::known([new.clone()]));
    }
    new
}

fn vpc_of(model: &Model, lb: &Key) -> Option<Key> {
    let subnet = model.load_balancers.get(lb)?.subnets.mentioned().next()?;
    model.subnets.get(subnet)?.vpc.get().cloned()
}
