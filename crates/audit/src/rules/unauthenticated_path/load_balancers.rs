//! Load balancers that forward without verifying the caller.

use std::collections::BTreeSet;

use farmgate_aws::model::{
    Action, Key, Listener, ListenerRule, LoadBalancerKind, Model, Note, Origin,
};
use farmgate_aws::network::relays::listen;
use farmgate_net::addr::AddrSet;
use farmgate_net::service::ServiceSet;

use super::super::listener_open_to_world::{admitted, is_most_of_the_internet};
use super::super::{Facts, refuted, shown_by};
use super::{RULE, servers};
use crate::prove::Scope;
use crate::prove::trust::{Verifier, forwards, is_health, listeners_of, verifier};
use crate::report::{Finding, Fix, Severity, Trial};

/// What one load balancer forwards from the internet for anyone.
#[derive(Default)]
struct Open {
    rules: BTreeSet<Origin>,
    services: ServiceSet,
    targets: BTreeSet<Key>,
    /// Whether most of the internet gets there, not only a list of callers.
    widely: bool,
    assumes: BTreeSet<Note>,
}

pub(super) fn findings(facts: &Facts<'_>, budget: &mut usize) -> Vec<Finding> {
    let mut all = Vec::new();
    for (key, lb) in &facts.model().load_balancers {
        if !refuted(facts.statement("authenticates", key)) {
            continue;
        }
        let open = open(facts, key);
        if !open.rules.is_empty() {
            all.push(finding(facts, key, lb.kind, &open, budget));
        }
    }
    all
}

fn open(facts: &Facts<'_>, lb: &Key) -> Open {
    let mut open = Open::default();
    for listener in listeners_of(facts.proof, lb) {
        let rules: Vec<&ListenerRule> =
            listener.rules.iter().filter(|rule| is_open(facts, listener, rule)).collect();
        let (peers, assumes) = admitted(facts, lb, listener);
        if rules.is_empty() || peers.is_empty() {
            continue;
        }
        open.services = open.services.union(&listen(listener));
        open.assumes.extend(assumes);
        for rule in rules {
            let callers: AddrSet = rule.sources.iter().copied().collect();
            let from =
                if rule.sources.is_empty() { peers.clone() } else { peers.intersect(&callers) };
            open.widely |= is_most_of_the_internet(&from);
            let targets = targets(facts, rule);
            // What it can't open no connection to gets nothing of what it forwards.
            let shut = |target: &Key| {
                let id = Key::new(&format!("{lb}->{target}"));
                refuted(facts.statement("reaches-targets", &id))
            };
            if !targets.is_empty() && targets.iter().all(shut) {
                continue;
            }
            open.rules.insert(rule.origin.clone());
            open.targets.extend(targets);
        }
    }
    open
}

fn is_open(facts: &Facts<'_>, listener: &Listener, rule: &ListenerRule) -> bool {
    let health_only = rule.paths.len() == 1 && rule.paths.iter().all(|path| is_health(path));
    let nobody = || matches!(verifier(facts.proof, listener, rule), Verifier::Nobody);
    forwards(rule) && !health_only && nobody()
}

fn targets(facts: &Facts<'_>, rule: &ListenerRule) -> BTreeSet<Key> {
    let mut all = BTreeSet::new();
    for action in &rule.actions {
        let Action::Forward(groups) = action else {
            continue;
        };
        for group in &groups.sure {
            let Some(found) = facts.model().target_groups.get(group) else {
                continue;
            };
            let targets = facts.proof.lowered.targets(facts.model(), group, found);
            all.extend(targets.into_iter().map(|target| target.owner));
        }
    }
    all
}

fn finding(
    facts: &Facts<'_>,
    key: &Key,
    kind: LoadBalancerKind,
    open: &Open,
    budget: &mut usize,
) -> Finding {
    // A list of callers is something that an attacker has to be on first.
    let severity = if open.widely { Severity::High } else { Severity::Medium };
    let from = if open.widely { "the internet" } else { "the addresses that it admits" };
    let title = format!(
        "{key} forwards {} from {from} to {} and verifies no caller",
        open.services,
        servers(&open.targets)
    );
    let fix = match kind {
        LoadBalancerKind::Application => Fix {
            text: "put a `jwt-validation` action (machines) or `authenticate-oidc` (browsers) before \
                   `forward`, or `mutual_authentication { mode = \"verify\" }` on the listener (all \
                   need HTTPS); otherwise the server must verify every request itself: an \
                   application load balancer verifies no SigV4"
                .to_owned(),
            tried: trial(facts, key, open, budget),
        },
        LoadBalancerKind::Network | LoadBalancerKind::Gateway => Fix::from(
            "a network load balancer cannot verify callers: make it `internal = true` behind a REST \
             API with IAM authorization, put an application load balancer with `jwt-validation` in \
             its place, or verify every request in the server",
        ),
    };
    let origins = open.rules.iter().map(|rule| rule.key.clone());
    let mut finding = RULE.info.finding(severity, origins, title, fix);
    finding.assumes = open.assumes.iter().map(ToString::to_string).collect();
    shown_by(finding, facts.statement("authenticates", key))
}

fn trial(facts: &Facts<'_>, key: &Key, open: &Open, budget: &mut usize) -> Vec<Trial> {
    let Some(left) = budget.checked_sub(1) else {
        return Vec::new();
    };
    *budget = left;
    let goal = format!("authenticates:{key}");
    let scope = Scope::of([key.clone()]);
    vec![facts.attempt(
        "put `jwt-validation` before `forward`",
        &scope,
        &[&goal],
        |model: &mut Model| {
            let rules = model.listeners.values_mut().flat_map(|listener| &mut listener.rules);
            for rule in rules.filter(|rule| open.rules.contains(&rule.origin)) {
                let verify = Action::Authenticate {
                    kind: "jwt-validation".to_owned(),
                    allows_anonymous: false,
                };
                rule.actions.insert(0, verify);
            }
        },
    )]
}
