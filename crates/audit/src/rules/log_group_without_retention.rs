//! `log-group-without-retention`: logs that are kept for ever.

use farmgate_aws::model::{Key, LogGroup, Model, TaskDefinition};

use super::root_user::services_of;
use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "log-group-without-retention",
        severity: Severity::Low,
        title: "logs are kept for ever",
        why: "What servers log holds what people asked models for, and now and then a credential: \
              kept for ever it is a store of personal data that nobody wanted, and its cost only \
              grows. A time that somebody chose is long enough for an inquiry and ends.",
        page: include_str!("../../../../docs/rules/log-group-without-retention.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let groups = model.log_groups.values().filter(|it| it.retention.get() == Some(&None));
    let definitions = model.task_definitions.iter();
    let made = definitions.filter_map(|(key, it)| made_by_tasks(model, key, it));
    groups.map(finding).chain(made).collect()
}

fn finding(group: &LogGroup) -> Finding {
    let key = &group.key;
    let title = format!("{key} keeps what is logged for ever");
    let fix = "set a retention: 365 days if nothing asks for another time";
    let mut finding = RULE.info.finding(Severity::Low, [key.clone()], title, fix);
    finding.assumes.extend(group.retention.assumed().map(ToString::to_string));
    finding
}

/// Groups that the log driver makes where there are none: these have no retention.
fn made_by_tasks(model: &Model, key: &Key, definition: &TaskDefinition) -> Option<Finding> {
    let containers = definition.containers.get()?.iter();
    let groups = containers.filter_map(|container| {
        let option = |name: &str| container.log_options.get(name).map(String::as_str);
        let makes = container.log_driver.as_deref() == Some("awslogs")
            && option("awslogs-create-group") == Some("true");
        let group = option("awslogs-group").filter(|_| makes)?;
        (!is_made(model, group)).then(|| format!("`{group}`"))
    });
    let groups: Vec<String> = groups.collect();
    if groups.is_empty() {
        return None;
    }
    let who = services_of(model, key);
    let title =
        format!("{who} makes {} by itself, which keeps what is logged for ever", listed(&groups));
    let fix = "make the log group in the sources, with a retention, and leave \
               `awslogs-create-group` away";
    let mut finding = RULE.info.finding(Severity::Low, [key.clone()], title, fix);
    let groups = groups.iter();
    finding
        .assumes
        .extend(groups.map(|it| format!("{it} isn't there yet, since no source shows it")));
    Some(finding)
}

/// Whether a source makes the group, as far as that can be told.
fn is_made(model: &Model, group: &str) -> bool {
    model.log_groups.contains_key(&model.resolve(group))
        || model.log_groups.values().any(|it| match it.name.get() {
            Some(name) => name.as_deref() == Some(group),
            None => true,
        })
}
