//! `log-group-unused`: log groups that are made and receive nothing.
//!
//! Who logs to a group may be anything that may write logs; so a group counts as unused only where
//! its name says for what it is and that can't log there, or where a configuration is at hand that
//! names it nowhere.

use farmgate_aws::model::{Container, LogGroup, Model};

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "log-group-unused",
        severity: Severity::Low,
        title: "a log group is made, and nothing logs to it",
        why: "Somebody believes that there is a record, and looks for it on the day that it is \
              needed. Access logs of load balancers in particular go to S3 and nowhere else, so a log \
              group that was made for them stays empty.",
        page: include_str!("../../../../docs/rules/log-group-unused.md"),
    },
    run,
};

/// Prefixes under which AWS's services log without being told a group.
const OF_SERVICES: [&str; 6] = [
    "/aws/",
    "API-Gateway-Execution-Logs",
    "aws-waf-logs-",
    "RDSOSMetrics",
    "/ecs/containerinsights",
    "sns/",
];

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    if !who_logs_is_known(model) {
        return Vec::new();
    }
    let unused = model.log_groups.values().filter(|group| group.named.get() != Some(&true));
    unused.filter_map(|group| finding(model, group)).collect()
}

/// Whether it is known of every container where it logs to.
fn who_logs_is_known(model: &Model) -> bool {
    let definitions = model.task_definitions.values();
    let mut containers = definitions.map(|definition| definition.containers.get());
    let knows = |it: &Container| it.knows("logConfiguration") && it.knows("environment");
    containers.all(|list| list.is_some_and(|list| list.iter().all(knows)))
}

fn finding(model: &Model, group: &LogGroup) -> Option<Finding> {
    let name = group.name.get()?.as_deref()?;
    let key = &group.key;
    if is_used(model, group, name) {
        return None;
    }
    let outside = format!("nothing outside of the sources logs to {key}");
    let (severity, title, assumed) = if is_for_load_balancers(name)
        && !model.load_balancers.is_empty()
    {
        let title = format!("nothing logs to {key}: access logs of a load balancer go to S3 only");
        let assumed = format!(
            "nothing copies access logs to {key}, since no source shows that anything does"
        );
        (Severity::Low, title, assumed)
    } else if group.named.get() == Some(&false)
        && !OF_SERVICES.iter().any(|it| name.starts_with(it))
    {
        (Severity::Info, format!("nothing in the sources logs to {key}"), outside)
    } else {
        return None;
    };
    let fix = "turn on what was to log there (for a load balancer: access logs into a bucket), or drop \
               the log group";
    let mut finding = RULE.info.finding(severity, [key.clone()], title, fix);
    finding.assumes.push(assumed);
    Some(finding)
}

/// Whether a container logs to it or is told its name.
fn is_used(model: &Model, group: &LogGroup, name: &str) -> bool {
    let definitions = model.task_definitions.values();
    let mut containers = definitions.flat_map(|it| it.containers.get().into_iter().flatten());
    let is_it = |text: &str| text == name || model.aliases.get(text) == Some(&group.key);
    containers.any(|container| {
        let logs = container.log_options.values().any(|value| is_it(value));
        let run = &container.run;
        let mut told = container.environment.values().chain(&run.command).chain(&run.entry_point);
        logs || told.any(|value| value.contains(name) || is_it(value))
    })
}

/// Whether a name says that the group is for a load balancer: `/aws/alb/farm`, `alb-access-logs`.
fn is_for_load_balancers(name: &str) -> bool {
    const WORDS: [&str; 5] = ["alb", "elb", "nlb", "elasticloadbalancing", "loadbalancer"];
    let lower = name.to_ascii_lowercase();
    lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
        || lower.contains("load-balancer")
}
