//! *Trust on the way*: which hop authenticates callers from the internet, and which hops are in
//! plain text.
//!
//! Which AWS fronts verify a caller: API Gateway Developer Guide, "Control access"; Elastic Load
//! Balancing, "Authenticate users" (OIDC, Cognito, JWT) and "Mutual authentication". An application
//! load balancer verifies no SigV4. WebSocket APIs authorize at `$connect` alone.

use std::collections::BTreeSet;

use farmgate_aws::model::{
    Action, Api, ApiKind, ApiRoute, Authorization, Integration, IntegrationTarget, Key, Listener,
    ListenerRule, Note, Origin, Val,
};
use farmgate_net::reach::Verdict as Reached;

use super::{Proof, Scope, Tally, listed};
use crate::report::{Family, Statement, Verdict};

pub(super) fn prove(proof: &Proof<'_>, scope: &Scope, all: &mut Vec<Statement>) {
    for (key, api) in &proof.model.apis {
        if scope.covers([key]) && !api.routes.is_empty() {
            all.push(api_authenticates(key, api));
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
    for key in proof.model.services.keys().filter(|k| scope.covers([*k])) {
        all.extend(encrypted(proof, key));
    }
}

impl Proof<'_> {
    /// Whether an API or a load balancer authenticates its callers.
    pub(crate) fn authenticates(&self, key: &Key) -> Option<Statement> {
        if let Some(api) = self.model.apis.get(key) {
            return Some(api_authenticates(key, api));
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
fn api_authenticates(key: &Key, api: &Api) -> Statement {
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
    if api.kind == ApiKind::WebSocket && !api.routes.iter().any(connects) {
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

fn authenticator(how: &Authorization) -> String {
    match how {
        Authorization::Iam => "IAM (SigV4)".to_owned(),
        Authorization::Jwt(Some(key)) | Authorization::Lambda(Some(key)) => key.to_string(),
        Authorization::Jwt(None) => "a JWT authorizer".to_owned(),
        Authorization::Lambda(None) => "a Lambda authorizer".to_owned(),
        Authorization::ApiKeyOnly | Authorization::None => "nothing".to_owned(),
    }
}

/// Whether every way through a load balancer passes an action that verifies the caller.
fn load_balancer_authenticates(proof: &Proof<'_>, key: &Key) -> Statement {
    let mut tally = Tally::new();
    for listener in listeners_of(proof, key) {
        tally.assume_all(listener.load_balancer.assumed());
        for rule in listener.rules.iter().filter(|rule| forwards(rule)) {
            if rule.paths.len() == 1 && rule.paths.iter().all(|path| is_health(path)) {
                continue;
            }
            match rule_authenticates(listener, rule) {
                Some(how) => tally.fact(Verdict::Proved, "AUTHORIZED", &rule.origin, how),
                None => tally.fact(
                    Verdict::Refuted,
                    "NO_AUTHORIZATION",
                    &rule.origin,
                    "forwards without an action that verifies the caller",
                ),
            }
        }
    }
    let text = format!("{key} authenticates callers before it forwards them");
    tally.statement("authenticates", Family::Trust, &[key], text)
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

/// A hop on the way to a server.
#[derive(Debug, Clone)]
pub(crate) struct Hop {
    pub(crate) origin: Origin,
    pub(crate) text: String,
    pub(crate) carries: Carries,
}

/// Whether a hop is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Carries {
    /// By itself.
    Encrypted,
    /// Not.
    Plain,
    /// As what came in is (TCP through a network load balancer).
    AsGiven,
    /// That depends on this.
    Unknown(Note),
}

/// Every way from the internet to a service that carries a request, each with its hops, outermost
/// first. Empty if the internet does not reach it.
pub(crate) fn ways(proof: &Proof<'_>, service: &Key) -> Vec<Vec<Hop>> {
    let mut all = Vec::new();
    for way in proof.chains_to(service).iter() {
        let owners: Vec<&Key> = way.iter().filter_map(|r| proof.lowered.relay_owner(*r)).collect();
        let mut chains: Vec<Vec<Hop>> = vec![Vec::new()];
        for (index, owner) in owners.iter().enumerate() {
            let next = owners.get(index + 1).copied().unwrap_or(service);
            let legs = legs(proof, owner, next, index == 0);
            let longer = chains.iter().flat_map(|chain| {
                legs.iter().map(move |leg| chain.iter().chain(leg).cloned().collect())
            });
            chains = longer.take(MOST_WAYS).collect();
        }
        all.extend(chains);
    }
    all
}

/// At most so many ways through one chain of hops are told apart.
const MOST_WAYS: usize = 256;

/// The hops of one owner, for each of its ways through.
fn legs(proof: &Proof<'_>, owner: &Key, next: &Key, first: bool) -> Vec<Vec<Hop>> {
    if let Some(api) = proof.model.apis.get(owner) {
        return api_hops(api, next).into_iter().map(|hop| vec![hop]).collect();
    }
    if let Some(distribution) = proof.model.distributions.get(owner) {
        // `match-viewer` is plain text only if viewers may come in plain text.
        let viewers = distribution.https_only.get().copied();
        let plain = distribution.origin_protocols.iter().map(|p| match p.as_str() {
            "https-only" => Some(true),
            "match-viewer" => viewers,
            _ => Some(false),
        });
        let plain: Vec<Option<bool>> = plain.collect();
        let encrypted = match (plain.contains(&Some(false)), plain.contains(&None)) {
            (true, _) => Carries::Plain,
            (false, true) => {
                Carries::Unknown(format!("whether {owner} takes HTTPS viewers only").into())
            }
            (false, false) => Carries::Encrypted,
        };
        let text = format!("{owner} to {next}");
        return vec![vec![Hop { origin: Origin::of(owner), text, carries: encrypted }]];
    }
    load_balancer_hops(proof, owner, next, first)
}

fn api_hops(api: &Api, next: &Key) -> Vec<Hop> {
    let mut all: Vec<Hop> = Vec::new();
    for route in &api.routes {
        let Some(Some(integration)) = route.integration.get() else {
            continue;
        };
        if !matches!(integration.target, IntegrationTarget::VpcLink { .. })
            || all.iter().any(|hop| hop.origin == integration.origin)
        {
            continue;
        }
        all.push(Hop {
            origin: integration.origin.clone(),
            text: format!("{} to {next}", api.key),
            carries: match integration.tls {
                Some(true) => Carries::Encrypted,
                Some(false) => Carries::Plain,
                None => Carries::Unknown(format!("whether {} uses TLS", integration.origin).into()),
            },
        });
    }
    all
}

/// One way for every listener and target group through which a load balancer leads on.
fn load_balancer_hops(proof: &Proof<'_>, lb: &Key, next: &Key, first: bool) -> Vec<Vec<Hop>> {
    let mut all = Vec::new();
    for listener in listeners_of(proof, lb) {
        let groups = farmgate_aws::network::relays::forwarded_groups(proof.model, listener);
        let groups = groups.into_iter().map(|(group, _)| group);
        for group in groups.filter(|group| leads_to(proof, group, next)) {
            let Some(group) = proof.model.target_groups.get(&group) else {
                continue;
            };
            let mut way = Vec::new();
            let outer = carries(&listener.protocol);
            if first {
                way.push(Hop {
                    origin: Origin::of(&listener.key),
                    text: format!("the internet to {lb}"),
                    carries: outer.clone(),
                });
            }
            // A listener that ends TLS hands on plain text, unless the targets speak TLS again.
            let inner = match (carries(&group.protocol), outer) {
                (Carries::AsGiven, Carries::Encrypted) => Carries::Plain,
                (inner, _) => inner,
            };
            way.push(Hop {
                origin: Origin::of(&group.key),
                text: format!("{lb} to {next}"),
                carries: inner,
            });
            all.push(way);
        }
    }
    all
}

fn leads_to(proof: &Proof<'_>, group: &Key, owner: &Key) -> bool {
    let found = proof.model.target_groups.get(group);
    found.is_some_and(|found| {
        proof.lowered.targets(proof.model, group, found).iter().any(|t| t.owner == *owner)
    })
}

fn carries(protocol: &Val<String>) -> Carries {
    match protocol {
        Val::Known(protocol) | Val::Assumed(protocol, _) => match protocol.as_str() {
            "HTTPS" | "TLS" => Carries::Encrypted,
            "HTTP" => Carries::Plain,
            _ => Carries::AsGiven,
        },
        Val::OneOf(_, note) | Val::Unknown(note) => Carries::Unknown(note.clone()),
    }
}

/// The hops of one way in plain text: those that say so, and those that carry on what came so.
pub(crate) fn plain_hops(way: &[Hop]) -> Vec<&Hop> {
    let mut plain = false;
    let mut all = Vec::new();
    for hop in way {
        plain = match hop.carries {
            Carries::Plain => true,
            Carries::Encrypted | Carries::Unknown(_) => false,
            Carries::AsGiven => plain,
        };
        if plain {
            all.push(hop);
        }
    }
    all
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
    }
    for relay in proof.relays_to(service) {
        let relay = proof.lowered.net.relays.get(relay.index());
        tally.assume_all(relay.into_iter().flat_map(|r| &r.forwards).flat_map(|f| &f.assumed));
    }
    let text = format!("every hop from the internet to {service} is encrypted");
    Some(tally.statement("encrypted", Family::Trust, &[service], text))
}
