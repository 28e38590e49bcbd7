//! A report in Markdown, for a comment on a pull request: what is wrong first, all else folded.
//!
//! With a baseline, what it knows is folded too. A comment of GitHub's holds 65,536 characters:
//! what doesn't fit is left out row by row, and how much that is is said. Nothing that comes from a
//! file can become markup, a mention or a link (`safe`).

pub(crate) mod budget;
pub(crate) mod safe;

use std::collections::BTreeMap;

use farmgate_audit::report::{Family, Finding, Report, Severity, Statement, Verdict};

use super::places::noted;
use crate::input::shown;
use budget::{Budget, Section};
use safe::{code, inline};

/// How many causes of a statement are listed.
const CAUSES: usize = 8;

/// How many origins of a finding are listed.
const ORIGINS: usize = 4;

/// Renders a report for a pull request.
#[must_use]
pub fn markdown_report(report: &Report) -> String {
    let mut page = Budget::new();
    page.line(&format!("### farmgate: {}", headline(report)));
    page.line("");
    page.line(&sources(report));
    warnings(&mut page, report);
    let new = |statement: &&Statement| !statement.known;
    let with = |verdict| {
        report.statements.iter().filter(move |s: &&Statement| s.verdict == verdict).filter(new)
    };
    page.section(statements(report, "Refuted", with(Verdict::Refuted)).open());
    let expected = |s: &&Statement| s.family == Family::Expectation;
    let doubted = with(Verdict::Unknown).filter(expected);
    page.section(statements(report, "Expected, and not known", doubted).open());
    page.section(findings(report, "Findings", report.findings.iter().filter(|f| !f.known)).open());
    page.section(reasons(report));
    let unknown = with(Verdict::Unknown).filter(|s| s.family != Family::Expectation);
    page.section(statements(report, "Not known", unknown));
    known(&mut page, report);
    page.section(accepted(report));
    page.section(proved(report));
    page.finish()
}

/// What there is of each, in one line.
fn headline(report: &Report) -> String {
    let statements = |verdict| {
        let number = report.statements.iter().filter(|s| s.verdict == verdict && !s.known).count();
        match (verdict, number) {
            (Verdict::Refuted, 1..) => format!("**{number} {verdict}**"),
            _ => format!("{number} {verdict}"),
        }
    };
    let verdicts = [Verdict::Refuted, Verdict::Unknown, Verdict::Proved].map(statements);
    let severities =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    let findings: Vec<String> = severities
        .into_iter()
        .filter_map(|severity| {
            let of = |f: &&Finding| f.severity == severity && !f.known;
            match report.findings.iter().filter(of).count() {
                0 => None,
                number if severity >= Severity::High => Some(format!("**{number} {severity}**")),
                number => Some(format!("{number} {severity}")),
            }
        })
        .collect();
    let findings = if findings.is_empty() { "none".to_owned() } else { findings.join(", ") };
    let new = if report.totals.known_before.is_some() { "new findings" } else { "findings" };
    let mut line = format!("{}; {new}: {findings}", verdicts.join(", "));
    if !report.accepted.is_empty() {
        line.push_str(&format!("; {} accepted", report.accepted.len()));
    }
    if let Some(known) = report.totals.known_before {
        line.push_str(&format!("; {known} known from the baseline"));
    }
    line
}

fn sources(report: &Report) -> String {
    let all = report.sources.iter().map(|source| {
        let noun = if source.resources == 1 { "resource" } else { "resources" };
        let (name, kind) = (code(shown(&source.name)), inline(&source.kind));
        format!("{name} ({kind}, {} {noun})", source.resources)
    });
    all.collect::<Vec<String>>().join(", ")
}

fn warnings(page: &mut Budget, report: &Report) {
    for warning in &report.warnings {
        let on = warning.origin.as_ref().map(|origin| format!(" {}:", code(origin)));
        let line = format!(
            "> **{}**:{} {}",
            inline(&warning.code),
            on.unwrap_or_default(),
            inline(&warning.text)
        );
        page.line("");
        page.line(&line);
    }
}

/// An address, and where it is written.
fn at(report: &Report, origin: &str) -> String {
    match noted(report, origin) {
        Some(place) => format!("{} ({})", code(origin), code(&place)),
        None => code(origin),
    }
}

