//! `auth:`: every server has a way in, and each way works and lets in only whom it names.

mod caller;

use std::collections::BTreeMap;
use std::ops::Range;

use super::Scope;
use crate::diagnostic::{Diagnostic, listed, quoted};
use crate::farm::{ApiKeys, ApigwIam, Auth, Oauth, SigV4IssuedKeys, StsProof};
use crate::word::{SecretRef, SecretStore, Text};

/// Headers with a meaning of their own, in which no key is.
const TAKEN: [&str; 14] = [
    "accept",
    "authorization",
    "connection",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// What such headers begin with.
const TAKEN_PREFIXES: [&str; 6] =
    ["content-", "mcp-", "x-amz-", "x-forwarded-", "x-farmgate-", "sec-"];

/// The stores so far: which kind of keys each holds, and where that is written.
type Stores = BTreeMap<String, (&'static str, Range<usize>)>;

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let mut stores = Stores::new();
    gate_keys(scope, &mut stores, problems);
    list(scope, &scope.farm.auth, &mut stores, problems);
    for server in scope.farm.servers.values() {
        list(scope, server.auth.as_deref().unwrap_or_default(), &mut stores, problems);
    }
    own_secrets(scope, &stores, problems);
    ways_in(scope, problems);
}

/// Every server has at least one way to prove who calls.
fn ways_in(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let farm = scope.farm;
    let mut without = Vec::new();
    for (name, server) in scope.enabled() {
        let path = ["servers", name.as_str(), "auth"];
        match &server.auth {
            Some(list) if list.is_empty() && server.at.sound(&["auth"]) => {
                let title = format!("nobody could call {}", quoted(name.as_str()));
                let problem = Diagnostic::error("nobody", title).at(&scope.value(&path), "");
                problems.push(problem.help(
                    "name a way to prove who calls, or remove `auth`, so that the farm's holds; \
                     no server can be called without proof",
                ));
            }
            None if farm.auth.is_empty() && server.at.sound(&["auth"]) => {
                without.push(name.as_str());
            }
            _ => {}
        }
    }
    if without.is_empty() || !farm.at.sound(&["auth"]) {
        return;
    }
    let title = format!("nobody could call {}", listed(without.iter().copied()));
    let at = if farm.at.has("auth") { farm.at.of("auth").clone() } else { scope.key(&["servers"]) };
    problems.push(Diagnostic::error("nobody", title).at(&at, "").help(
        "name a way to prove who calls: `auth: [{ api_keys: { store: \
         \"secretsmanager:FARM/api-keys\" } }]`",
    ));
}

fn gate_keys(scope: &Scope<'_>, stores: &mut Stores, problems: &mut Vec<Diagnostic>) {
    let gate = &scope.farm.gate;
    if let Some(keys) = gate.keys.as_ref().filter(|_| gate.at.sound(&["keys"])) {
        store(keys, "the gate's keys", gate.at.of("keys"), stores, problems);
    }
}

fn list(scope: &Scope<'_>, list: &[Auth], stores: &mut Stores, problems: &mut Vec<Diagnostic>) {
    for way in list {
        match way {
            Auth::ApiKeys(keys) => api_keys(keys, stores, problems),
            Auth::SigV4IssuedKeys(keys) => sigv4(keys, stores, problems),
            Auth::StsProof(proof) => sts_proof(scope, proof, problems),
            Auth::ApigwIam(gateway) => apigw_iam(scope, gateway, stores, problems),
            Auth::Oauth(oauth) => self::oauth(oauth, problems),
        }
    }
    beside_gateway(list, problems);
}

fn api_keys(keys: &ApiKeys, stores: &mut Stores, problems: &mut Vec<Diagnostic>) {
    let at = &keys.at;
    if at.sound(&["store"]) {
        store(&keys.store, "API keys", at.of("store"), stores, problems);
    }
    if at.sound(&["header"]) {
        header(&keys.header, at.of("header"), problems);
    }
    if let Some(group) = keys.group_header.as_ref().filter(|_| at.sound(&["group_header"])) {
        header(group, at.of("group_header"), problems);
        if at.sound(&["header"]) && keys.header == *group {
            let title = format!("{} can't be both headers", quoted(group.as_str()));
            let problem = Diagnostic::error("duplicate", title).at(at.of("group_header"), "");
            problems.push(problem.help("name the group in another header, as `x-group-name`"));
        }
    }
}

fn sigv4(keys: &SigV4IssuedKeys, stores: &mut Stores, problems: &mut Vec<Diagnostic>) {
    let at = &keys.at;
    if at.sound(&["store"]) {
        store(&keys.store, "key pairs for SigV4", at.of("store"), stores, problems);
    }
    let service = keys.service.as_str();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if at.sound(&["service"]) && (service.is_empty() || !service.chars().all(fits)) {
        let title = format!("{} is not a service of a credential scope", quoted(service));
        let problem = Diagnostic::error("bad-service", title).at(at.of("service"), "");
        problems.push(problem.help("write it as `execute-api`"));
    }
}

/// A store is in Secrets Manager, and is for one kind of keys.
fn store(
    secret: &SecretRef,
    kind: &'static str,
    at: &Range<usize>,
    stores: &mut Stores,
    problems: &mut Vec<Diagnostic>,
) {
    if secret.store != SecretStore::SecretsManager {
        let title = format!("{kind} are kept in Secrets Manager");
        let problem = Diagnostic::error("wrong-store", title).at(at, "");
        problems.push(problem.help("write it as `secretsmanager:FARM/NAME`"));
        return;
    }
    match stores.get(&secret.name) {
        Some((other, first)) if *other != kind => {
            let title = format!("{} holds {other} already", quoted(&secret.name));
            let problem =
                Diagnostic::error("same-store", title).at(at, kind).context(first, *other);
            problems.push(problem.help("keep each kind of keys in a secret of its own"));
        }
        Some(_) => {}
        None => {
            stores.insert(secret.name.clone(), (kind, at.clone()));
        }
    }
}

/// What the gate alone may read, no task gets.
fn own_secrets(scope: &Scope<'_>, stores: &Stores, problems: &mut Vec<Diagnostic>) {
    for task in scope.tasks() {
        for secret in task.container.secrets.values() {
            if secret.store != SecretStore::SecretsManager || secret.span.is_empty() {
                continue;
            }
            if let Some((kind, place)) = stores.get(&secret.name) {
                let title =
                    format!("{} holds {kind}, which the gate alone may read", quoted(&secret.name));
                let problem = Diagnostic::error("gate-secret", title)
                    .at(&secret.span, "")
                    .context(place, "the gate reads it here");
                problems.push(problem.help("give the task a secret of its own"));
            }
        }
    }
}

fn header(header: &Text, at: &Range<usize>, problems: &mut Vec<Diagnostic>) {
    let text = header.as_str();
    let lower = text.to_ascii_lowercase();
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if text.is_empty() || !text.chars().all(token) {
        let title = format!("{} is not a header's name", quoted(text));
        let problem = Diagnostic::error("bad-header", title).at(at, "");
        problems.push(problem.help("write it as `x-api-key`"));
    } else if TAKEN.contains(&lower.as_str())
        || TAKEN_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
    {
        let title = format!("the header {} has a meaning of its own", quoted(text));
        let problem = Diagnostic::error("taken-header", title).at(at, "");
        problems.push(problem.help("take another, as `x-api-key`"));
    } else if lower != text {
        let title = format!("{} is not in lower case", quoted(text));
        let problem = Diagnostic::error("bad-header", title).at(at, "");
        problems.push(problem.help(format!("write `{lower}`; clients may write it in any case")));
    }
}

fn sts_proof(scope: &Scope<'_>, proof: &StsProof, problems: &mut Vec<Diagnostic>) {
    caller::all(scope, &proof.at, &proof.principals, problems);
}

/// What an API Gateway says of callers, and how the gate knows the gateway.
fn apigw_iam(
    scope: &Scope<'_>,
    gateway: &ApigwIam,
    stores: &mut Stores,
    problems: &mut Vec<Diagnostic>,
) {
    if gateway.at.sound(&["secret"]) {
        let at = gateway.at.of("secret");
        store(&gateway.secret, "secrets of API Gateways", at, stores, problems);
    }
    caller::all(scope, &gateway.at, &gateway.principals, problems);
}

/// Who calls through the API Gateway that verifies SigV4 has signed: whoever proves it otherwise is
/// refused before the gate sees the proof.
fn beside_gateway(list: &[Auth], problems: &mut Vec<Diagnostic>) {
    let Some(gateway) = list.iter().find_map(|way| match way {
        Auth::ApigwIam(gateway) => Some(gateway),
        _ => None,
    }) else {
        return;
    };
    for way in list {
        let (kind, at) = match way {
            Auth::ApiKeys(it) => ("api_keys", it.at.own()),
            Auth::SigV4IssuedKeys(it) => ("sigv4_issued_keys", it.at.own()),
            Auth::StsProof(it) => ("sts_proof", it.at.own()),
            Auth::Oauth(it) => ("oauth", it.at.own()),
            Auth::ApigwIam(_) => continue,
        };
        let title = format!("nobody could call by {} beside `apigw_iam`", quoted(kind));
        let problem = Diagnostic::error("unreachable-way", title).at(at, "");
        problems.push(problem.context(gateway.at.own(), "this lets in signed requests alone").help(
            "API Gateway refuses what IAM didn't sign before the gate sees it: keep one of them, or \
             give servers their own `auth`",
        ));
    }
}

fn oauth(oauth: &Oauth, problems: &mut Vec<Diagnostic>) {
    let at = &oauth.at;
    let issuer = oauth.issuer.as_str();
    if at.sound(&["issuer"])
        && let Some((title, help)) = wrong_issuer(issuer)
    {
        problems.push(Diagnostic::error("bad-url", title).at(at.of("issuer"), "").help(help));
    }
    let fits = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    for scope in &oauth.scopes {
        if scope.is_empty() || !scope.as_str().chars().all(fits) {
            let title = format!("{} is not a scope", quoted(scope.as_str()));
            let problem = Diagnostic::error("bad-scope", title).at(at.of("scopes"), "");
            problems.push(problem.help("write an item for each scope, without spaces"));
        }
    }
}

fn wrong_issuer(issuer: &str) -> Option<(String, &'static str)> {
    let example = "write it as `https://id.example.com`, as its tokens' `iss` says";
    let Some(rest) = issuer.strip_prefix("https://") else {
        return Some((format!("{} is not an https URL", quoted(issuer)), example));
    };
    let host = rest.split('/').next().unwrap_or_default();
    if issuer.contains(['?', '#']) {
        let title = format!("{} has a query or a fragment", quoted(issuer));
        return Some((title, "an issuer has none (RFC 8414)"));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    let printable = rest.chars().all(|c| c.is_ascii_graphic());
    if host.is_empty() || host.starts_with(':') || !host.chars().all(fits) || !printable {
        return Some((format!("{} is not an https URL", quoted(issuer)), example));
    }
    None
}
