//! `circuit-breaker-off`: services whose failed deployments stay.

use farmgate_aws::model::EcsService;

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "circuit-breaker-off",
        severity: Severity::Low,
        title: "a deployment that fails is not rolled back",
        why: "ECS goes on starting tasks that cannot become healthy until somebody looks, and those \
              that still run are replaced by nothing when they stop. A circuit breaker with rollback \
              puts the last version back by itself.",
        page: include_str!("../../../../docs/rules/circuit-breaker-off.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let services = facts.model().services.values();
    let without = services.filter(|service| service.rolls_back.get() == Some(&false));
    without.map(finding).collect()
}

fn finding(service: &EcsService) -> Finding {
    let key = &service.key;
    let title = format!("a deployment of {key} that fails is not rolled back");
    let fix = "turn on the deployment circuit breaker with rollback";
    let mut finding = RULE.info.finding(Severity::Low, [key.clone()], title, fix);
    finding.assumes.extend(service.rolls_back.assumed().map(ToString::to_string));
    finding
}
