//! `cloudtrail-weak`: accounts whose trail misses regions, can be forged, or is off; and those that are
//! seen to have none.
//!
//! That no source shows a trail says nothing, unless one lists all there are.

use farmgate_aws::model::{Key, Note, Trail, Val};

use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "cloudtrail-weak",
        severity: Severity::Medium,
        title: "CloudTrail misses what happens, or can be forged",
        why: "Who opened a group, read a secret or stopped the log is written in CloudTrail and nowhere \
              else. An intruder works in a region that nobody looks at, and changes files that nobody \
              can tell from the original.",
        page: include_str!("../../../../docs/rules/cloudtrail-weak.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let detection = &facts.model().detection;
    let found: Vec<(&Trail, Weak)> =
        detection.trails.values().map(|trail| (trail, Weak::of(trail))).collect();
    // One good trail is enough: others may be for the events of some buckets.
    if found.iter().any(|(_, weak)| weak.known.is_empty()) {
        return Vec::new();
    }
    if found.is_empty() && detection.lists("aws_cloudtrail") {
        let account = facts.model().account.as_deref().unwrap_or("the account");
        let title = format!("{account} has no trail of CloudTrail");
        let fix = "make a trail for all regions, with log file validation";
        return vec![RULE.info.finding(Severity::Medium, [Key::new("cloudtrail")], title, fix)];
    }
    found.into_iter().map(|(trail, weak)| finding(trail, &weak)).collect()
}

/// What a trail lacks.
struct Weak {
    known: Vec<&'static str>,
    off: bool,
    notes: Vec<Note>,
}

impl Weak {
    fn of(trail: &Trail) -> Self {
        let mut weak = Self { known: Vec::new(), off: false, notes: Vec::new() };
        let checks: [(&Val<bool>, &'static str); 4] = [
            (&trail.logging, "is switched off"),
            (&trail.multi_region, "records one region"),
            (&trail.management, "leaves out changes to the account"),
            (&trail.validates, "has no log file validation"),
        ];
        for (value, words) in checks {
            if value.get() == Some(&false) {
                weak.known.push(words);
                weak.notes.extend(value.assumed().cloned());
            }
        }
        weak.off = trail.logging.get() == Some(&false);
        weak
    }
}

fn finding(trail: &Trail, weak: &Weak) -> Finding {
    let severity = if weak.off { Severity::Medium } else { Severity::Low };
    let title = format!("{} {}", trail.key, listed(&weak.known));
    let fix = "set `is_multi_region_trail`, `enable_log_file_validation` and `enable_logging` to true, \
               and let it record management events";
    let mut finding = RULE.info.finding(severity, [trail.key.clone()], title, fix);
    finding.assumes = weak.notes.iter().map(ToString::to_string).collect();
    finding
}
