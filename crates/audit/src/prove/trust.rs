//! *Trust on the way*: which hop authenticates callers from the internet, and which hops are in
//! plain text.
//!
//! Which AWS fronts verify a caller: API Gateway Developer Guide, "Control access"; Elastic Load
//! Balancing, "Authenticate users" (OIDC, Cognito, JWT) and "Mutual authentication". An application
//! load balancer verifies no SigV4. WebSocket APIs authorize at `$connect` alone.

mod claims;
mod gates;
mod hops;
pub(crate) mod secrets;

use std::collections::BTreeSet;

use farmgate_aws::model::{
    Action, Api, ApiKind, ApiRoute, Authorization, Gate, Integration, IntegrationTarget, Key,
    Listener, ListenerRule, Note, Val,
};
use farmgate_net::reach::Verdict as Reached;

pub(crate) use claims::sigv4_claim;
pub(crate) use gates::{Verifier, behind_route, open_routes, unvouched, verifier};
pub(crate) use hops::{Carries, Hop, plain_hops, ways};

use super::{Proof, Scope, Tally, listed};
use crate::report::{Family, Statement, Verdict};

pub(super) fn prove(proof: &Proof<'_>, scope: &Scope, all: &mut Vec<Statement>) {
    for (key, api) in &proof.model.apis {
        if scope.covers([key]) && (!api.routes.is_empty() || api.open.is_some()) {
            all.push(api_authenticates(proof, key, api));
        }
    }
    for (key, lb) in &proof.model.load_balancers {
        let exposed = lb.internal.get() != Some(&true)
            && scope.covers([key])
            && super::isolation::fronts_of(proof, key).is_empty()
            && reached_from_internet(proof, key);
        let forwards = listeners_of(proof, key).any(|l| l.rules.iter().any(forwards));
        if exposed && forwards {
            all.push(load_balancer_authenticates(proof, key));
        }
    }
    for (_, gate) in proof.model.gates.iter().filter(|(key, _)| scope.covers([*key])) {
        all.push(gates::authenticates(proof, gate));
    }
    for key in proof.model.services.keys().filter(|k| scope.covers([*k])) {
        all.extend(encrypted(proof, key));
    }
    secrets::prove(proof, scope, all);
}

impl Proof<'_> {
    /// Whether an API, a gate or a load balancer authenticates its callers.
    pub(crate) fn authenticates(&self, key: &Key) -> Option<Statement> {
        if let Some(api) = self.model.apis.get(key) {
            return Some(api_authenticates(self, key, api));
        }
        if let Some(gate) = self.model.gates.get(key) {
            return Some(gates::authenticates(self, gate));
        }
        let lb = self.model.load_balancers.get(key)?;
        (lb.internal.get() != Some(&true)).then(|| load_balancer_authenticates(self, key))
    }
}

fn reached_from_internet(proof: &Proof<'_>, key: &Key) -> bool {
    let services = super::isolation::listened(proof, key);
    proof.lowered.interfaces_of(key).iter().any(|interface| {
        proof.ask(&proof.internet_to(*interface, &services)).verdict != Reached::No
    })
}

pub(crate) fn listeners_of<'p>(
    proof: &'p Proof<'_>,
    lb: &'p Key,
) -> impl Iterator<Item = &'p Listener> {
    proof.model.listeners.values().filter(move |l| l.load_balancer.get() == Some(lb))
}

pub(crate) fn forwards(rule: &ListenerRule) -> bool {
    rule.actions.iter().any(|a| matches!(a, Action::Forward(_)))
}

/// A route that only says whether the service is up. It may be open.
pub(crate) fn is_health(route: &str) -> bool {
    let (method, path) = route.split_once(' ').unwrap_or(("", route));
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let named = matches!(last, "health" | "healthz" | "healthcheck" | "livez" | "readyz" | "ping");
    named && matches!(method, "GET" | "HEAD" | "")
}

/// A route for which authorization is asked at all: of a WebSocket API only `$connect`, and none
/// that API Gateway answers by itself (CORS preflights).
pub(crate) fn needs_authorization(api: &Api, route: &ApiRoute) -> bool {
    let mock = matches!(
        route.integration.get(),
        Some(Some(Integration { target: IntegrationTarget::Mock, .. }))
    );
    let connect = route.route.get().is_none_or(|name| name == "$connect");
    !mock && (api.kind != ApiKind::WebSocket || connect) && !is_public_by_nature(route)
}

