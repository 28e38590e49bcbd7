//! `no-endpoint-for-service`: traffic to AWS leaves the network, or has no way at all.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{EndpointKind, Key, SetVal};

use super::{Facts, Rule, RuleInfo, shown_by};
use crate::prove::{By, Need, Proof, Scope, listed};
use crate::report::{Finding, Fix, Severity, Statement, Trial, Verdict};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "no-endpoint-for-service",
        severity: Severity::High,
        title: "tasks reach an AWS service over the internet, or not at all",
        why: "Images, logs and secrets then travel through a NAT gateway or a public address, so \
              the tasks need egress to the whole internet, and by that way data leaves too. Where \
              there is no such way either, the task does not start: ECS reports \
              ResourceInitializationError.",
        page: include_str!("../../../../docs/rules/no-endpoint-for-service.md"),
    },
    run,
};

/// The AWS services that a task needs, by the kind of statement that says so.
const NEEDS: [(&str, &[&str]); 4] = [
    ("pulls-image", &["ecr.api", "ecr.dkr", "s3"]),
    ("ships-logs", &["logs"]),
    ("fetches-secretsmanager", &["secretsmanager"]),
    ("fetches-ssm", &["ssm"]),
];

/// What the tasks of one VPC reach by no endpoint.
#[derive(Default)]
struct Missing<'s> {
    services: BTreeSet<&'static str>,
    tasks: BTreeSet<Key>,
    by: BTreeSet<String>,
    statements: Vec<&'s Statement>,
    cut_off: bool,
}

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    // What goes over the internet and what goes nowhere are two findings.
    let mut vpcs: BTreeMap<(Key, bool), Missing<'_>> = BTreeMap::new();
    let quiet = Proof::new(facts.model(), facts.proof.lowered).quietly();
    for task in facts.model().services.keys() {
        let first = facts.proof.lowered.interfaces_of(task).first();
        let Some(vpc) = first.and_then(|i| facts.proof.vpc_of(*i)) else { continue };
        for (kind, services) in NEEDS {
            let Some(statement) = facts.statement(kind, task) else { continue };
            if statement.verdict == Verdict::Unknown {
                continue;
            }
            let asked = kind != "pulls-image" || pulls_from_ecr(facts, task);
            for service in services.iter().filter(|_| asked) {
                note(&quiet, task, service, statement, &vpc.key, &mut vpcs);
            }
        }
    }
    vpcs.retain(|_, missing| !missing.services.is_empty());
    vpcs.iter().map(|((vpc, _), missing)| finding(facts, vpc, missing)).collect()
}

/// Whether an image of a task is in ECR; or may be, while its containers are not known.
fn pulls_from_ecr(facts: &Facts<'_>, task: &Key) -> bool {
    let definition = facts.model().services.get(task).and_then(|it| it.task_definition.get());
    let definition = definition.and_then(|key| facts.model().task_definitions.get(key.as_ref()?));
    let known = definition.and_then(|definition| definition.containers.get());
    known.is_none_or(|containers| {
        let images = containers.iter().filter_map(|container| container.image.as_deref());
        images.into_iter().any(|image| image.contains(".dkr.ecr"))
    })
}

fn note<'s>(
    proof: &Proof<'_>,
    task: &Key,
    service: &'static str,
    statement: &'s Statement,
    of: &Key,
    vpcs: &mut BTreeMap<(Key, bool), Missing<'s>>,
) {
    let way = proof.way(task, Need { service, asks: &[] });
    let vpc = proof.lowered.interfaces_of(task).first();
    let vpc = vpc.and_then(|i| proof.vpc_of(*i)).map(|v| &v.key);
    for by in &way.by {
        let cut_off = match by {
            By::Endpoint(_) => continue,
            By::Internet(_) => false,
            // An endpoint that is there and does not work is for the statement to tell.
            By::Nothing if !proof.endpoints_for(vpc, service).is_empty() => continue,
            By::Nothing => true,
        };
        let missing = vpcs.entry((of.clone(), cut_off)).or_default();
        missing.cut_off = cut_off;
        if let By::Internet(name) = by {
            missing.by.insert(name.clone());
        }
        missing.services.insert(service);
        missing.tasks.insert(task.clone());
        if !missing.statements.iter().any(|s| s.id == statement.id) {
            missing.statements.push(statement);
        }
    }
}

fn finding(facts: &Facts<'_>, vpc: &Key, missing: &Missing<'_>) -> Finding {
    let names: Vec<String> =
        missing.services.iter().map(|service| (*service).to_owned()).collect();
    let severity = if missing.cut_off { Severity::High } else { Severity::Low };
    let tasks = match missing.tasks.len() {
        1 => listed(&missing.tasks),
        many => format!("{many} services"),
    };
    let reach = if missing.tasks.len() == 1 { "reaches" } else { "reach" };
    let title = match missing.cut_off {
        true => format!("{tasks} cannot reach {}: no endpoint, NAT or public address", listed(&names)),
        false => format!(
            "{tasks} {reach} {} over the internet by {}, since {vpc} has no endpoint for them",
            listed(&names),
            listed(&missing.by)
        ),
    };
    let text = format!(
        "add to {vpc} {}{}",
        interface_words(&names),
        if names.iter().any(|n| n == "s3") { "a gateway endpoint for s3 in the tasks' route tables (free)" } else { "" }
    );
    let fix = Fix { tried: vec![trial(facts, vpc, missing)], text };
    let origins = missing.tasks.iter().cloned().chain([vpc.clone()]);
    shown_by(RULE.info.finding(severity, origins, title, fix), missing.statements.iter().copied())
}

fn interface_words(names: &[String]) -> String {
    let interface: Vec<&String> = names.iter().filter(|n| *n != "s3").collect();
    if interface.is_empty() {
        return String::new();
    }
    let and = if interface.len() < names.len() { ", and " } else { "" };
    format!(
        "interface endpoints with private DNS for {} whose group admits 443 from the tasks{and}",
        listed(interface)
    )
}

fn trial(facts: &Facts<'_>, vpc: &Key, missing: &Missing<'_>) -> Trial {
    let mut subnets = BTreeSet::new();
    for task in &missing.tasks {
        let found = facts.model().services.get(task);
        subnets.extend(found.iter().flat_map(|s| s.subnets.sure.iter().cloned()));
    }
    let goals: Vec<String> = missing.statements.iter().map(|s| s.id.clone()).collect();
    let goals: Vec<&str> = goals.iter().map(String::as_str).collect();
    let names: Vec<String> =
        missing.services.iter().map(|service| facts.proof.service_name(service)).collect();
    let change = format!("add endpoints for {}", listed(&missing.services));
    facts.attempt(&change, &Scope::of(missing.tasks.iter().cloned()), &goals, |model| {
        for name in &names {
            crate::fix::add_endpoint(model, vpc, name, SetVal::known(subnets.iter().cloned()));
            if name.ends_with(".s3") {
                let key = Key::new(&format!("new endpoint for {name}"));
                let tables = model.route_tables.keys().cloned().collect::<Vec<_>>();
                if let Some(endpoint) = model.endpoints.get_mut(&key) {
                    endpoint.kind = EndpointKind::Gateway;
                    endpoint.route_tables = SetVal::known(tables);
                }
            }
        }
    })
}
