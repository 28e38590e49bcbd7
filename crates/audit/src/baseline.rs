//! Comparison with an earlier report, so that only what is new fails.
//!
//! Marks what was there before as known; it removes nothing and decides no exit code.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::report::{Finding, Report, Severity, VERSION, Verdict};

/// Why a baseline can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It isn't the output of `farmgate check --format json`.
    #[error("not a report of farmgate: {0}")]
    Broken(#[from] serde_json::Error),
    /// It is a report, in a format that this version doesn't read.
    #[error("a report of version {found}, and this farmgate reads version {VERSION}")]
    Version {
        /// The version that it says.
        found: u64,
    },
}

impl BaselineError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            BaselineError::Broken(_) => "broken-baseline",
            BaselineError::Version { .. } => "baseline-version",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        "make a new one with `farmgate check FILE... --format json`"
    }
}

/// Only the version, which is looked at first: another version may have other fields.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// Reads a report that `farmgate check --format json` wrote.
///
/// # Errors
/// If it is no such report, or one of another version.
pub fn read(bytes: &[u8]) -> Result<Report, BaselineError> {
    let found = serde_json::from_slice::<Versioned>(bytes)?.version;
    if found != u64::from(VERSION) {
        return Err(BaselineError::Version { found });
    }
    Ok(serde_json::from_slice(bytes)?)
}

/// Marks as known what `before` has too, and counts it in `totals.known_before`.
///
/// A statement is the same if its id and verdict are. A finding is the same if its rule and its
/// set of origins are and it was at least as severe; each one of `before` answers for one only.
/// What `before` had accepted isn't known: an acceptance that is gone is news.
pub fn compare(report: &mut Report, before: &Report) {
    let mut known = 0;

    let statements: BTreeSet<(&str, Verdict)> =
        before.statements.iter().map(|s| (s.id.as_str(), s.verdict)).collect();
    for statement in &mut report.statements {
        statement.known = statement.verdict != Verdict::Proved
            && statements.contains(&(statement.id.as_str(), statement.verdict));
        known += usize::from(statement.known);
    }

    let mut findings: BTreeMap<Identity, Vec<Severity>> = BTreeMap::new();
    for finding in &before.findings {
        findings.entry(identity(finding)).or_default().push(finding.severity);
    }
    for finding in &mut report.findings {
        finding.known = findings.get_mut(&identity(finding)).is_some_and(|severities| {
            let same = severities.iter().position(|before| *before >= finding.severity);
            same.map(|at| severities.swap_remove(at)).is_some()
        });
        known += usize::from(finding.known);
    }
    // That an accepted finding was there is told, and counts nothing.
    let before_at_all: BTreeSet<Identity> = before
        .findings
        .iter()
        .chain(before.accepted.iter().map(|accepted| &accepted.finding))
        .map(identity)
        .collect();
    for accepted in &mut report.accepted {
        accepted.finding.known = before_at_all.contains(&identity(&accepted.finding));
    }

    report.totals.known_before = Some(known);
}

/// What makes two findings the same one: the rule, and the resources as a set.
type Identity = (String, BTreeSet<String>);

