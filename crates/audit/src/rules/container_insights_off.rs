//! `container-insights-off`: clusters of which nobody sees how their tasks fare.

use farmgate_aws::model::Cluster;

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "container-insights-off",
        severity: Severity::Info,
        title: "a cluster's tasks are not measured",
        why: "Without Container Insights there is no figure for restarts, memory or network of a task, \
              and none after it has ended: a server that is abused, or that keeps crashing, looks \
              like any other. It costs by the figure, so a small farm may do without.",
        page: include_str!("../../../../docs/rules/container-insights-off.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let clusters = facts.model().clusters.values().filter(|cluster| cluster.managed);
    clusters.filter_map(finding).collect()
}

fn finding(cluster: &Cluster) -> Option<Finding> {
    let key = &cluster.key;
    let mut assumes: Vec<String> = Vec::new();
    match cluster.container_insights.get()?.as_deref() {
        Some("disabled") => {}
        None => {
            assumes.extend(cluster.container_insights.assumed().map(ToString::to_string));
            assumes.push(
                "the account's default for Container Insights is off, as AWS's is".to_owned(),
            );
        }
        Some(_) => return None,
    }
    let title = format!("Container Insights is off for {key}");
    let fix = "set the cluster's `containerInsights` to `enabled` or `enhanced`";
    let mut finding = RULE.info.finding(Severity::Info, [key.clone()], title, fix);
    finding.assumes.extend(assumes);
    Some(finding)
}
