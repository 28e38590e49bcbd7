//! A gate reaches those who help it to verify callers: STS, and issuers of tokens.

use std::collections::BTreeSet;

use farmgate_aws::model::{Key, Model};
use farmgate_farm::gate::{Authentication, CONFIG_VARIABLE, Config};

use crate::prove::tally::Tally;
use crate::prove::way::{Ask, HTTPS, Need};
use crate::prove::{Proof, Scope, listed};
use crate::report::{Family, Statement, Verdict};

pub(super) fn prove(proof: &Proof<'_>, scope: &Scope, all: &mut Vec<Statement>) {
    for key in proof.model.gates.keys().filter(|key| scope.covers([*key])) {
        if let Some(config) = config(proof.model, key) {
            all.extend(verifies(proof, key, &config));
        }
    }
}

/// The configuration that a gate's task is given.
fn config(model: &Model, gate: &Key) -> Option<Config> {
    let definition = model.services.get(gate)?.task_definition.get()?.as_ref()?;
    let containers = model.task_definitions.get(definition)?.containers.get()?;
    let texts = containers.iter().filter_map(|it| it.environment.get(CONFIG_VARIABLE));
    texts.filter_map(|text| Config::parse(text).ok()).next()
}

fn verifies(proof: &Proof<'_>, key: &Key, config: &Config) -> Option<Statement> {
    let mut regions: BTreeSet<&str> = BTreeSet::new();
    let mut issuers: BTreeSet<(&str, u16)> = BTreeSet::new();
    for how in config.servers.values().flat_map(|server| &server.authentication) {
        match how {
            Authentication::StsProof { regions: named, .. } => {
                regions.extend(named.iter().map(String::as_str));
            }
            Authentication::Oauth { issuer, .. } => {
                issuers.insert(authority(issuer));
            }
            Authentication::ApiKeys { .. }
            | Authentication::Sigv4IssuedKeys { .. }
            | Authentication::ApigwIam { .. } => {}
        }
    }
    if regions.is_empty() && issuers.is_empty() {
        return None;
    }
    let mut tally = Tally::new();
    let mut ways = BTreeSet::new();
    let mut who: Vec<String> = Vec::new();
    for region in regions {
        let here = proof.model.region.as_deref() == Some(region);
        let way = if here {
            let asks = [Ask { action: "sts:GetCallerIdentity", resource: Some("*".to_owned()) }];
            proof.way(key, Need { service: "sts", asks: &asks })
        } else {
            proof.internet_way(key, &format!("sts.{region}.amazonaws.com"), HTTPS)
        };
        who.push(if here { "STS".to_owned() } else { format!("STS of {region}") });
        ways.insert(way.words());
        tally.merge(way.tally);
    }
    for (issuer, port) in issuers {
        let way = proof.internet_way(key, issuer, port);
        who.push(issuer.to_owned());
        ways.insert(way.words());
        tally.merge(way.tally);
    }
    let by = match tally.verdict() {
        Verdict::Proved => format!(", by {}", listed(&ways)),
        _ => String::new(),
    };
    let text = format!("{key} reaches {}, with which it verifies callers{by}", listed(&who));
    Some(tally.statement("reaches-verifiers", Family::Life, &[key], text))
}

/// Host and port of an https URL.
fn authority(url: &str) -> (&str, u16) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(HTTPS)),
        None => (authority, HTTPS),
    }
}