fn identity(finding: &Finding) -> Identity {
    (finding.rule.clone(), finding.origins.iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Family, Fix, Statement, Totals};

    fn report(statements: &[(&str, Verdict)], findings: &[(&str, &[&str], Severity)]) -> Report {
        let mut report = Report {
            version: VERSION,
            sources: Vec::new(),
            warnings: Vec::new(),
            statements: statements.iter().map(|(id, verdict)| statement(id, *verdict)).collect(),
            findings: findings.iter().map(|(rule, on, how)| finding(rule, on, *how)).collect(),
            accepted: Vec::new(),
            reaches: Vec::new(),
            unmodelled: BTreeMap::new(),
            locations: BTreeMap::new(),
            totals: Totals::default(),
        };
        report.recount();
        report
    }

    fn statement(id: &str, verdict: Verdict) -> Statement {
        Statement {
            id: id.to_owned(),
            family: Family::Isolation,
            on: Vec::new(),
            text: String::new(),
            verdict,
            assumes: Vec::new(),
            missing: Vec::new(),
            because: Vec::new(),
            witness: None,
            known: false,
        }
    }

    fn finding(rule: &str, origins: &[&str], severity: Severity) -> Finding {
        Finding {
            rule: rule.to_owned(),
            severity,
            origins: origins.iter().map(|&o| o.to_owned()).collect(),
            title: String::new(),
            why: String::new(),
            fix: Fix::default(),
            statements: Vec::new(),
            assumes: Vec::new(),
            known: false,
        }
    }

    /// Which statements and findings of `now` are known, given `before`.
    fn known(mut now: Report, before: &Report) -> (Vec<bool>, Vec<bool>) {
        compare(&mut now, before);
        let statements: Vec<bool> = now.statements.iter().map(|s| s.known).collect();
        let findings: Vec<bool> = now.findings.iter().map(|f| f.known).collect();
        let count = statements.iter().chain(&findings).filter(|&&known| known).count();
        assert_eq!(now.totals.known_before, Some(count));
        (statements, findings)
    }

    #[test]
    fn a_statement_is_known_by_id_and_verdict() {
        let before = report(
            &[("a", Verdict::Refuted), ("b", Verdict::Unknown), ("c", Verdict::Proved)],
            &[],
        );
        let now = report(
            &[
                ("a", Verdict::Refuted),
                ("b", Verdict::Refuted),
                ("new", Verdict::Refuted),
                ("c", Verdict::Proved),
            ],
            &[],
        );
        assert_eq!(known(now, &before).0, [true, false, false, false]);
    }

    #[test]
    fn a_finding_is_known_by_rule_and_set_of_origins() {
        let before = report(&[], &[("r", &["x", "y"], Severity::High)]);
        let same = report(&[], &[("r", &["y", "x"], Severity::High)]);
        let fewer = report(&[], &[("r", &["x"], Severity::High)]);
        let other = report(&[], &[("s", &["x", "y"], Severity::High)]);
        assert_eq!(known(same, &before).1, [true]);
        assert_eq!(known(fewer, &before).1, [false]);
        assert_eq!(known(other, &before).1, [false]);
    }

    #[test]
    fn a_finding_that_got_worse_is_new() {
        let before = report(&[], &[("r", &["x"], Severity::Medium)]);
        let worse = report(&[], &[("r", &["x"], Severity::High)]);
        let milder = report(&[], &[("r", &["x"], Severity::Low)]);
        assert_eq!(known(worse, &before).1, [false]);
        assert_eq!(known(milder, &before).1, [true]);
    }

    #[test]
    fn one_before_answers_for_one_now() {
        let before = report(&[], &[("r", &["x"], Severity::Low)]);
        let twice = report(&[], &[("r", &["x"], Severity::Low), ("r", &["x"], Severity::Low)]);
        assert_eq!(known(twice, &before).1, [true, false]);
    }

    #[test]
    fn what_json_says_is_read_again() {
        let mut now = report(&[("a", Verdict::Refuted)], &[("r", &["x"], Severity::High)]);
        let json = serde_json::to_vec(&now).unwrap();
        assert_eq!(read(&json).unwrap(), now);
        compare(&mut now, &read(&json).unwrap());
        assert_eq!(read(&serde_json::to_vec(&now).unwrap()).unwrap(), now);
    }

    #[test]
    fn other_versions_and_other_files_are_refused() {
        let version = read(br#"{"version": 2, "quite": "different"}"#).unwrap_err();
        assert_eq!(version.code(), "baseline-version");
        assert_eq!(version.to_string(), "a report of version 2, and this farmgate reads version 1");
        for broken in [&b""[..], b"[]", b"{}", br#"{"version": 1}"#, br#"{"version": "1"}"#] {
            assert_eq!(read(broken).unwrap_err().code(), "broken-baseline");
        }
    }
}
