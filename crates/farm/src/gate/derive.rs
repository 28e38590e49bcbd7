//! The gate's configuration, derived from a farm.
//!
//! Where servers are is the caller's to say: on Fargate they have names in the VPC, on this machine
//! the runner gives them addresses.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::{
    Answer, Audit, Authentication, Concurrency, Config, Health, Limits, OnFailure, Rate, Replay,
    Server, ToolRule, Upstream, VERSION,
};
use crate::farm::{self, Auth, Farm};
use crate::record::Number;
use crate::word::{Client, Name, SecretRef};

/// What stands before the number of a store in the name of its environment variable.
const STORE_VARIABLE: &str = "FARMGATE_STORE_";

/// The secrets with which the gate verifies callers, each with the environment variable in which it
/// finds it: stores of keys, and the secrets by which API Gateways are known. Numbered in the order
/// in which the file names them, the farm's own before those of servers.
#[must_use]
pub fn stores(farm: &Farm) -> Vec<(String, SecretRef)> {
    let own = enabled(farm).filter_map(|(_, server)| server.auth.as_ref());
    let mut stores: Vec<(String, SecretRef)> = Vec::new();
    for auth in std::iter::once(&farm.auth).chain(own).flatten() {
        let store = match auth {
            Auth::ApiKeys(keys) => &keys.store,
            Auth::SigV4IssuedKeys(keys) => &keys.store,
            Auth::ApigwIam(gateway) => &gateway.secret,
            Auth::StsProof(_) | Auth::Oauth(_) => continue,
        };
        if !stores.iter().any(|(_, known)| known == store) {
            stores.push((format!("{STORE_VARIABLE}{}", stores.len() + 1), store.clone()));
        }
    }
    stores
}

/// The servers that are there.
pub fn enabled(farm: &Farm) -> impl Iterator<Item = (&Name, &farm::Server)> {
    farm.servers.iter().filter(|(_, server)| server.container.enabled)
}

/// The ways in which a server's callers prove who they are: its own, or the farm's.
#[must_use]
pub fn auth<'a>(farm: &'a Farm, server: &'a farm::Server) -> &'a [Auth] {
    server.auth.as_deref().unwrap_or(&farm.auth)
}

/// The URL at which clients find a server.
#[must_use]
pub fn url(farm: &Farm, server: &farm::Server) -> String {
    format!("https://{}{}", farm.ingress.domain.name, crate::routes::endpoint(server))
}

/// The path at which a server is probed.
#[must_use]
pub fn health_path(server: &farm::Server) -> String {
    let written = server.health.path.as_ref().map(|path| path.as_str().to_owned());
    written.unwrap_or_else(|| crate::routes::endpoint(server))
}

/// The gate's configuration. `proxies` are the addresses of what stands before the gate.
pub fn config(
    farm: &Farm,
    proxies: Vec<IpNet>,
    upstream: impl Fn(&Name, &farm::Server) -> Upstream,
) -> Config {
    let stores = stores(farm);
    let priorities = crate::routes::priorities(farm);
    let servers = enabled(farm).map(|(name, server)| {
        let ways = auth(farm, server).iter();
        let authentication = ways.map(|auth| authentication(farm, server, auth, &stores)).collect();
        let server = Server {
            route: server.route.as_str().to_owned(),
            priority: priorities.get(name).copied().unwrap_or_default(),
            upstream: upstream(name, server),
            authentication,
            health: health(server),
            drain: server.container.drain.as_seconds(),
        };
        (name.as_str().to_owned(), server)
    });
    Config {
        version: VERSION,
        farm: farm.farm.as_str().to_owned(),
        port: super::PORT,
        listen: None,
        plain: false,
        admin: None,
        tls: None,
        hosts: vec![farm.ingress.domain.name.as_str().to_owned()],
        trusted_proxies: proxies,
        allow: allowed(farm),
        idle_timeout: farm.ingress.idle_timeout.as_seconds(),
        default: answer(farm),
        limits: limits(farm),
        audit: audit(&farm.gate.audit),
        servers: servers.collect::<BTreeMap<_, _>>(),
        tools: farm.tools.iter().map(tool_rule).collect(),
    }
}

/// The blocks from which clients may come; none if they may come from anywhere, or if a prefix list
/// says from where: what it holds, the gate doesn't know, and the load balancer's group enforces it.
fn allowed(farm: &Farm) -> Vec<IpNet> {
    let clients = farm.ingress.allow.iter().map(|client| match &client.value {
        Client::Cidr(block) => Some(block.0),
        Client::PrefixList(_) | Client::Internet => None,
    });
    clients.collect::<Option<_>>().unwrap_or_default()
}

