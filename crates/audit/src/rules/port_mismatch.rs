//! `port-mismatch`: listener, target group, container and rule do not speak of the same port.
//!
//! All that disagrees about one target is one finding. Containers that are not known say nothing.

mod admitted;
mod declared;

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{IntegrationTarget, Key, LoadBalancerKind, Model, Val};

use super::{Facts, Rule, RuleInfo, shown_by};
use crate::prove::{Scope, listed};
use crate::report::{Finding, Fix, Severity, Statement, Trial};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "port-mismatch",
        severity: Severity::High,
        title: "listener, target group, container and rule disagree about a port",
        why: "Requests or health checks go to a port on which nothing answers, so that no target \
              ever becomes healthy and ECS replaces the tasks for ever. Each resource is valid by \
              itself, which is why the plan and the apply succeed.",
        page: include_str!("../../../../docs/rules/port-mismatch.md"),
    },
    run,
};

/// How many changes are tried at most: each proves a copy of the whole model.
const MOST_TRIALS: usize = 6;

/// All that disagrees about one target.
#[derive(Default)]
struct Clash<'s> {
    says: Vec<String>,
    severe: bool,
    origins: BTreeSet<Key>,
    statements: Vec<&'s Statement>,
    assumes: BTreeSet<String>,
    fixes: Vec<(String, Change)>,
}

/// What makes the ports agree again, as far as it can be tried.
enum Change {
    /// `container_port` of the service's block for this target group.
    ContainerPort(Key, u16),
    /// The health check asks the traffic port.
    TrafficPort(Key),
    /// A rule of this group for this port.
    Admit(admitted::Missing),
    /// Not to be tried.
    None,
}

type Clashes<'s> = BTreeMap<Key, Clash<'s>>;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let mut clashes = Clashes::new();
    for (key, service) in &facts.model().services {
        declared::compare(facts, key, service, &mut clashes);
    }
    admitted::compare(facts, &mut clashes);
    integrations(facts, &mut clashes);
    let mut budget = MOST_TRIALS;
    clashes
        .into_iter()
        .map(|(key, clash)| finding(facts, &key, clash, &mut budget))
        .collect()
}

/// Addresses of integrations that name a port on which the load balancer does not listen.
fn integrations<'s>(facts: &Facts<'s>, clashes: &mut Clashes<'s>) {
    let model = facts.model();
    for api in model.apis.values() {
        for route in &api.routes {
            let Some(Some(integration)) = route.integration.get() else {
                continue;
            };
            let IntegrationTarget::VpcLink { link, to } = &integration.target else {
                continue;
            };
            let (Some(lb), Some(port)) = (to.get(), integration.port) else {
                continue;
            };
            // Of a link of the other kind a listener is named, and with it its port.
            let link = link.get().and_then(|link| model.vpc_links.get(link));
            if link.is_none_or(|link| !link.v1) {
                continue;
            }
            let Some(open) = listened(model, lb).filter(|open| !open.contains(&port)) else {
                continue;
            };
            let origin = &integration.origin.key;
            let clash = clashes.entry(origin.clone()).or_default();
            if !clash.says.is_empty() {
                continue;
            }
            clash.severe = true;
            let open = listed(open);
            clash.says.push(format!(
                "it leads to port {port} of {lb}, which listens on {open}"
            ));
            clash.origins.extend([origin.clone(), lb.clone()]);
            clash.assumes.extend(to.assumed().map(ToString::to_string));
            let fix =
                format!("let the address in {origin} name a port of {lb}'s listeners ({open})");
            clash.fixes.push((fix, Change::None));
        }
    }
}

/// The ports on which a load balancer listens, if that is known.
fn listened(model: &Model, lb: &Key) -> Option<BTreeSet<u16>> {
    let balancer = model.load_balancers.get(lb)?;
    if balancer.kind == LoadBalancerKind::Gateway {
        return None;
    }
    let mut all = BTreeSet::new();
    for listener in model.listeners.values() {
        match listener.load_balancer.get() {
            Some(of) if of == lb => all.insert(*listener.port.known()?),
            Some(_) => continue,
            // A listener of nobody knows whom.
            None => return None,
        };
    }
    // Without any, the listeners are in another state.
    (!all.is_empty()).then_some(all)
}

fn finding(facts: &Facts<'_>, key: &Key, clash: Clash<'_>, budget: &mut usize) -> Finding {
    let severity = if clash.severe {
        Severity::High
    } else {
        Severity::Medium
    };
    let title = format!("{key}: {}", clash.says.join("; "));
    let goals: Vec<&str> = clash.statements.iter().map(|s| s.id.as_str()).collect();
    let mut tried = Vec::new();
    for (text, change) in &clash.fixes {
        if *budget == 0 || matches!(change, Change::None) {
            continue;
        }
        *budget -= 1;
        tried.push(attempt(facts, key, text, change, &goals));
        // One that is enough is enough.
        if tried.last().is_some_and(|trial| trial.works) {
            break;
        }
    }
    let worked = tried
        .iter()
        .find(|trial| trial.works)
        .map(|trial| trial.change.clone());
    let text = worked.unwrap_or_else(|| {
        clash
            .fixes
            .iter()
            .map(|(text, _)| text.as_str())
            .collect::<Vec<_>>()
            .join("; ")
    });
    let mut finding = RULE
        .info
        .finding(severity, clash.origins, title, Fix { text, tried });
    finding.assumes.extend(clash.assumes);
    shown_by(finding, clash.statements)
}

fn attempt(facts: &Facts<'_>, key: &Key, text: &str, change: &Change, goals: &[&str]) -> Trial {
    let scope = Scope::of([key.clone()]);
    facts.attempt(text, &scope, goals, |model| match change {
        Change::ContainerPort(group, port) => {
            let service = model.services.get_mut(key);
            let blocks = service
                .into_iter()
                .flat_map(|service| &mut service.load_balancers);
            for block in blocks.filter(|block| block.target_group.get() == Some(group)) {
                block.port = Val::Known(*port);
            }
        }
        Change::TrafficPort(group) => {
            if let Some(group) = model.target_groups.get_mut(group) {
                group.health.port = None;
            }
        }
        Change::Admit(missing) => missing.add(model),
        Change::None => {}
    })
}
