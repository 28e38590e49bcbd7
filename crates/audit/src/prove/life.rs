//! *Life*: what a service needs in order to start, to be healthy and to do its work.
//!
//! Source: Amazon ECS Developer Guide, "Fargate task networking" and "Stopped tasks error codes"
//! (`ResourceInitializationError`): platform 1.4 pulls images, ships logs and fetches secrets over
//! the task's own interface.

mod gates;
mod needs;
mod neighbours;
mod permits;
mod verifiers;

use std::collections::BTreeSet;

use farmgate_aws::model::{Container, EcsService, Key, Model, Note, TargetGroup};
use farmgate_aws::network::relays::{Targets, forwarded_groups};
use farmgate_net::reach::Verdict as Reached;
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::Back;

use super::tally::Wanted;
use super::way::{self, Need};
use super::{Proof, Scope, Tally};
use crate::report::{Family, Statement, Verdict};

pub(super) fn prove(proof: &Proof<'_>, scope: &Scope, all: &mut Vec<Statement>) {
    targets(proof, scope, all);
    links(proof, scope, all);
    gates::prove(proof, scope, all);
    verifiers::prove(proof, scope, all);
    for (key, service) in proof.model.services.iter().filter(|(k, _)| scope.covers([*k])) {
        tasks(proof, key, service, all);
    }
    endpoints(proof, scope, all);
}

/// Every load balancer reaches its targets on the traffic port and on the health check's.
fn targets(proof: &Proof<'_>, scope: &Scope, all: &mut Vec<Statement>) {
    let mut seen = BTreeSet::new();
    for listener in proof.model.listeners.values() {
        let Some(lb) = listener.load_balancer.get() else {
            continue;
        };
        let groups = forwarded_groups(proof.model, listener).into_iter();
        for (group_key, _) in groups.filter(|(_, maybe)| maybe.is_none()) {
            let Some(group) = proof.model.target_groups.get(&group_key) else {
                continue;
            };
            // A function is invoked: nothing is opened to its interfaces.
            if group.target_type.get().is_some_and(|kind| kind == "lambda") {
                continue;
            }
            let targets = proof.lowered.targets(proof.model, &group_key, group).into_iter();
            for targets in targets.filter(|t| t.maybe.is_none()) {
                let new = seen.insert((lb.clone(), targets.owner.clone(), group_key.clone()));
                if new && scope.covers([lb, &targets.owner]) {
                    all.push(reaches_targets(proof, lb, group, &targets));
                }
            }
        }
    }
}

fn reaches_targets(
    proof: &Proof<'_>,
    lb: &Key,
    group: &TargetGroup,
    targets: &Targets,
) -> Statement {
    let mut tally = Tally::new();
    tally.assume_all(&targets.assumed);
    let health = group.health.port.or(targets.port);
    let mut ports: BTreeSet<u16> = targets.port.into_iter().collect();
    if group.health.enabled {
        ports.extend(health);
    }
    if ports.is_empty() {
        let note = unknown_port(proof.model, &targets.owner, &group.key);
        tally.unknown(
            note.map_or_else(|| format!("the port of {}", group.key), |it| it.to_string()),
        );
    }
    let nodes = proof.lowered.interfaces_of(lb);
    if nodes.is_empty() {
        tally.unknown(format!("the subnets of {lb}"));
    }
    for port in &ports {
        for node in nodes {
            for target in &targets.interfaces {
                let answer = proof.connects(*node, *target, &ServiceSet::tcp(*port));
                tally.answer(&answer, Wanted::Open, lb.as_str(), targets.owner.as_str());
            }
        }
    }
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    let text = match (group.health.enabled, ports.len()) {
        (true, 2..) => format!(
            "{lb} reaches {} on its traffic and health check ports {}",
            targets.owner,
            ports.join(" and ")
        ),
        (_, 0) => format!("{lb} reaches {}", targets.owner),
        _ => format!(
            "{lb} reaches {} on tcp {} (traffic and health check)",
            targets.owner,
            ports.join(", ")
        ),
    };
    tally.statement("reaches-targets", Family::Life, &[lb, &targets.owner], text)
}

