//! Which services of AWS the tasks use, by which endpoints, and what those let through.
//!
//! An endpoint's policy names what its users need of it and nothing else: what a task may do at a
//! service is what its role may, and the endpoint is no way around that with other credentials.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_farm::farm::{Auth, Container, Endpoints, Farm};
use farmgate_farm::gate;
use farmgate_farm::word::Reach;
use serde_json::{Value, json};

use super::base::Base;
use super::{EndpointDesign, Grant, Party, SecretSource, Task, grants};

/// The endpoints that tasks need in order to start; they share a group.
const START: [&str; 3] = ["ecr.api", "ecr.dkr", "logs"];

/// Services whose endpoints are targets of routes, and free.
const GATEWAYS: [&str; 2] = ["dynamodb", "s3"];

/// Services whose actions are called otherwise than the service's endpoint (AWS PrivateLink Guide,
/// "AWS services that integrate"; Service Authorization Reference).
const PREFIXES: &[(&str, &str)] = &[
    ("bedrock-runtime", "bedrock"),
    ("bedrock-agent", "bedrock"),
    ("bedrock-agent-runtime", "bedrock"),
    ("monitoring", "cloudwatch"),
    ("email-smtp", "ses"),
    ("email", "ses"),
    ("kinesis-streams", "kinesis"),
    ("kinesis-firehose", "firehose"),
    ("elasticfilesystem-fips", "elasticfilesystem"),
    ("models-v2-lex", "lex"),
    ("runtime-v2-lex", "lex"),
    ("streaming-rekognition", "rekognition"),
];

/// What a task uses of a service.
pub(super) struct Use {
    /// The short service name.
    pub(super) service: String,
    /// What it does there.
    pub(super) grants: Vec<Grant>,
    /// Where the file says so, in bytes; none if every task needs it.
    pub(super) at: Option<usize>,
}

/// Everything that tasks use, by party.
pub(super) type Uses = BTreeMap<Party, Vec<Use>>;

/// What the tasks use of AWS.
pub(super) fn uses<'a>(base: &Base<'_>, tasks: impl Iterator<Item = &'a Task>) -> Uses {
    let mut all = Uses::new();
    for task in tasks {
        let mut uses = start(base, task);
        uses.extend(secrets(base, task));
        if let Some(container) = container(base.farm, &task.party) {
            uses.extend(reached(container, task));
        }
        if task.party == Party::Gate {
            uses.extend(proofs(base.farm));
        }
        all.insert(task.party.clone(), uses);
    }
    all
}

/// The container of the farm that a party is.
pub(super) fn container<'a>(farm: &'a Farm, party: &Party) -> Option<&'a Container> {
    match party {
        Party::Server(name) => farm.servers.get(name).map(|server| &server.container),
        Party::Service(name) => farm.services.get(name).map(|service| &service.container),
        _ => None,
    }
}

/// What the task needs in order to start: images and logs.
fn start(base: &Base<'_>, task: &Task) -> Vec<Use> {
    let images = task.containers.iter().map(|container| &container.image);
    let here = images.filter(|image| base.arns.is_here(image));
    let repositories: BTreeSet<String> =
        here.filter_map(|image| base.arns.repository(image)).collect();
    let mut uses = Vec::new();
    if !repositories.is_empty() {
        // Both endpoints take the same policy (Amazon ECR User Guide, "Create a VPC endpoint
        // policy for Amazon ECR").
        let token = grant("RegistryToken", &["ecr:GetAuthorizationToken"], ["*".to_owned()]);
        let pull = grant("PullImages", &grants::PULL, repositories);
        for service in ["ecr.api", "ecr.dkr"] {
            uses.push(used(service, vec![token.clone(), pull.clone()], None));
        }
        let layers = grant("ImageLayers", &["s3:GetObject"], [base.arns.layers()]);
        uses.push(used("s3", vec![layers], None));
    }
    let groups = base.arns.log_streams(&format!("/ecs/{}/*", base.farm.farm));
    uses.push(used("logs", vec![grant("WriteLogs", &grants::LOG, [groups])], None));
    uses
}

fn secrets(base: &Base<'_>, task: &Task) -> Vec<Use> {
    let sources = task.containers.iter().flat_map(|container| container.secrets.values());
    let (parameters, secrets): (Vec<_>, Vec<_>) =
        sources.partition(|source| grants::is_parameter(source));
    let resources = |sources: Vec<&SecretSource>| -> BTreeSet<String> {
        let resource = |source: &SecretSource| match source {
            SecretSource::Database(..) => base.arns.managed_secrets(),
            SecretSource::Arn(_) => base.arns.granted(source),
        };
        sources.into_iter().map(resource).collect()
    };
    let at = container(base.farm, &task.party).map(|it| it.at.of("secrets").start);
    let mut uses = Vec::new();
    if !secrets.is_empty() {
        let actions = ["secretsmanager:GetSecretValue"];
        let read = grant("ReadSecrets", &actions, resources(secrets));
        uses.push(used("secretsmanager", vec![read], at));
    }
    if !parameters.is_empty() {
        let read = grant("ReadParameters", &["ssm:GetParameters"], resources(parameters));
        uses.push(used("ssm", vec![read], at));
    }
    uses
}

