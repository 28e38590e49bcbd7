//! `same-execution-and-task-role`: containers that have the permissions of what starts them, or of
//! other services.
//!
//! Three forms: one role for both; a task role that reads secrets which only other services are given;
//! a task role that may write the log which ECS writes for its containers.

use std::collections::BTreeSet;

use farmgate_aws::iam::Outcome;
use farmgate_aws::model::{Key, Role, TaskDefinition, Val};

use super::{Facts, Rule, RuleInfo, shown_by};
use crate::prove::iam::{Asked, Here, may};
use crate::report::{Finding, Severity, Verdict};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "same-execution-and-task-role",
        severity: Severity::Medium,
        title: "containers have permissions that only ECS, or another service, needs",
        why: "ECS starts a task with one role and the containers run with another, so that code which \
              a server is made to run cannot read what was only meant to be injected. With one role \
              for both, or one task role for several services, whoever gets into one container has \
              the secrets, images and logs of all.",
        page: include_str!("../../../../docs/rules/same-execution-and-task-role.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let mut all = Vec::new();
    let mut told: BTreeSet<&Key> = BTreeSet::new();
    for (key, definition) in &model.task_definitions {
        if let Some(role) = one_for_both(definition) {
            told.insert(role);
            all.push(both(facts, key, definition, role));
        }
    }
    all.extend(reads_others(facts));
    for (key, definition) in &model.task_definitions {
        let role = definition.task_role.get().and_then(Option::as_ref);
        let role = role.filter(|role| !told.contains(role));
        if let Some(role) = role.and_then(|role| model.roles.get(role)) {
            all.extend(writes_its_log(facts, key, definition, role));
        }
    }
    all
}

/// The services that run a task definition, in words; the definition itself, if none does.
fn who(facts: &Facts<'_>, definition: &Key) -> String {
    super::root_user::services_of(facts.model(), definition)
}

// === One role for both ===

fn one_for_both(definition: &TaskDefinition) -> Option<&Key> {
    let execution = definition.execution_role.get()?.as_ref()?;
    let task = definition.task_role.get()?.as_ref()?;
    (execution == task).then_some(task)
}

fn both(facts: &Facts<'_>, key: &Key, definition: &TaskDefinition, role: &Key) -> Finding {
    let who = who(facts, key);
    let title = format!("the containers of {who} run with the role that starts them, {role}");
    let fix = "make a role of its own for the containers, with what they call themselves (often \
               nothing), and leave pulling images, writing logs and reading secrets to the other";
    let origins = [key.clone(), role.clone()];
    let mut finding = RULE.info.finding(Severity::Medium, origins, title, fix);
    let notes = [&definition.execution_role, &definition.task_role];
    finding.assumes.extend(notes.iter().filter_map(|it| it.assumed()).map(ToString::to_string));
    finding
}

// === The secrets of others ===

fn reads_others(facts: &Facts<'_>) -> Vec<Finding> {
    let refuted = facts.statements.iter().filter(|statement| {
        statement.id.starts_with("only-own-secrets:") && statement.verdict == Verdict::Refuted
    });
    let findings = refuted.map(|statement| {
        let service = statement.on.first().map(|name| Key::new(name));
        let causes: Vec<String> =
            statement.because.iter().map(|b| format!("{}: {}", b.origin, b.text)).collect();
        let title = format!(
            "the containers of {} may read secrets that only other services are given ({})",
            statement.on.join(", "),
            causes.join("; ")
        );
        let fix = "give each service a task role of its own, and name in its policy the ARNs of its \
                   own secrets; a secret that is injected needs no permission of the task role";
        shown_by(RULE.info.finding(Severity::Medium, service, title, fix), [statement])
    });
    findings.collect()
}

// === The log that ECS writes ===

fn writes_its_log(
    facts: &Facts<'_>,
    key: &Key,
    definition: &TaskDefinition,
    role: &Role,
) -> Option<Finding> {
    let here = Here::of(facts.model(), Some(role));
    let action = "logs:PutLogEvents";
    for (resource, log) in streams(facts, definition, &here) {
        let asked = Asked { action, resource, key: log.clone(), when: Vec::new() };
        let decision = may(facts.model(), role, &here, &asked);
        if decision.outcome != Outcome::Allowed {
            continue;
        }
        let policy = decision.by.first().map(|(origin, _)| origin.key.clone());
        let by = policy.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
        let who = who(facts, key);
        let title =
            format!("the containers of {who} may write the log that ECS writes for them{by}");
        let fix = "remove the permission from the task role: the log driver writes with the \
                   execution role, and a container that may write its own log can write what it did \
                   not do";
        let origins = [Some(key.clone()), Some(role.key.clone()), policy].into_iter().flatten();
        let mut finding = RULE.info.finding(Severity::Info, origins, title, fix);
        let notes = decision.assumes.iter().chain(definition.task_role.assumed());
        finding.assumes.extend(notes.map(ToString::to_string));
        if let (Some(log), Val::Unknown(_)) = (&log, &definition.containers) {
            finding.assumes.push(format!("{key} logs to {log}, which its expression names"));
        }
        return Some(finding);
    }
    None
}

/// The streams to which the log driver writes; of containers that are not known, those of the group
/// that their expression names.
fn streams(
    facts: &Facts<'_>,
    definition: &TaskDefinition,
    here: &Here,
) -> Vec<(String, Option<Key>)> {
    let named = &facts.model().named;
    let arn = |group: &str, stream: &str| {
        here.arn("logs", &format!("log-group:{group}:log-stream:{stream}"))
    };
    let Some(containers) = definition.containers.get() else {
        let groups = definition.mentions.iter().filter_map(|key| {
            let group = named.iter().find(|it| it.kind == "log group" && it.key == *key)?;
            Some((arn(&group.name, "*"), Some(key.clone())))
        });
        return groups.collect();
    };
    let logging = containers.iter().filter(|it| it.log_driver.as_deref() == Some("awslogs"));
    let streams = logging.filter_map(|container| {
        let group = container.log_options.get("awslogs-group")?;
        let prefix = container.log_options.get("awslogs-stream-prefix").map_or("*", String::as_str);
        let key = facts.model().aliases.get(group).cloned().or_else(|| {
            let found = named.iter().find(|it| it.kind == "log group" && it.name == *group);
            found.map(|it| it.key.clone())
        });
        Some((arn(group, &format!("{prefix}/{}/*", container.name)), key))
    });
    streams.collect()
}