/// Why the port is not known on which a service takes what a target group forwards.
fn unknown_port<'m>(model: &'m Model, owner: &Key, group: &Key) -> Option<&'m Note> {
    let targets = &model.services.get(owner)?.load_balancers;
    let mut own = targets.iter().filter(|target| target.target_group.get() == Some(group));
    own.find_map(|target| target.port.missing())
}

/// Every VPC link reaches what its API leads to.
fn links(proof: &Proof<'_>, scope: &Scope, all: &mut Vec<Statement>) {
    for api in proof.model.apis.keys() {
        for relay in proof.lowered.relays_of(api) {
            let Some(relay) = proof.lowered.net.relays.get(relay.index()) else {
                continue;
            };
            let Back::Interfaces(backs) = &relay.back else {
                continue;
            };
            for forward in &relay.forwards {
                let owner = forward.targets.first().and_then(|t| proof.lowered.owner(*t));
                let Some(owner) = owner.filter(|o| scope.covers([api, *o])) else {
                    continue;
                };
                let mut tally = Tally::new();
                tally.assume_all(&forward.assumed);
                for back in backs {
                    for target in forward.targets.iter().filter(|t| *t != back) {
                        let answer = proof.connects(*back, *target, &forward.service);
                        tally.answer(&answer, Wanted::Open, api.as_str(), owner.as_str());
                    }
                }
                let text =
                    format!("{api} reaches {owner} on {} through its VPC link", forward.service);
                let statement =
                    tally.statement("reaches-targets", Family::Life, &[api, owner], text);
                if !all.iter().any(|s| s.id == statement.id) {
                    all.push(statement);
                }
            }
        }
    }
}

/// The parts of a container by which it names what it needs, besides its image and its log group.
const NAMES: [&str; 3] = ["environment", "secrets", "repositoryCredentials"];

/// What a task needs of AWS, from its containers where they are known.
fn tasks(proof: &Proof<'_>, key: &Key, service: &EcsService, all: &mut Vec<Statement>) {
    let definition = service.task_definition.get().and_then(|d| d.as_ref());
    let definition = definition.and_then(|d| proof.model.task_definitions.get(d));
    let containers = definition.map(|d| &d.containers);
    let known = containers.and_then(|c| c.get());
    let mentions = definition.map(|d| d.mentions.as_slice()).unwrap_or_default();
    let missing = match (known, containers.and_then(|c| c.missing())) {
        (Some(_), _) => None,
        (None, Some(note)) => Some(note.to_string()),
        (None, None) => Some(format!("the task definition of {key}")),
    };
    let fargate = service.fargate.get().copied().unwrap_or(true);
    if fargate {
        all.push(pulls(proof, key, known, mentions, missing.as_deref()));
        all.extend(ships_logs(proof, key, known, missing.as_deref()));
    }
    all.extend(secrets(proof, key, known, mentions));
    if fargate {
        all.extend(permits::prove(proof, key, service));
    }
    all.extend(neighbours::prove(proof, key, known.map(Vec::as_slice).unwrap_or_default()));
    // What is named by something unknown: an image has a statement of its own.
    let parts = known.into_iter().flatten().flat_map(|container| &container.unknown);
    let parts = parts.filter(|(path, _)| NAMES.iter().any(|name| path.starts_with(name)));
    let missing: Vec<String> =
        missing.into_iter().chain(parts.map(|(_, note)| note.to_string())).collect();
    if !missing.is_empty() {
        let mut tally = Tally::new();
        for note in missing {
            tally.unknown(note);
        }
        let text =
            format!("{key} reaches every registry, secret and service that its containers name");
        all.push(tally.statement("reaches-what-it-names", Family::Life, &[key], text));
    }
}