/// Services that the file says that the task reaches, with what its role may do there.
fn reached(container: &Container, task: &Task) -> Vec<Use> {
    let reaches = container.reaches.iter();
    let services = reaches.filter_map(|reach| match &reach.value {
        Reach::Aws(service) => Some((service, reach.span.start)),
        _ => None,
    });
    let uses = services.map(|(service, at)| {
        let prefix = format!("{}:", prefix(service));
        let grants = task.role.iter().filter_map(|grant| {
            let actions = grant.actions.iter().filter(|it| it.starts_with(&prefix) || *it == "*");
            let actions: Vec<String> = actions.cloned().collect();
            let sid = format!("{}{}", words(&task.party.word()), grant.sid);
            (!actions.is_empty()).then(|| Grant { sid, actions, ..grant.clone() })
        });
        used(service, grants.collect(), Some(at))
    });
    uses.collect()
}

/// What stands before a service's actions: `timestream` for `timestream.query-cell1`.
fn prefix(service: &str) -> &str {
    let first = service.split('.').next().unwrap_or(service);
    let first = first.strip_suffix("-fips").unwrap_or(first);
    PREFIXES.iter().find(|(name, _)| *name == first).map_or(first, |(_, prefix)| prefix)
}

/// The proofs that the gate replays to STS of its own region. Who signed them may be of any account,
/// and the action has no resource.
fn proofs(farm: &Farm) -> Option<Use> {
    let own = gate::enabled(farm).flat_map(|(_, server)| gate::auth(farm, server));
    let region = farm.region.as_str();
    let here = own.into_iter().any(|auth| match auth {
        Auth::StsProof(proof) => gate::sts_regions(farm, proof).iter().any(|it| it == region),
        _ => false,
    });
    let grant = grant("VerifyProofs", &["sts:GetCallerIdentity"], ["*".to_owned()]);
    here.then(|| used("sts", vec![grant], None))
}

/// Whether a service is reached by an endpoint of the farm.
pub(super) fn is_wanted(farm: &Farm, service: &str) -> bool {
    match &farm.network.endpoints {
        Endpoints::Auto => true,
        Endpoints::None => false,
        Endpoints::Only(list) => list.iter().any(|listed| listed.as_str() == service),
    }
}

/// Whether a service's endpoint is the target of routes.
pub(super) fn is_gateway(service: &str) -> bool {
    GATEWAYS.contains(&service)
}

/// The group that an endpoint carries.
pub(super) fn group(service: &str) -> Option<Party> {
    match service {
        service if is_gateway(service) => None,
        service if START.contains(&service) => Some(Party::Endpoints),
        service => Some(Party::Endpoint(service.to_owned())),
    }
}

/// The endpoints, by short service name.
pub(super) fn all(base: &Base<'_>, uses: &Uses) -> BTreeMap<String, EndpointDesign> {
    let mut users: BTreeMap<&str, BTreeSet<Party>> = BTreeMap::new();
    let mut grants: BTreeMap<&str, Vec<&Grant>> = BTreeMap::new();
    for (party, uses) in uses {
        for used in uses.iter().filter(|used| is_wanted(base.farm, &used.service)) {
            users.entry(&used.service).or_default().insert(party.clone());
            grants.entry(&used.service).or_default().extend(&used.grants);
        }
    }
    let endpoints = users.into_iter().map(|(service, users)| {
        let endpoint = EndpointDesign {
            service: service.to_owned(),
            gateway: is_gateway(service),
            group: group(service),
            users,
            policy: policy(grants.get(service).map(Vec::as_slice).unwrap_or_default()),
        };
        (service.to_owned(), endpoint)
    });
    endpoints.collect()
}

/// An endpoint's policy: statements of one name are one, for all of their resources.
fn policy(grants: &[&Grant]) -> Value {
    let mut merged: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for grant in grants {
        let (actions, resources) = merged.entry(&grant.sid).or_default();
        actions.extend(grant.actions.iter().map(String::as_str));
        resources.extend(grant.resources.iter().map(String::as_str));
    }
    let statement = |effect: &str, sid: &str, actions: Value, resources: Value| {
        json!({
            "Sid": sid,
            "Effect": effect,
            "Principal": "*",
            "Action": actions,
            "Resource": resources,
        })
    };
    let allowed = merged.iter().map(|(sid, (actions, resources))| {
        statement("Allow", sid, json!(actions), json!(resources))
    });
    let mut statements: Vec<Value> = allowed.collect();
    if statements.is_empty() {
        // A policy has a statement (IAM User Guide); its users may do nothing at this service.
        statements.push(statement("Deny", "NothingIsPermitted", json!("*"), json!("*")));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn used(service: &str, grants: Vec<Grant>, at: Option<usize>) -> Use {
    Use { service: service.to_owned(), grants, at }
}

fn grant(sid: &str, actions: &[&str], resources: impl IntoIterator<Item = String>) -> Grant {
    Grant {
        sid: sid.to_owned(),
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        resources: resources.into_iter().collect(),
    }
}

/// A party's word as part of a `Sid`, which has letters and digits only: `ServersNovaAct`.
fn words(word: &str) -> String {
    let parts = word.split(['.', '-']);
    let parts = parts.map(|part| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    parts.collect()
}
