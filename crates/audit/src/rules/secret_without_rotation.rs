//! `secret-without-rotation`: secrets that stay as they are.

use farmgate_aws::model::Secret;

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "secret-without-rotation",
        severity: Severity::Low,
        title: "a secret is never changed by itself",
        why: "A secret that got out is good until somebody changes it, and without a schedule nobody \
              does. Rotation bounds how long a copy in a log, a laptop or a model's context is of \
              use, and shows early what would break in an emergency.",
        page: include_str!("../../../../docs/rules/secret-without-rotation.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let secrets = facts.model().secrets.values();
    let stay = secrets.filter(|secret| secret.rotates.get() == Some(&false));
    stay.map(finding).collect()
}

fn finding(secret: &Secret) -> Finding {
    let key = &secret.key;
    let title = format!("nothing rotates {key}");
    let fix = "give it a rotation: a function that makes a new value, at least every 90 days; what \
               somebody else issues, change by hand and accept this with the date";
    let mut finding = RULE.info.finding(Severity::Low, [key.clone()], title, fix);
    finding.assumes.extend(secret.rotates.assumed().map(ToString::to_string));
    finding
}
