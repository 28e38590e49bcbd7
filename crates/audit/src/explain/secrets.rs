//! Who may read a secret: `explain anyone secretsmanager:farm/api-keys`.
//!
//! Answered for roles: those with which containers run and those with which ECS starts tasks, and all
//! others that the sources show. Users, and roles that no source shows, are not in it.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::iam::Outcome;
use farmgate_aws::model::{Key, Model, Role};
use farmgate_farm::diagnostic::nearest;

use super::{ExplainError, Explanation, PathView, Step};
use crate::prove::iam::{Here, Secret, may_read};
use crate::prove::trust::secrets::{given, reads};
use crate::prove::{Proof, listed};
use crate::report::Verdict;

/// The word for everybody.
const ANYONE: &str = "anyone";

/// What a person calls a secret: as in a farm file, `secretsmanager:NAME` or `ssm:/NAME`.
pub(super) fn asked(word: &str) -> Option<(&str, bool)> {
    let name = word.strip_prefix("secretsmanager:").map(|name| (name, false));
    let found = name.or_else(|| word.strip_prefix("ssm:").map(|name| (name, true)));
    found.filter(|(name, _)| !name.is_empty())
}

/// Who of `from` may read a secret.
pub(super) fn explain(
    proof: &Proof<'_>,
    from: &str,
    (name, parameter): (&str, bool),
    word: &str,
) -> Result<Explanation, ExplainError> {
    let model = proof.model;
    let secret = secret(proof, name, parameter)?;
    let mut users: BTreeMap<&Key, BTreeSet<String>> = BTreeMap::new();
    for (key, service) in &model.services {
        let definition = service.task_definition.get().and_then(Option::as_ref);
        let Some(definition) = definition.and_then(|it| model.task_definitions.get(it)) else {
            continue;
        };
        for (role, does) in
            [(&definition.task_role, "containers of"), (&definition.execution_role, "ECS, for")]
        {
            if let Some(Some(role)) = role.get() {
                users.entry(role).or_default().insert(format!("{does} {key}"));
            }
        }
    }
    let roles = roles(model, from, &users)?;
    let mut found = Found::default();
    for role in roles {
        found.add(model, role, &secret, users.get(&role.key));
    }
    Ok(found.told(from, word))
}

/// The roles that a word means: all, one, or those of a service.
fn roles<'m>(
    model: &'m Model,
    from: &str,
    users: &BTreeMap<&Key, BTreeSet<String>>,
) -> Result<Vec<&'m Role>, ExplainError> {
    if from == ANYONE {
        return Ok(model.roles.values().collect());
    }
    let key = model.resolve(from);
    if let Some(role) = model.roles.get(&key) {
        return Ok(vec![role]);
    }
    if model.services.contains_key(&key) {
        let ends = format!(" {key}");
        let own = users.iter().filter(|(_, users)| users.iter().any(|user| user.ends_with(&ends)));
        return Ok(own.filter_map(|(role, _)| model.roles.get(*role)).collect());
    }
    let names = model.services.keys().chain(model.roles.keys()).map(Key::as_str);
    let help = nearest(from, names.chain([ANYONE])).map(|near| format!("did you mean `{near}`?"));
    let help = help.or(Some("write a service, a role, or `anyone`".to_owned()));
    Err(ExplainError::new(format!("`{from}` is nobody who reads secrets"), help))
}

