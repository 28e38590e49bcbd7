//! `iam-wildcard`: roles that may do everything, or everything of a service, or what is worth most, on
//! whatever there is.
//!
//! Statements with a condition are left alone: the condition may be the limit. So are roles with a
//! permission boundary.

use std::collections::BTreeSet;

use farmgate_aws::iam::{Effect, Pattern, Statement, Word, Words};
use farmgate_aws::model::{Key, Model, PolicyAt, Role};

use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "iam-wildcard",
        severity: Severity::High,
        title: "a role may do more than any task needs",
        why: "Whoever makes a server run their code has its role: with `*` that is the account, with \
              `secretsmanager:*` every secret in it, with `iam:PassRole` every other role. A policy \
              that names actions and resources costs some lines and keeps a break-in where it happened.",
        page: include_str!("../../../../docs/rules/iam-wildcard.md"),
    },
    run,
};

/// Actions that are worth most on any resource.
const WORTH_MOST: [&str; 8] = [
    "iam:PassRole",
    "kms:Decrypt",
    "s3:GetObject",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "sts:AssumeRole",
];

/// Services of which no action that a task uses takes a resource.
const WITHOUT_RESOURCES: [&str; 4] = ["cloudwatch", "ec2messages", "ssmmessages", "xray"];

/// How many actions a title names.
const MOST_NAMED: usize = 4;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let roles = model.roles.values().filter(|role| role.boundary.is_none());
    let of_tasks = of_tasks(model);
    roles.filter_map(|role| finding(&of_tasks, role)).collect()
}

/// What a statement allows on whatever there is.
enum Wide {
    /// Everything, or everything but.
    All(String),
    /// These actions, in the words of the policy.
    Some(BTreeSet<String>),
}

fn finding(of_tasks: &BTreeSet<&Key>, role: &Role) -> Option<Finding> {
    let mut all: Option<String> = None;
    let mut actions: BTreeSet<String> = BTreeSet::new();
    let mut policies: BTreeSet<&Key> = BTreeSet::new();
    let mut assumes: BTreeSet<String> = BTreeSet::new();
    for policy in &role.policies {
        for wide in wide_statements(policy) {
            policies.insert(&policy.origin.key);
            assumes.extend(policy.document.assumed().map(ToString::to_string));
            match wide {
                Wide::All(what) => all = Some(what),
                Wide::Some(more) => actions.extend(more),
            }
        }
    }
    let runs = of_tasks.contains(&role.key);
    let (severity, does) = match &all {
        Some(what) if runs => (Severity::High, what.clone()),
        Some(what) => (Severity::Medium, what.clone()),
        None if actions.is_empty() => return None,
        None => {
            let more = actions.len().saturating_sub(MOST_NAMED);
            let mut named: Vec<String> =
                actions.iter().take(MOST_NAMED).map(|action| format!("`{action}`")).collect();
            if more > 0 {
                named.push(format!("{more} more"));
            }
            let severity = if runs { Severity::Medium } else { Severity::Low };
            (severity, format!("{} on any resource", listed(named)))
        }
    };
    let by: Vec<String> = policies.iter().map(ToString::to_string).collect();
    let title = if by == [role.key.to_string()] {
        format!("{} may do {does}", role.key)
    } else {
        format!("{} may do {does} ({})", role.key, by.join(", "))
    };
    let fix = "name the actions that are used and the ARNs of what they are used on; for \
               `iam:PassRole` also the service, with the condition `iam:PassedToService`";
    let origins = policies.into_iter().chain([&role.key]).cloned();
    let mut finding = RULE.info.finding(severity, origins, title, fix);
    finding.assumes.extend(assumes);
    Some(finding)
}

/// The roles with which containers run.
fn of_tasks(model: &Model) -> BTreeSet<&Key> {
    let definitions = model.task_definitions.values();
    definitions.filter_map(|definition| definition.task_role.get()?.as_ref()).collect()
}

fn wide_statements(policy: &PolicyAt) -> Vec<Wide> {
    let statements = policy.document.get().into_iter().flat_map(|policy| &policy.statements);
    statements.filter_map(wide).collect()
}

fn wide(statement: &Statement) -> Option<Wide> {
    let Statement { effect, actions, resources, conditions, odd, .. } = statement;
    let free = *effect == Effect::Allow && conditions.is_empty() && odd.is_none();
    if !free || !is_any_resource(resources.as_ref()?) {
        return None;
    }
    let words = actions.list.iter().filter_map(Word::text);
    if actions.except {
        let but: Vec<String> = words.map(|word| format!("`{word}`")).collect();
        return Some(Wide::All(format!("everything but {}", listed(but))));
    }
    let mut found = BTreeSet::new();
    for word in words {
        let (service, name) = word.split_once(':').unwrap_or((word, ""));
        if service.chars().all(|letter| letter == '*') {
            return Some(Wide::All("everything (`*`)".to_owned()));
        }
        let whole = !name.is_empty() && name.chars().all(|letter| letter == '*');
        let pattern = Pattern::new(word).lower();
        let worth = WORTH_MOST.iter().any(|it| pattern.matches(&it.to_ascii_lowercase()));
        let lower = service.to_ascii_lowercase();
        if worth || (whole && !WITHOUT_RESOURCES.contains(&lower.as_str())) {
            found.insert(word.to_owned());
        }
    }
    (!found.is_empty()).then_some(Wide::Some(found))
}

/// Whether any resource is meant: `*` alone, or all ARNs.
fn is_any_resource(resources: &Words) -> bool {
    let mut words = resources.list.iter().filter_map(Word::text);
    !resources.except
        && words.any(|word| {
            let mut letters = word.strip_prefix("arn:").unwrap_or(word).chars();
            !word.is_empty() && letters.all(|letter| matches!(letter, '*' | ':'))
        })
}