/// Preflights carry no credentials, and what is well known is meant to be (RFC 9728 metadata).
fn is_public_by_nature(route: &ApiRoute) -> bool {
    let name = route.route.get().map(String::as_str).unwrap_or_default();
    let (method, path) = name.split_once(' ').unwrap_or(("", name));
    method == "OPTIONS" || (method == "GET" && path.starts_with("/.well-known/"))
}

/// How many of an API's routes authenticate, and by what; health routes may be open.
fn api_authenticates(proof: &Proof<'_>, key: &Key, api: &Api) -> Statement {
    let mut tally = Tally::new();
    let mut open_health = Vec::new();
    let mut by: BTreeSet<String> = BTreeSet::new();
    for route in api.routes.iter().filter(|route| needs_authorization(api, route)) {
        let name = route.route.get().map_or("a route", String::as_str);
        tally.assume_all(route.authorization.assumed());
        match &route.authorization {
            Val::Known(how) | Val::Assumed(how, _) => match how {
                Authorization::None | Authorization::ApiKeyOnly if is_health(name) => {
                    open_health.push(name);
                }
                Authorization::None | Authorization::ApiKeyOnly
                    if let Some(gates) = gates_behind(proof, route) =>
                {
                    for gate in gates {
                        gates::add(proof, gate, &mut tally);
                        by.insert(gate.key.to_string());
                    }
                }
                Authorization::None => {
                    let text = format!("`{name}` asks for no authorization");
                    tally.fact(Verdict::Refuted, "NO_AUTHORIZATION", &route.origin, text);
                }
                Authorization::ApiKeyOnly => {
                    let text = format!("`{name}` asks for an API key alone, which is for metering");
                    tally.fact(Verdict::Refuted, "NO_AUTHORIZATION", &route.origin, text);
                }
                _ => {
                    let who = authenticator(how);
                    let text = format!("`{name}` is authorized by {who}");
                    tally.fact(Verdict::Proved, "AUTHORIZED", &route.origin, text);
                    by.insert(who);
                }
            },
            Val::OneOf(_, note) | Val::Unknown(note) => tally.unknown(note),
        }
    }
    let connects = |route: &ApiRoute| route.route.get().is_none_or(|name| name == "$connect");
    let shown = api.open.is_none();
    if shown && api.kind == ApiKind::WebSocket && !api.routes.iter().any(connects) {
        let text = "has no `$connect` route, where callers would be authorized";
        tally.fact(Verdict::Refuted, "NO_AUTHORIZATION", key, text);
    }
    if let Some(note) = &api.open {
        tally.unknown(note);
    }
    let which = match api.kind {
        ApiKind::WebSocket => "callers are authorized at `$connect`".to_owned(),
        _ if open_health.is_empty() => "callers are authorized on every route".to_owned(),
        _ => {
            let names: Vec<String> = open_health.iter().map(|n| format!("`{n}`")).collect();
            format!("callers are authorized on every route but {}", listed(names))
        }
    };
    let text = match (tally.verdict(), by.is_empty()) {
        (Verdict::Proved, false) => format!("{key}: {which}, by {}", listed(by)),
        _ => format!("{key}: {which}"),
    };
    tally.statement("authenticates", Family::Trust, &[key], text)
}

/// The gates to which a route leaves it to verify the caller, if nothing else is behind it.
fn gates_behind<'m>(proof: &Proof<'m>, route: &ApiRoute) -> Option<Vec<&'m Gate>> {
    gates::behind_route(proof, &route.integration.get()?.as_ref()?.target)
}

fn authenticator(how: &Authorization) -> String {
    match how {
        Authorization::Iam => "IAM (SigV4)".to_owned(),
        Authorization::Jwt(Some(key)) | Authorization::Lambda(Some(key)) => key.to_string(),
        Authorization::Jwt(None) => "a JWT authorizer".to_owned(),
        Authorization::Lambda(None) => "a Lambda authorizer".to_owned(),
        Authorization::ApiKeyOnly | Authorization::None => "nothing".to_owned(),
    }
}

