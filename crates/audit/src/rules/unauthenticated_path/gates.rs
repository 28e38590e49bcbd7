//! Routes of a gate on which it verifies nobody.

use std::collections::BTreeSet;

use farmgate_aws::model::{Gate, GateRoute, Key, Model};
use farmgate_aws::network::relays::led_to;

use super::super::listener_open_to_world::{admitted, is_most_of_the_internet};
use super::super::{Facts, refuted, shown_by};
use super::{RULE, servers, some};
use crate::prove::Scope;
use crate::prove::trust::{listeners_of, open_routes, unvouched};
use crate::report::{Finding, Fix, Severity, Trial};

pub(super) fn findings(facts: &Facts<'_>, budget: &mut usize) -> Vec<Finding> {
    let gates = facts.model().gates.iter();
    let open = gates.filter(|(key, _)| refuted(facts.statement("authenticates", key)));
    let of = |(key, gate): (&Key, &Gate)| {
        let open = open_routes(gate).next().map(|_| finding(facts, key, gate, budget));
        open.into_iter().chain(unverified(facts, key, gate)).collect::<Vec<_>>()
    };
    open.flat_map(of).collect()
}

/// Routes on which the gate takes the word of an API Gateway that isn't there.
fn unverified(facts: &Facts<'_>, key: &Key, gate: &Gate) -> Option<Finding> {
    let gate = facts.model().gates.get(&gate.key)?;
    let (routes, front) = unvouched(facts.proof, gate)?;
    let (severity, _) = reached(facts, key);
    let paths = some(&routes.iter().map(|route| format!("`{}`", route.path)).collect());
    let title = format!(
        "nobody verifies SigV4 on {paths} of the gate {key}: clients come in by {front}, and no API \
         Gateway is before it"
    );
    let text = "write `sigv4_issued_keys` or `sts_proof` in place of `apigw_iam`, which the gate verifies \
                itself; or `scheme: internal` under `ingress`, and put an API Gateway with IAM \
                authorization before it: a load balancer verifies no SigV4";
    let origins = routes.iter().map(|route| route.origin.key.clone()).chain([key.clone()]);
    let finding = RULE.info.finding(severity, origins, title, Fix::from(text));
    Some(shown_by(finding, facts.statement("authenticates", key)))
}

fn finding(facts: &Facts<'_>, key: &Key, gate: &Gate, budget: &mut usize) -> Finding {
    let open: Vec<&GateRoute> = open_routes(gate).collect();
    let routes = some(&open.iter().map(|route| format!("`{}`", route.path)).collect());
    let led = open.iter().flat_map(|route| led_to(facts.model(), gate, route));
    let to: BTreeSet<Key> = led.filter(|led| led.maybe.is_none()).map(|led| led.to).collect();
    let (severity, from) = reached(facts, key);
    let verb = if open.len() == 1 { "leads" } else { "lead" };
    let title =
        format!("{routes} of the gate {key} {verb} from {from} to {} for anyone", servers(&to));
    let text = "name in the farm file by which of `auth` callers of these servers prove who they \
                are: a list of its own that is empty lets everybody in";
    let fix = Fix { text: text.to_owned(), tried: trial(facts, key, budget) };
    let origins = open.iter().map(|route| route.origin.key.clone()).chain([key.clone()]);
    let finding = RULE.info.finding(severity, origins, title, fix);
    shown_by(finding, facts.statement("authenticates", key))
}

/// Who gets to a gate, and how bad that makes it.
fn reached(facts: &Facts<'_>, gate: &Key) -> (Severity, &'static str) {
    let model = facts.model();
    let ingress = facts.proof.ingress_of(gate);
    let widely = ingress.iter().any(|key| {
        let managed = !model.load_balancers.contains_key(key);
        managed
            || listeners_of(facts.proof, key)
                .any(|listener| is_most_of_the_internet(&admitted(facts, key, listener).0))
    });
    match (widely, ingress.is_empty()) {
        (true, _) => (Severity::Critical, "the internet"),
        (false, false) => (Severity::Medium, "the addresses that are admitted"),
        (false, true) => (Severity::Low, "its network"),
    }
}

fn trial(facts: &Facts<'_>, key: &Key, budget: &mut usize) -> Vec<Trial> {
    let Some(left) = budget.checked_sub(1) else {
        return Vec::new();
    };
    *budget = left;
    let goal = format!("authenticates:{key}");
    let scope = Scope::of([key.clone()]);
    vec![facts.attempt("ask for API keys on them", &scope, &[&goal], |model: &mut Model| {
        let routes = model.gates.get_mut(key).into_iter().flat_map(|gate| &mut gate.routes);
        for route in routes.filter(|route| route.authentication.is_empty()) {
            route.authentication = vec!["API keys".to_owned()];
        }
    })]
}