/// The secret of a name: one that containers are given, or one that a source shows.
fn secret(proof: &Proof<'_>, name: &str, parameter: bool) -> Result<Secret, ExplainError> {
    let model = proof.model;
    let here = Here::of(model, None);
    let value = match (name.starts_with("arn:"), parameter) {
        (true, _) => name.to_owned(),
        (false, true) => here.arn("ssm", &format!("parameter/{}", name.trim_start_matches('/'))),
        (false, false) => here.arn("secretsmanager", &format!("secret:{name}")),
    };
    let wanted = Secret::named(model, &here, &value);
    let all: BTreeSet<Secret> = given(proof).into_values().flatten().collect();
    let bare = |secret: &Secret| {
        let last = secret.arn.splitn(7, ':').nth(6).or(secret.arn.splitn(6, ':').nth(5));
        let name = last.unwrap_or_default().trim_start_matches("parameter");
        let cut = name.rsplit_once('-').filter(|(_, end)| end.len() == 6 && !secret.parameter);
        cut.map_or(name, |(name, _)| name).trim_start_matches('/').to_owned()
    };
    let own = name.trim_start_matches('/');
    let same = |secret: &&Secret| {
        secret.parameter == parameter
            && (secret.arn == wanted.arn
                || (secret.key.is_some() && secret.key == wanted.key)
                || bare(secret) == own)
    };
    if let Some(found) = all.iter().find(same) {
        return Ok(found.clone());
    }
    let kind = if parameter { "parameter" } else { "secret" };
    let shown: Vec<&str> =
        model.named.iter().filter(|it| it.kind == kind).map(|it| it.name.as_str()).collect();
    if wanted.key.is_some() || shown.iter().any(|shown| shown.trim_start_matches('/') == own) {
        return Ok(wanted);
    }
    let given: Vec<String> = all.iter().filter(|it| it.parameter == parameter).map(bare).collect();
    let names = shown.into_iter().chain(given.iter().map(String::as_str));
    let help = nearest(own, names).map(|near| format!("did you mean `{near}`?"));
    Err(ExplainError::new(format!("no source names the {kind} `{name}`"), help))
}

#[derive(Default)]
struct Found {
    may: BTreeSet<String>,
    perhaps: BTreeSet<String>,
    paths: Vec<PathView>,
    assumes: BTreeSet<String>,
    missing: BTreeSet<String>,
}

impl Found {
    fn add(&mut self, model: &Model, role: &Role, secret: &Secret, by: Option<&BTreeSet<String>>) {
        let here = Here::of(model, Some(role));
        let who = match by {
            Some(users) => format!("{} (with {})", listed(users), role.key),
            None => format!("whoever has {}", role.key),
        };
        let all = reads(secret).iter().map(|action| {
            let decision = may_read(model, role, &here, secret, action);
            (*action, decision)
        });
        let all: Vec<_> = all.collect();
        let of = |outcome| all.iter().find(|(_, decision)| decision.outcome == outcome);
        let told = of(Outcome::Allowed).or(of(Outcome::Unknown)).or(of(Outcome::Denied));
        let Some((action, decision)) = told.or(all.first()) else { return };
        let (ok, code, text) = match decision.outcome {
            Outcome::Allowed => {
                self.may.insert(who.clone());
                self.assumes.extend(decision.assumes.iter().map(ToString::to_string));
                (Some(true), "ALLOWED", "allows")
            }
            Outcome::Unknown => {
                self.perhaps.insert(who.clone());
                self.missing.extend(decision.missing.iter().map(ToString::to_string));
                (None, "UNKNOWN", "may allow")
            }
            Outcome::Denied => (Some(false), "DENIED", "denies"),
            // Of the many that may not, only those that were asked for are told.
            Outcome::NotAllowed => return,
        };
        let mut steps: Vec<Step> = decision
            .by
            .iter()
            .map(|(origin, statement)| Step {
                ok,
                code: code.to_owned(),
                origin: origin.to_string(),
                text: format!("{statement} {text} `{action}`"),
            })
            .collect();
        steps.extend(decision.missing.iter().map(|missing| Step {
            ok: None,
            code: code.to_owned(),
            origin: role.key.to_string(),
            text: missing.to_string(),
        }));
        self.paths.push(PathView { title: who, open: ok == Some(true), steps });
    }

    fn told(mut self, from: &str, word: &str) -> Explanation {
        let verdict = match (self.may.is_empty(), self.perhaps.is_empty()) {
            (false, _) => Verdict::Proved,
            (true, false) => Verdict::Unknown,
            (true, true) => Verdict::Refuted,
        };
        let answer = match (self.may.is_empty(), self.perhaps.is_empty()) {
            (false, true) => format!("yes: {}", listed(&self.may)),
            (false, false) => {
                format!("yes: {}; perhaps also {}", listed(&self.may), listed(&self.perhaps))
            }
            (true, false) => format!("perhaps: {}", listed(&self.perhaps)),
            (true, true) => "no, as far as the roles of these sources go".to_owned(),
        };
        self.paths.sort_by_key(|path| !path.open);
        Explanation {
            question: format!("may {from} read {word}?"),
            verdict,
            answer,
            paths: self.paths,
            assumes: self.assumes.into_iter().collect(),
            missing: self.missing.into_iter().collect(),
        }
    }
}