fn pulls(
    proof: &Proof<'_>,
    key: &Key,
    known: Option<&Vec<Container>>,
    mentions: &[Key],
    missing: Option<&str>,
) -> Statement {
    let images = needs::images(proof.model, known.map(Vec::as_slice).unwrap_or_default());
    let mut tally = Tally::new();
    let mut ways = BTreeSet::new();
    if missing.is_some() {
        let repository = mentions.iter().find(|m| proof.model.repositories.contains_key(*m));
        tally.assume(match repository {
            Some(repository) => {
                format!("the image of {key} is in {repository}, which its expression names")
            }
            None => format!("the image of {key} is in ECR of the same region"),
        });
    }
    if missing.is_some() || !images.here.is_empty() {
        let needs = [
            ("ecr.api", needs::token()),
            ("ecr.dkr", needs::pull(&images)),
            ("s3", needs::layers(proof.model)),
        ];
        for (service, asks) in &needs {
            let way = proof.way(key, Need { service, asks });
            ways.insert(way.words());
            tally.merge(way.tally);
        }
    }
    for note in known.into_iter().flatten().filter_map(|it| it.unknown.get("image")) {
        tally.unknown(note.to_string());
    }
    for host in &images.elsewhere {
        let way = proof.internet_way(key, host, way::HTTPS);
        ways.insert(way.words());
        tally.merge(way.tally);
    }
    let others = super::listed(&images.elsewhere);
    let what = match (images.elsewhere.is_empty(), missing.is_some() || !images.here.is_empty()) {
        (true, false) => "its registry".to_owned(),
        (true, true) => "ECR and S3".to_owned(),
        (false, true) => format!("ECR, S3 and {others}"),
        (false, false) => others,
    };
    let text = match tally.verdict() {
        Verdict::Proved => {
            format!("{key} pulls its image from {what}, by {}", super::listed(&ways))
        }
        _ => format!("{key} pulls its image from {what}"),
    };
    tally.statement("pulls-image", Family::Life, &[key], text)
}

fn ships_logs(
    proof: &Proof<'_>,
    key: &Key,
    known: Option<&Vec<Container>>,
    missing: Option<&str>,
) -> Option<Statement> {
    let awslogs = |c: &Container| c.log_driver.as_deref() == Some("awslogs");
    if known.is_some_and(|containers| !containers.iter().any(awslogs)) {
        let unsure = |c: &'_ Container| {
            let parts = ["logConfiguration", "logConfiguration.logDriver"];
            parts.iter().find_map(|part| c.unknown.get(*part)).map(ToString::to_string)
        };
        let note = known?.iter().find_map(unsure)?;
        let mut tally = Tally::new();
        tally.unknown(note);
        let text = format!("{key} ships its logs to where its log driver sends them");
        return Some(tally.statement("ships-logs", Family::Life, &[key], text));
    }
    let asks = needs::logs(proof.model, known.map(Vec::as_slice).unwrap_or_default());
    let mut way = proof.way(key, Need { service: "logs", asks: &asks });
    if missing.is_some() {
        way.tally.assume(format!("{key} logs to CloudWatch Logs"));
    }
    let text = described(key, "ships its logs to CloudWatch Logs", &way);
    Some(way.tally.statement("ships-logs", Family::Life, &[key], text))
}

fn described(key: &Key, does: &str, way: &super::Way) -> String {
    match way.tally.verdict() {
        Verdict::Proved => format!("{key} {does}, by {}", way.words()),
        _ => format!("{key} {does}"),
    }
}

