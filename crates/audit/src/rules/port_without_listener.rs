//! `port-without-listener`: a load balancer's group admits a port on which nothing listens.
//!
//! Where it is 443 and what listens speaks HTTP, the rule shows what was meant, and isn't.

use std::collections::BTreeSet;

use farmgate_aws::model::{
    Action, Key, Listener, LoadBalancer, LoadBalancerKind, Model, SecurityGroupRule,
};
use farmgate_aws::network::relays::listen;
use farmgate_net::service::ServiceSet;

use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "port-without-listener",
        severity: Severity::Medium,
        title: "a load balancer's group admits a port on which nothing listens",
        why: "The rule promises a listener that isn't there. Most often it is 443 before a load \
              balancer that only speaks HTTP: the table of ports looks as if there were TLS, and \
              requests with their bearer tokens travel in clear.",
        page: include_str!("../../../../docs/rules/port-without-listener.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let balancers = facts.model().load_balancers.values();
    balancers.flat_map(|balancer| of_balancer(facts, balancer)).collect()
}

fn of_balancer(facts: &Facts<'_>, balancer: &LoadBalancer) -> Vec<Finding> {
    let model = facts.model();
    let Some(listeners) = listeners(model, balancer) else { return Vec::new() };
    let Some(groups) = balancer.security_groups.as_ref().filter(|groups| groups.is_settled())
    else {
        return Vec::new();
    };
    let open = listeners.iter().fold(ServiceSet::empty(), |all, one| all.union(&listen(one)));
    let groups = groups.sure.iter().filter(|group| is_its_alone(facts, group, &balancer.key));
    let rules = groups.filter_map(|group| model.security_groups.get(group));
    let rules = rules.flat_map(|group| &group.ingress.rules);
    let idle: Vec<&SecurityGroupRule> = rules.filter(|rule| is_idle(rule, &open)).collect();
    if idle.is_empty() { Vec::new() } else { vec![finding(balancer, &listeners, &open, &idle)] }
}

/// The listeners of a load balancer, if it is known that there are some, which, and on which ports.
fn listeners<'m>(model: &'m Model, balancer: &LoadBalancer) -> Option<Vec<&'m Listener>> {
    let elsewhere = balancer.key.as_str().split('.').any(|part| part == "data");
    if balancer.kind == LoadBalancerKind::Gateway || elsewhere {
        return None;
    }
    let mut own = Vec::new();
    for listener in model.listeners.values() {
        let of = listener.load_balancer.get()?;
        if *of == balancer.key {
            listener.port.get()?;
            listener.protocol.get()?;
            own.push(listener);
        }
    }
    (!own.is_empty()).then_some(own)
}

/// Whether nothing else carries the group, for which the rule could be.
fn is_its_alone(facts: &Facts<'_>, group: &Key, balancer: &Key) -> bool {
    let lowered = facts.proof.lowered;
    let Some(id) = lowered.groups.get(group) else { return false };
    let carriers = facts.proof.engine.carriers(*id);
    carriers.iter().all(|carrier| lowered.owner(*carrier) == Some(balancer))
}

/// A rule for certain ports and addresses, on none of which anything listens. ICMP isn't listened to.
fn is_idle(rule: &SecurityGroupRule, open: &ServiceSet) -> bool {
    let transport = ServiceSet::ports(farmgate_net::service::TCP, 0, u16::MAX)
        .union(&ServiceSet::ports(farmgate_net::service::UDP, 0, u16::MAX));
    let services = rule.services.get();
    services.is_some_and(|services| {
        services.is_subset(&transport) && services.intersect(open).is_empty()
    }) && !rule.peers.cidrs.sure.is_empty()
}

fn finding(
    balancer: &LoadBalancer,
    listeners: &[&Listener],
    open: &ServiceSet,
    idle: &[&SecurityGroupRule],
) -> Finding {
    let services = idle.iter().filter_map(|rule| rule.services.get());
    let ports = services.fold(ServiceSet::empty(), |all, one| all.union(one));
    let plain = listeners.iter().any(|one| is_plain(one))
        && listeners
            .iter()
            .all(|one| !matches!(one.protocol.get().map(String::as_str), Some("HTTPS" | "TLS")));
    let meant =
        ServiceSet::tcp(443).is_subset(&ports) && plain && balancer.internal.get() == Some(&false);
    let and = if meant { ", so that all who call it do so in plain text" } else { "" };
    let title = format!(
        "{} admits {ports} to {}, which listens on {open} only{and}",
        listed(idle.iter().map(|rule| &rule.origin)),
        balancer.key
    );
    let (severity, fix) = if meant {
        let fix = format!(
            "add a listener for tcp 443 with `protocol = \"HTTPS\"` and a certificate to {}, and let \
             port 80 redirect to it; or remove the rule, which then promises nothing",
            balancer.key
        );
        (Severity::Medium, fix)
    } else {
        let fix = "remove the rule, or add the listener for which it was written".to_owned();
        (Severity::Low, fix)
    };
    let origins: BTreeSet<Key> = idle.iter().map(|rule| rule.origin.key.clone()).collect();
    let origins = origins.into_iter().chain([balancer.key.clone()]);
    let mut found = RULE.info.finding(severity, origins, title, fix);
    let assumed = listeners.iter().filter_map(|one| one.load_balancer.assumed());
    let assumed = assumed.chain(idle.iter().filter_map(|rule| rule.services.assumed()));
    found.assumes =
        assumed.map(ToString::to_string).collect::<BTreeSet<String>>().into_iter().collect();
    found
}

/// A listener that passes requests on in plain HTTP.
fn is_plain(listener: &Listener) -> bool {
    let forwards = |action: &Action| matches!(action, Action::Forward(_));
    listener.protocol.get().is_some_and(|protocol| protocol == "HTTP")
        && listener.rules.iter().any(|rule| rule.actions.iter().any(forwards))
}
