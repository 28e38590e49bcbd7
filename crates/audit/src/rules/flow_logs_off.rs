//! `flow-logs-off`: VPCs whose flows are not logged.

use farmgate_aws::model::Vpc;

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "flow-logs-off",
        severity: Severity::Low,
        title: "a VPC's flows are not logged",
        why: "A server that tries what its groups forbid is stopped without a trace: flow logs are \
              the only place where AWS says so. Logging what is rejected costs little and shows \
              both attacks and rules that are missing.",
        page: include_str!("../../../../docs/rules/flow-logs-off.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let vpcs = facts.model().vpcs.values();
    let unlogged = vpcs.filter(|vpc| vpc.flow_logs.get() == Some(&false));
    unlogged.map(finding).collect()
}

fn finding(vpc: &Vpc) -> Finding {
    let key = &vpc.key;
    let title = format!("the flows in {key} are not logged");
    let fix = "add a flow log of the VPC, at least for what is rejected";
    let mut finding = RULE.info.finding(Severity::Low, [key.clone()], title, fix);
    finding.assumes.extend(vpc.flow_logs.assumed().map(ToString::to_string));
    finding
}
