//! `access-logs-off`: load balancers and stages of APIs that keep no record of requests.

use farmgate_aws::model::{ApiStage, LoadBalancer, LoadBalancerKind};

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "access-logs-off",
        severity: Severity::Low,
        title: "a load balancer or a stage of an API writes no access logs",
        why: "What the front refuses or answers by itself no server ever sees, so without \
              its log nobody can tell afterwards who tried what. A log group that somebody made for \
              it receives nothing: access logs go to S3, and only where they are turned on.",
        page: include_str!("../../../../docs/rules/access-logs-off.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let balancers = facts.model().load_balancers.values();
    let unlogged = balancers.filter(|balancer| balancer.access_logs.get() == Some(&false));
    let stages = facts.model().stages.values();
    let silent = stages.filter(|stage| stage.access_logs.get() == Some(&false));
    unlogged.filter_map(finding).chain(silent.map(of_stage)).collect()
}

/// CloudWatch's logs of an API's execution say less: not who called, and of HTTP APIs nothing.
fn of_stage(stage: &ApiStage) -> Finding {
    let title = format!("{} writes no access logs", stage.key);
    let fix = "set `access_log_settings`, with `$context.identity.sourceIp` and \
               `$context.authorizer.error` in the format";
    let mut finding = RULE.info.finding(Severity::Low, [stage.key.clone()], title, fix);
    finding.assumes.extend(stage.access_logs.assumed().map(ToString::to_string));
    finding
}

fn finding(balancer: &LoadBalancer) -> Option<Finding> {
    // A gateway load balancer has none, a network load balancer those of its TLS listeners only.
    if balancer.kind != LoadBalancerKind::Application {
        return None;
    }
    let key = &balancer.key;
    let public = balancer.internal.get() == Some(&false);
    let severity = if public { Severity::Low } else { Severity::Info };
    let title = format!("{key} writes no access logs");
    let fix = "turn on access logs into a bucket that is encrypted, closed to the public, and \
               emptied after a time";
    let mut finding = RULE.info.finding(severity, [key.clone()], title, fix);
    finding.assumes.extend(balancer.access_logs.assumed().map(ToString::to_string));
    Some(finding)
}
