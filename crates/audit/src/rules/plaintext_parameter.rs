//! `plaintext-parameter`: secrets that are kept in parameters which aren't encrypted.
//!
//! A parameter of type `String` is a secret's place only in name: where neither its own name nor the
//! variable that gets it says that it is a secret, it is taken for a setting.

use std::collections::BTreeSet;

use farmgate_aws::model::{Key, Model, Parameter};

use super::{Facts, Rule, RuleInfo};
use crate::credential::names_secret;
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "plaintext-parameter",
        severity: Severity::High,
        title: "a secret is kept in a parameter that isn't encrypted",
        why: "A parameter of type `String` is stored and shown in clear to whoever may read \
              parameters, without a key that could be kept from them. If its value is written in the \
              source as well, everybody who sees a template, a plan or the repository has it.",
        page: include_str!("../../../../docs/rules/plaintext-parameter.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let parameters = model.parameters.values().filter(|parameter| {
        matches!(parameter.kind.known().map(String::as_str), Some("String" | "StringList"))
    });
    parameters.filter_map(|parameter| finding(model, parameter)).collect()
}

fn finding(model: &Model, parameter: &Parameter) -> Option<Finding> {
    let name = parameter.name.get().and_then(Option::as_deref);
    let got = got_by(model, parameter, name);
    if got.is_empty() && !name.is_some_and(names_secret) {
        return None;
    }
    let key = &parameter.key;
    let written = parameter.written.get() == Some(&true);
    let severity = if written { Severity::High } else { Severity::Medium };
    let kind = parameter.kind.get().map_or("String", String::as_str);
    let value = if written { ", and its value is written in the source" } else { "" };
    let who = match got.is_empty() {
        true => String::new(),
        false => format!(", from which {}", listed(got)),
    };
    let title = format!("{key} holds a secret as `{kind}`, which isn't encrypted{value}{who}");
    let fix = "keep it in Secrets Manager, or in a parameter of type `SecureString`, and write its \
               value there by hand or by a pipeline; CloudFormation can't make a `SecureString`";
    let mut finding = RULE.info.finding(severity, [key.clone()], title, fix);
    finding.assumes.extend(parameter.written.assumed().map(ToString::to_string));
    Some(finding)
}

/// The variables that hold it and whose name says that it is a secret, in words: ``aws_ecs_x gets
/// `API_KEY` ``.
fn got_by(model: &Model, parameter: &Parameter, name: Option<&str>) -> BTreeSet<String> {
    let names_it = |value: &str| {
        model.aliases.get(value) == Some(&parameter.key)
            || name.is_some_and(|name| is_called(value, name))
    };
    let definitions = model.task_definitions.iter();
    let got = definitions.flat_map(|(definition, it)| {
        let containers = it.containers.get().into_iter().flatten();
        let secrets = containers.flat_map(|container| &container.secrets);
        let secrets = secrets.filter(|(variable, value)| names_secret(variable) && names_it(value));
        secrets.map(|(variable, _)| got_words(definition, variable)).collect::<Vec<_>>()
    });
    got.collect()
}

fn got_words(definition: &Key, variable: &str) -> String {
    format!("{definition} gets `{variable}`")
}

/// Whether a `valueFrom` is this parameter: its name, or the ARN of what has the name. An ARN has
/// one slash between `parameter` and the name, whether the name begins with one or not.
fn is_called(value: &str, name: &str) -> bool {
    if !value.starts_with("arn:") {
        return value == name;
    }
    let mut parts = value.splitn(6, ':').skip(2);
    let (service, resource) = (parts.next(), parts.nth(2));
    let called = resource.and_then(|resource| resource.strip_prefix("parameter/"));
    service == Some("ssm") && called == Some(name.trim_start_matches('/'))
}