/// What the load balancer answers, which forwards nothing but the servers' paths.
fn answer(farm: &Farm) -> Answer {
    let answer = &farm.ingress.default;
    let status = u16::try_from(answer.status.get()).unwrap_or(404);
    Answer { status, body: answer.body.as_str().to_owned() }
}

fn limits(farm: &Farm) -> Limits {
    let written = &farm.gate.limits;
    let answer = written.answer.as_seconds().min(farm.ingress.idle_timeout.as_seconds());
    let rate = |rate: &crate::word::Rate| Rate {
        requests: u32::try_from(rate.count).unwrap_or(u32::MAX),
        seconds: rate.per.as_seconds(),
    };
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Limits {
        body_bytes: size(written.body.get()).saturating_mul(1024),
        answer_seconds: answer,
        per_principal: rate(&written.per_principal),
        per_address: rate(&written.per_address),
        per_server: written.per_server.as_ref().map(rate),
        concurrency: Concurrency {
            per_server: size(written.at_a_time.get()),
            per_principal: size(written.at_a_time_per_principal.get()),
            ..Concurrency::default()
        },
        ..Limits::default()
    }
}

fn audit(written: &farm::GateAudit) -> Audit {
    let fail = match written.fail {
        farm::AuditFailure::Closed => OnFailure::Closed,
        farm::AuditFailure::Open => OnFailure::Open,
    };
    Audit { fail, arguments: written.arguments, ..Audit::default() }
}

fn health(server: &farm::Server) -> Health {
    let count = |number: Number<2, 10>| u32::try_from(number.get()).unwrap_or_default();
    Health {
        path: health_path(server),
        codes: server.health.codes.as_str().to_owned(),
        interval: server.health.interval.as_seconds(),
        timeout: server.health.timeout.as_seconds(),
        healthy: count(server.health.healthy),
        unhealthy: count(server.health.unhealthy),
    }
}

fn authentication(
    farm: &Farm,
    server: &farm::Server,
    auth: &Auth,
    stores: &[(String, SecretRef)],
) -> Authentication {
    let variable = |store: &SecretRef| {
        let known = stores.iter().find(|(_, known)| known == store);
        known.map(|(variable, _)| variable.clone()).unwrap_or_default()
    };
    let region = farm.region.as_str();
    match auth {
        Auth::ApiKeys(keys) => Authentication::ApiKeys {
            store: variable(&keys.store),
            header: keys.header.as_str().to_owned(),
            group_header: keys.group_header.as_ref().map(|header| header.as_str().to_owned()),
        },
        Auth::SigV4IssuedKeys(keys) => Authentication::Sigv4IssuedKeys {
            store: variable(&keys.store),
            region: keys.region.as_ref().map_or(region, |region| region.as_str()).to_owned(),
            service: keys.service.as_str().to_owned(),
            replay: match keys.replay {
                farm::Replay::Window => Replay::Window,
                farm::Replay::Refuse => Replay::Refuse,
            },
            unsigned_payload: keys.unsigned_payload,
        },
        Auth::StsProof(proof) => Authentication::StsProof {
            principals: callers(&proof.principals),
            regions: sts_regions(farm, proof),
            audience: audience(farm).to_owned(),
        },
        Auth::ApigwIam(gateway) => Authentication::ApigwIam {
            secret: variable(&gateway.secret),
            principals: callers(&gateway.principals),
        },
        Auth::Oauth(oauth) => Authentication::Oauth {
            issuer: oauth.issuer.as_str().to_owned(),
            audience: url(farm, server),
            scopes: oauth.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        },
    }
}

fn callers(arns: &[crate::record::Spanned<crate::word::Arn>]) -> Vec<String> {
    arns.iter().map(|arn| arn.as_str().to_owned()).collect()
}

/// What a proof for STS has to name as its audience: the farm's domain.
#[must_use]
pub fn audience(farm: &Farm) -> &str {
    farm.ingress.domain.name.as_str()
}

/// The regions to whose STS a proof may be replayed; the farm's if none is written.
#[must_use]
pub fn sts_regions(farm: &Farm, proof: &farm::StsProof) -> Vec<String> {
    if proof.regions.is_empty() {
        return vec![farm.region.as_str().to_owned()];
    }
    proof.regions.iter().map(|region| region.as_str().to_owned()).collect()
}

fn tool_rule(rule: &farm::ToolRule) -> ToolRule {
    let selection = &rule.selection;
    ToolRule {
        allow: rule.allow,
        principals: selection.principals.iter().map(|who| who.as_str().to_owned()).collect(),
        server: selection.server.as_str().to_owned(),
        tools: selection.tools.iter().map(|tool| tool.as_str().to_owned()).collect(),
    }
}
