//! `auth:`: every server has a way in, and each way works and lets in only whom it names.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Scope, amazon, twice};
use crate::diagnostic::{Diagnostic, listed, quoted};
use crate::farm::{ApiKeys, Auth, Oauth, SigV4IssuedKeys, StsProof};
use crate::word::{Arn, SecretRef, SecretStore, Text};

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
            Auth::Oauth(oauth) => self::oauth(oauth, problems),
        }
    }
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
    if proof.at.sound(&["principals"]) && proof.principals.is_empty() {
        let problem = Diagnostic::error("nobody", "nobody could prove it");
        problems.push(
            problem
                .at(proof.at.of("principals"), "")
                .help("name roles: `arn:aws:sts::123456789012:assumed-role/NAME/*`"),
        );
    }
    for principal in &proof.principals {
        if let Err((title, help)) = caller(scope, &principal.value) {
            let problem = Diagnostic::error("bad-principal", title).at(&principal.span, "");
            problems.push(problem.help(help));
        }
    }
    let places = proof.principals.iter().map(|it| (it.as_str(), it.span.clone()));
    twice(places, |it| format!("{} is there twice", quoted(it)), "remove one", problems);
}

/// Whether STS can answer with an ARN that a pattern matches. What is wrong otherwise, and what to
/// do.
fn caller(scope: &Scope<'_>, arn: &Arn) -> Result<(), (String, String)> {
    let (account, resource) = (arn.account(), arn.resource());
    let partition = amazon::partition(arn);
    let own = scope.farm.region.partition();
    if scope.farm.at.sound(&["region"]) && partition != own {
        let title = format!("{} is another partition", quoted(partition));
        return Err((title, format!("begin it with `arn:{own}:`")));
    }
    let prefix = format!("arn:{partition}:sts::{account}:assumed-role");
    if !matches!(arn.service(), "sts" | "iam") {
        let title = format!("something of {} signs no requests", quoted(arn.service()));
        return Err((title, format!("write it as `arn:{own}:sts::ACCOUNT:assumed-role/ROLE/*`")));
    }
    if !arn.region().is_empty() {
        let title = format!("a caller's ARN has no region, and this has {}", quoted(arn.region()));
        return Err((title, "leave the part empty: `arn:aws:sts::ACCOUNT:...`".to_owned()));
    }
    if account.len() != 12 || !account.chars().all(|c| c.is_ascii_digit()) {
        let title = format!("{} is not an account", quoted(account));
        let help = "write the account's 12 digits: other accounts name their roles as they like";
        return Err((title, help.to_owned()));
    }
    let parts: Vec<&str> = resource.split('/').collect();
    let drops = "the ARN that STS answers with has no path of the role";
    match (arn.service(), parts.as_slice()) {
        ("sts", ["assumed-role", role, session]) | ("iam", ["role", role, session])
            if role.is_empty() || session.is_empty() =>
        {
            Err(("a part of the ARN is empty".to_owned(), format!("write it as `{prefix}/ROLE/*`")))
        }
        ("sts", ["assumed-role", _, _]) | ("iam", ["role", _] | ["user", ..])
            if parts.len() > 1 =>
        {
            Ok(())
        }
        ("sts", ["assumed-role", role]) => {
            let title = "an assumed role has a session".to_owned();
            Err((title, format!("write `{prefix}/{role}/*` for any session")))
        }
        ("sts", ["assumed-role", .., role, session]) => {
            let title = format!("{drops}, so this matches nobody");
            Err((title, format!("write `{prefix}/{role}/{session}`")))
        }
        ("iam", ["role", .., role]) => {
            let title = format!("{drops}, so this matches nobody");
            Err((title, format!("write `{prefix}/{role}/*`")))
        }
        _ => {
            let title = "this is the ARN of nobody who signs requests".to_owned();
            Err((title, format!("write it as `{prefix}/ROLE/*`")))
        }
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
