//! `security-hub-off`: Security Hub without a standard, or off where that is seen; and a recorder of AWS
//! Config, which most of its controls read, that is not started.

use farmgate_aws::model::{Detection, Key};

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "security-hub-off",
        severity: Severity::Low,
        title: "Security Hub or AWS Config is off",
        why: "They say what of the account drifted since the last check, and every compliance report \
              asks for it. Most of Security Hub's controls read what Config records, so without it they \
              say nothing and look fine.",
        page: include_str!("../../../../docs/rules/security-hub-off.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let region = model.region.as_deref().unwrap_or("the region");
    let mut all = hub(&model.detection, region);
    all.extend(recorder(&model.detection, region));
    all
}

fn hub(detection: &Detection, region: &str) -> Vec<Finding> {
    let fix = "switch it on with the standard AWS Foundational Security Best Practices \
               (`aws_securityhub_account`, `aws_securityhub_standards_subscription`)";
    if detection.hubs.is_empty() && detection.lists("aws_securityhub_account") {
        let title = format!("Security Hub is off in {region}");
        return vec![RULE.info.finding(Severity::Low, [Key::new("securityhub")], title, fix)];
    }
    let idle = detection.hubs.values().filter(|hub| hub.standards.get() == Some(&false));
    let finding = |key: &Key| {
        let title = format!("{key} has no standard, so that Security Hub checks nothing itself");
        RULE.info.finding(Severity::Low, [key.clone()], title, fix)
    };
    idle.map(|hub| finding(&hub.key)).collect()
}

fn recorder(detection: &Detection, region: &str) -> Vec<Finding> {
    let fix =
        "record all resources, and start the recorder (`aws_config_configuration_recorder_status`)";
    if detection.recorders.is_empty() && detection.lists("aws_config_configuration_recorder") {
        let title = format!("AWS Config has no recorder in {region}");
        return vec![RULE.info.finding(Severity::Low, [Key::new("config")], title, fix)];
    }
    let off = detection.recorders.values().filter(|it| it.recording.get() == Some(&false));
    let finding = |key: &Key| {
        let title = format!("{key} is not started, so that AWS Config records nothing");
        RULE.info.finding(Severity::Low, [key.clone()], title, fix)
    };
    off.map(|recorder| finding(&recorder.key)).collect()
}
