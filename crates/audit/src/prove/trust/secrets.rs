//! Whose secrets a task role may read: those that only other services are given, it may not.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::iam::Outcome;
use farmgate_aws::model::{Key, Role, TaskDefinition, Val};

use crate::prove::iam::{Here, Secret, may_read};
use crate::prove::{Proof, Scope, Tally, listed};
use crate::report::{Family, Statement, Verdict};

/// How many secrets of others are asked for; of more, the rest is not known.
const MOST: usize = 200;

/// How many secrets a cause names.
const MOST_NAMED: usize = 4;

pub(super) fn prove(proof: &Proof<'_>, scope: &Scope, all: &mut Vec<Statement>) {
    let given = given(proof);
    for (key, own) in given.iter().filter(|(key, _)| scope.covers([*key])) {
        let others = given.iter().filter(|(other, _)| *other != key);
        let foreign: BTreeSet<&Secret> = others
            .flat_map(|(_, secrets)| secrets)
            .filter(|secret| !own.iter().any(|it| same(it, secret)))
            .collect();
        if let (false, Some(role)) = (foreign.is_empty(), task_role(proof, key)) {
            all.extend(only_own(proof, key, role, &foreign));
        }
    }
}

fn same(one: &Secret, other: &Secret) -> bool {
    one.arn == other.arn || (one.key.is_some() && one.key == other.key)
}

/// The task definition of a service.
pub(crate) fn definition<'m>(proof: &Proof<'m>, service: &Key) -> Option<&'m TaskDefinition> {
    let definition = proof.model.services.get(service)?.task_definition.get()?.as_ref()?;
    proof.model.task_definitions.get(definition)
}

fn task_role<'m>(proof: &Proof<'m>, service: &Key) -> Option<&'m Val<Option<Key>>> {
    let role = &definition(proof, service)?.task_role;
    // Without a role a task may do nothing.
    (!matches!(role, Val::Known(None))).then_some(role)
}

/// What each service's containers are given, as far as they are known.
pub(crate) fn given(proof: &Proof<'_>) -> BTreeMap<Key, BTreeSet<Secret>> {
    let model = proof.model;
    let here = Here::of(model, None);
    let services = model.services.keys().filter_map(|key| {
        let containers = definition(proof, key)?.containers.get()?;
        let values = containers.iter().flat_map(|container| container.secrets.values());
        let secrets = values.map(|value| Secret::named(model, &here, value)).collect();
        Some((key.clone(), secrets))
    });
    services.collect()
}

fn only_own(
    proof: &Proof<'_>,
    key: &Key,
    named: &Val<Option<Key>>,
    foreign: &BTreeSet<&Secret>,
) -> Option<Statement> {
    let mut tally = Tally::new();
    tally.assume_all(named.assumed());
    match (named.get().and_then(Option::as_ref), named.missing()) {
        (Some(role), _) => match proof.model.roles.get(role) {
            Some(role) => ask(proof, role, foreign, &mut tally),
            None => tally.unknown(format!("the policies of {role}, which no source shows")),
        },
        (None, Some(note)) => tally.unknown(note),
        (None, None) => return None,
    }
    let text =
        format!("the containers of {key} may read no secret that only other services are given");
    Some(tally.statement("only-own-secrets", Family::Trust, &[key], text))
}

fn ask(proof: &Proof<'_>, role: &Role, foreign: &BTreeSet<&Secret>, tally: &mut Tally) {
    let here = Here::of(proof.model, Some(role));
    let mut read: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for secret in foreign.iter().take(MOST) {
        for action in reads(secret) {
            let decision = may_read(proof.model, role, &here, secret, action);
            match decision.outcome {
                Outcome::Allowed => {
                    for note in &decision.assumes {
                        tally.assume(note);
                    }
                    let (origin, words) = match decision.by.first() {
                        Some((origin, words)) => (origin.to_string(), words.clone()),
                        None => (role.key.to_string(), "its policies".to_owned()),
                    };
                    let by = format!("{origin}\n{words}");
                    read.entry(by).or_default().insert(secret.words());
                    break;
                }
                Outcome::Unknown => {
                    for note in &decision.missing {
                        tally.unknown(note);
                    }
                }
                Outcome::Denied | Outcome::NotAllowed => {
                    for note in &decision.assumes {
                        tally.assume(note);
                    }
                }
            }
        }
    }
    if foreign.len() > MOST {
        tally.unknown(format!(
            "what else {} may read: there are more secrets than are asked",
            role.key
        ));
    }
    for (by, secrets) in read {
        let (origin, words) = by.split_once('\n').unwrap_or((&by, "its policy"));
        let more = secrets.len().saturating_sub(MOST_NAMED);
        let mut named: Vec<String> = secrets.into_iter().take(MOST_NAMED).collect();
        if more > 0 {
            named.push(format!("{more} more"));
        }
        let text = format!("{words} lets them read {}", listed(named));
        tally.fact(Verdict::Refuted, "READS_SECRET", origin, text);
    }
}

/// The actions with which a program reads a secret.
pub(crate) fn reads(secret: &Secret) -> &'static [&'static str] {
    match secret.parameter {
        true => &["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
        false => &["secretsmanager:GetSecretValue"],
    }
}