fn secrets(
    proof: &Proof<'_>,
    key: &Key,
    known: Option<&Vec<Container>>,
    mentions: &[Key],
) -> Vec<Statement> {
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    let mut assumed = None;
    match known {
        Some(containers) => {
            let values = containers.iter().flat_map(|c| {
                c.secrets.values().map(String::as_str).chain(c.repository_credentials.as_deref())
            });
            needed.extend(values.map(needs::store));
        }
        None => {
            for mention in mentions {
                let service = match mention.resource_type() {
                    Some("aws_secretsmanager_secret") => "secretsmanager",
                    Some("aws_ssm_parameter") => "ssm",
                    _ => continue,
                };
                needed.insert(service);
                assumed = Some(format!("{key} fetches {mention}, which its expression names"));
            }
        }
    }
    let mut all = Vec::new();
    for service in needed {
        let does = match service {
            "ssm" => "fetches its parameters from Systems Manager",
            _ => "fetches its secrets from Secrets Manager",
        };
        let containers = known.map(Vec::as_slice).unwrap_or_default();
        let asks = needs::secrets(proof.model, service, containers);
        let mut way = proof.way(key, Need { service, asks: &asks });
        if let Some(note) = &assumed {
            way.tally.assume(note);
        }
        let text = described(key, does, &way);
        all.push(way.tally.statement(&format!("fetches-{service}"), Family::Life, &[key], text));
    }
    all
}

/// Of how many tasks that an endpoint does not admit the causes are shown.
const MOST_SHOWN: usize = 4;

/// Every interface endpoint can be used by some task of its VPC. Which tasks should, only those
/// tasks' needs say: an endpoint for one service alone is no fault.
fn endpoints(proof: &Proof<'_>, scope: &Scope, all: &mut Vec<Statement>) {
    for (key, endpoint) in &proof.model.endpoints {
        let own = proof.lowered.interfaces_of(key);
        let Some(first) = own.first() else { continue };
        let vpc = proof.vpc_of(*first).map(|v| &v.key);
        let mut users: Vec<(&Key, Reached)> = Vec::new();
        for service in proof.model.services.keys() {
            let interfaces = proof.lowered.interfaces_of(service);
            let here = interfaces.iter().any(|i| proof.vpc_of(*i).map(|v| &v.key) == vpc);
            if !here || !scope.covers([key, service]) {
                continue;
            }
            let pairs = interfaces.iter().flat_map(|from| own.iter().map(move |to| (from, to)));
            let worst = pairs.map(|(from, to)| proof.connects_at_all(*from, *to)).max();
            users.push((service, worst.unwrap_or(Reached::Unknown)));
        }
        let Some(best) = users.iter().map(|(_, reached)| *reached).min() else {
            continue;
        };
        let named = users.iter().filter(|(_, reached)| *reached == best).map(|(user, _)| *user);
        let named: Vec<&Key> = named.collect();
        let mut tally = Tally::new();
        // If some can, one shows how; if none can, each shows why.
        let shown = if best == Reached::Yes { 1 } else { MOST_SHOWN };
        for user in named.iter().take(shown) {
            for from in proof.lowered.interfaces_of(user) {
                for to in own {
                    let answer = proof.connects(*from, *to, &ServiceSet::tcp(443));
                    tally.answer(&answer, Wanted::Open, user.as_str(), key.as_str());
                }
            }
        }
        let service = endpoint.service_name.get().map_or("its service", String::as_str);
        if endpoint.private_dns.get() == Some(&false) {
            let text = "its private DNS is off, so the service's name does not lead to it";
            tally.fact(Verdict::Refuted, "PRIVATE_DNS_DISABLED", key, text);
        }
        // A task's own need already says that this endpoint does not let it in.
        let told = |s: &Statement| {
            s.verdict == Verdict::Refuted && s.because.iter().any(|b| b.origin == key.as_str())
        };
        if tally.verdict() == Verdict::Refuted && all.iter().any(told) {
            continue;
        }
        let who = match (best, named.as_slice()) {
            (Reached::Yes, [one]) => one.to_string(),
            (Reached::Yes, more) => format!("{} services", more.len()),
            _ => "some task of its VPC".to_owned(),
        };
        let verb = if who.ends_with("services") { "reach" } else { "reaches" };
        let text = format!("{who} {verb} {service} at {key}");
        all.push(tally.statement("endpoint-answers", Family::Life, &[key], text));
    }
}