/// Whether every way through a load balancer passes an action that verifies the caller, or leads to
/// a gate that does.
fn load_balancer_authenticates(proof: &Proof<'_>, key: &Key) -> Statement {
    let mut tally = Tally::new();
    let mut gates: BTreeSet<&Key> = BTreeSet::new();
    let mut by_itself = false;
    for listener in listeners_of(proof, key) {
        tally.assume_all(listener.load_balancer.assumed());
        if let Some(note) = &listener.open {
            tally.unknown(note);
        }
        for rule in listener.rules.iter().filter(|rule| forwards(rule)) {
            if rule.paths.len() == 1 && rule.paths.iter().all(|path| is_health(path)) {
                continue;
            }
            match verifier(proof, listener, rule) {
                Verifier::Action(how) => {
                    by_itself = true;
                    tally.fact(Verdict::Proved, "AUTHORIZED", &rule.origin, how);
                }
                Verifier::Gates(found) => {
                    for gate in found {
                        gates::add(proof, gate, &mut tally);
                        gates.insert(&gate.key);
                    }
                    tally.assume_all(&assumed_targets(proof, rule));
                }
                Verifier::Unknown(note) => tally.unknown(note),
                // A rule that isn't shown may come before it, for all requests.
                Verifier::Nobody if listener.open.is_some() => {}
                Verifier::Nobody => {
                    let text = match sigv4_claim(proof, rule) {
                        None => "forwards without an action that verifies the caller".to_owned(),
                        Some(claim) => format!(
                            "forwards without an action that verifies the caller: {claim}, and a load \
                             balancer verifies no SigV4"
                        ),
                    };
                    tally.fact(Verdict::Refuted, "NO_AUTHORIZATION", &rule.origin, text);
                }
            }
        }
    }
    let text = match (gates.len(), by_itself) {
        (0, _) => format!("{key} authenticates callers before it forwards them"),
        (1, false) => format!("{key} forwards to {}, which authenticates callers", listed(gates)),
        (_, false) => format!("{key} forwards to {}, which authenticate callers", listed(gates)),
        (_, true) => {
            format!("{key} authenticates callers, or forwards to {} for it", listed(gates))
        }
    };
    tally.statement("authenticates", Family::Trust, &[key], text)
}

/// What was assumed in order to say where a rule leads.
fn assumed_targets(proof: &Proof<'_>, rule: &ListenerRule) -> Vec<Note> {
    let mut all = Vec::new();
    for action in &rule.actions {
        let Action::Forward(groups) = action else { continue };
        all.extend(groups.assumed.clone());
        for key in &groups.sure {
            let group = proof.model.target_groups.get(key);
            let targets = group.map(|group| proof.lowered.targets(proof.model, key, group));
            all.extend(targets.into_iter().flatten().flat_map(|targets| targets.assumed));
        }
    }
    all
}

pub(crate) fn rule_authenticates(listener: &Listener, rule: &ListenerRule) -> Option<String> {
    if listener.verifies_clients {
        return Some("verifies client certificates".to_owned());
    }
    rule.actions.iter().take_while(|action| !matches!(action, Action::Forward(_))).find_map(
        |action| match action {
            Action::Authenticate { kind, allows_anonymous: false } => Some(format!("asks {kind}")),
            _ => None,
        },
    )
}

fn encrypted(proof: &Proof<'_>, service: &Key) -> Option<Statement> {
    let ways = ways(proof, service);
    if ways.is_empty() {
        return None;
    }
    let mut tally = Tally::new();
    for way in &ways {
        for hop in plain_hops(way) {
            let text = format!("{} is in plain text", hop.text);
            tally.fact(Verdict::Refuted, "PLAINTEXT", &hop.origin, text);
        }
        for hop in way {
            if let Carries::Unknown(note) = &hop.carries {
                tally.unknown(note);
            }
        }
        // Nothing on the way says what comes, and a gate alone is known to take TLS only.
        let given = way.iter().all(|hop| hop.carries == Carries::AsGiven);
        if let Some(hop) = way.first().filter(|_| given && !proof.model.gates.contains_key(service))
        {
            let by = &hop.origin.key;
            tally.unknown(format!("whether {service} speaks TLS, since {by} passes on what comes"));
        }
    }
    for chain in proof.chains_to(service).iter() {
        let next = chain.iter().skip(1).map(|relay| proof.lowered.relay_owner(*relay));
        for (relay, next) in chain.iter().zip(next.chain([Some(service)])) {
            let targets = next.map(|next| proof.lowered.interfaces_of(next)).unwrap_or_default();
            let relay = proof.lowered.net.relays.get(relay.index());
            let forwards = relay.into_iter().flat_map(|relay| &relay.forwards);
            let leading = forwards.filter(|f| f.targets.iter().any(|t| targets.contains(t)));
            tally.assume_all(leading.flat_map(|forward| &forward.assumed));
        }
    }
    let text = format!("every hop from the internet to {service} is encrypted");
    Some(tally.statement("encrypted", Family::Trust, &[service], text))
}
