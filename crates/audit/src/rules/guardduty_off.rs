//! `guardduty-off`: a detector of GuardDuty that is switched off, and accounts that are seen to have
//! none.

use farmgate_aws::model::{Detector, Key};

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "guardduty-off",
        severity: Severity::Medium,
        title: "GuardDuty is off",
        why: "GuardDuty reads CloudTrail, DNS and flow logs for what a stolen credential or a task that \
              talks to a botnet looks like. Without it nobody looks: the logs are read after somebody \
              else has told you.",
        page: include_str!("../../../../docs/rules/guardduty-off.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let detection = &model.detection;
    if detection.detectors.is_empty() && detection.lists("aws_guardduty_detector") {
        let region = model.region.as_deref().unwrap_or("the region");
        let title = format!("GuardDuty has no detector in {region}");
        let fix = "make a detector in every region that is used (`aws_guardduty_detector`), or let the \
                   organization do it";
        return vec![RULE.info.finding(Severity::Medium, [Key::new("guardduty")], title, fix)];
    }
    let off = detection.detectors.values().filter(|it| it.enabled.get() == Some(&false));
    off.map(finding).collect()
}

fn finding(detector: &Detector) -> Finding {
    let title = format!("{} is switched off", detector.key);
    let fix = "set `enable = true`";
    let mut finding = RULE.info.finding(Severity::Medium, [detector.key.clone()], title, fix);
    finding.assumes.extend(detector.enabled.assumed().map(ToString::to_string));
    finding
}