/// A table of statements with what causes or decides them.
fn statements<'r>(
    report: &Report,
    title: &str,
    statements: impl Iterator<Item = &'r Statement>,
) -> Section {
    let mut section = Section::new(title, "| What | Why |\n| --- | --- |");
    for statement in statements {
        let mut why = Vec::new();
        if let Some(witness) = &statement.witness {
            let to = format!("{}:{}", witness.to, witness.service);
            why.push(format!("{} → {}", code(&witness.from), code(&to)));
        }
        why.extend(
            statement.missing.iter().map(|missing| format!("not known: {}", inline(missing))),
        );
        let causes = statement.because.iter().take(CAUSES);
        let cause = |because: &farmgate_audit::report::Because| {
            format!("{} {}", at(report, &because.origin), inline(&because.text))
        };
        why.extend(causes.map(cause));
        if statement.because.len() > CAUSES {
            why.push(format!("and {} more", statement.because.len() - CAUSES));
        }
        section.row(format!("| {} | {} |", inline(&statement.text), why.join("<br>")));
    }
    section
}

/// A table of findings.
fn findings<'r>(
    report: &Report,
    title: &str,
    findings: impl Iterator<Item = &'r Finding>,
) -> Section {
    let head = "| Severity | Rule | What | Where | Fix |\n| --- | --- | --- | --- | --- |";
    let mut section = Section::new(title, head);
    for finding in findings {
        let mut origins: Vec<String> =
            finding.origins.iter().take(ORIGINS).map(|origin| at(report, origin)).collect();
        if finding.origins.len() > ORIGINS {
            origins.push(format!("and {} more", finding.origins.len() - ORIGINS));
        }
        let severity = match finding.severity {
            severe @ (Severity::Critical | Severity::High) => format!("**{severe}**"),
            other => other.to_string(),
        };
        section.row(format!(
            "| {severity} | {} | {} | {} | {} |",
            rule(&finding.rule),
            inline(&finding.title),
            origins.join("<br>"),
            inline(&finding.fix.text)
        ));
    }
    section
}

/// A rule with its page.
fn rule(id: &str) -> String {
    let known = farmgate_audit::rules::catalogue().any(|rule| rule.id == id);
    if !known {
        return code(id);
    }
    format!("[{id}]({}/blob/main/docs/rules/{id}.md)", env!("CARGO_PKG_REPOSITORY"))
}

/// Why the new findings matter, and what was tried: once for each rule.
fn reasons(report: &Report) -> Section {
    let mut section = Section::new("Why these matter, and what was tried", "");
    let mut said: BTreeMap<&str, ()> = BTreeMap::new();
    for finding in report.findings.iter().filter(|f| !f.known) {
        if said.insert(&finding.rule, ()).is_none() {
            section.row(format!("- {}: {}", rule(&finding.rule), inline(&finding.why)));
        }
        for trial in &finding.fix.tried {
            let worked = if trial.works { "works" } else { "doesn't do" };
            let (change, outcome) = (inline(&trial.change), inline(&trial.outcome));
            section.row(format!("  - tried, {worked}: {change}: {outcome}"));
        }
    }
    section
}

/// What the baseline has, too.
fn known(page: &mut Budget, report: &Report) {
    let statement_known = report.statements.iter().filter(|s| s.known);
    page.section(statements(report, "Known from the baseline: statements", statement_known));
    let finding_known = report.findings.iter().filter(|f| f.known);
    page.section(findings(report, "Known from the baseline: findings", finding_known));
}

fn accepted(report: &Report) -> Section {
    let head = "| Rule | Where | Why | Until |\n| --- | --- | --- | --- |";
    let mut section = Section::new("Accepted", head);
    for accepted in &report.accepted {
        let origins: Vec<String> =
            accepted.finding.origins.iter().take(ORIGINS).map(|o| at(report, o)).collect();
        section.row(format!(
            "| {} | {} | {} | {} |",
            rule(&accepted.finding.rule),
            origins.join("<br>"),
            inline(&accepted.why),
            inline(accepted.until.as_deref().unwrap_or("no end"))
        ));
    }
    section
}

fn proved(report: &Report) -> Section {
    let mut section = Section::new("Proved", "");
    for statement in report.statements.iter().filter(|s| s.verdict == Verdict::Proved) {
        section.row(format!("- {}", inline(&statement.text)));
    }
    section
}
