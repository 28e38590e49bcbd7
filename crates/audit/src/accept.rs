//! Which findings are accepted, and by which acceptances.
//!
//! They are listed, never hidden, and never wider than they say: a finding with several origins is
//! accepted only if each of them is, since otherwise a new origin could hide behind an old
//! acceptance. Which findings are new since last time is for [`crate::baseline`].

use std::collections::BTreeSet;

use farmgate_aws::model::Key;
use farmgate_farm::accept::{Acceptance, Acceptances};
use farmgate_farm::diagnostic::quoted;
use jiff::civil::Date;

use crate::report::{Accepted, Finding, Warning};

/// In whose words findings name their origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Terraform addresses.
    Addresses,
    /// The words of a farm file.
    Farm,
}

/// Findings, apart from those that are accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// What nobody accepted.
    pub findings: Vec<Finding>,
    /// What somebody accepted.
    pub accepted: Vec<Accepted>,
    /// Acceptances that have expired, match nothing, or cover a finding in part.
    pub warnings: Vec<Warning>,
}

/// Whether an acceptance speaks of an origin. In a farm, what is accepted on something is accepted on
/// its parts: its security group (`groups.ingress`), its listeners (`ingress.443`).
fn matches(acceptance: &Acceptance, origin: &str, words: Words) -> bool {
    if acceptance.matches(origin, Key::new(origin).resource_type()) {
        return true;
    }
    let whole = origin.strip_prefix("groups.").unwrap_or(origin);
    let ends = whole.match_indices('.').map(|(at, _)| at).chain([whole.len()]);
    let mut wholes = ends.filter_map(|end| whole.get(..end));
    words == Words::Farm && wholes.any(|whole| acceptance.matches(whole, None))
}

fn speaks_of(acceptance: &Acceptance, finding: &Finding, words: Words) -> bool {
    acceptance.rule == finding.rule
        && finding.origins.iter().any(|origin| matches(acceptance, origin, words))
}

fn warning(acceptance: &Acceptance, code: &str, text: String) -> Warning {
    Warning { code: code.to_owned(), origin: Some(acceptance.on.text.clone()), text }
}

/// Tells the accepted findings from the others.
#[must_use]
pub fn apply(
    acceptances: &Acceptances,
    findings: Vec<Finding>,
    words: Words,
    today: Date,
) -> Applied {
    let mut applied = Applied::default();
    for acceptance in &acceptances.items {
        applied.warnings.extend(useless(acceptance, &findings, words, today));
    }
    let live: Vec<_> = acceptances.items.iter().filter(|it| !it.has_expired(today)).collect();
    for finding in findings {
        match cover(&live, &finding, words) {
            Cover::All { why, until } => applied.accepted.push(Accepted {
                finding,
                why,
                until: until.map(|day| day.to_string()),
            }),
            Cover::Part { left } => {
                let text = format!(
                    "{} is accepted for some of its origins, not for {}",
                    quoted(&finding.rule),
                    quoted(&left)
                );
                applied.warnings.push(Warning {
                    code: "acceptance-partial".to_owned(),
                    origin: Some(left),
                    text,
                });
                applied.findings.push(finding);
            }
            Cover::None => applied.findings.push(finding),
        }
    }
    applied
}

/// That an acceptance accepts nothing any more.
fn useless(
    acceptance: &Acceptance,
    findings: &[Finding],
    words: Words,
    today: Date,
) -> Option<Warning> {
    let (rule, on) = (quoted(&acceptance.rule), quoted(&acceptance.on.text));
    if let Some(until) = acceptance.until.filter(|_| acceptance.has_expired(today)) {
        let text = format!("the acceptance of {rule} on {on} ended on {until}");
        return Some(warning(acceptance, "acceptance-expired", text));
    }
    if findings.iter().any(|finding| speaks_of(acceptance, finding, words)) {
        return None;
    }
    let text = format!("the acceptance of {rule} on {on} matches no finding");
    Some(warning(acceptance, "acceptance-unmatched", text))
}

/// How much of a finding is accepted.
enum Cover {
    None,
    Part { left: String },
    All { why: String, until: Option<Date> },
}

fn cover(live: &[&Acceptance], finding: &Finding, words: Words) -> Cover {
    let mut used = Vec::new();
    let mut left = None;
    for origin in &finding.origins {
        let mut all = live.iter().filter(|it| it.rule == finding.rule);
        match all.find(|it| matches(it, origin, words)) {
            Some(acceptance) => used.push(acceptance),
            None => left = left.or(Some(origin)),
        }
    }
    match (used.is_empty(), left) {
        (true, _) => Cover::None,
        (false, Some(left)) => Cover::Part { left: left.clone() },
        (false, None) => {
            let mut reasons = BTreeSet::new();
            let reasons = used.iter().map(|it| it.why.as_str()).filter(|why| reasons.insert(*why));
            Cover::All {
                why: reasons.collect::<Vec<_>>().join("; "),
                // The first end is the end of the whole.
                until: used.iter().filter_map(|it| it.until).min(),
            }
        }
    }
}
