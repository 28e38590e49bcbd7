//! Statements: the open ones with what causes or decides them, the proved ones as a count.

use std::collections::BTreeMap;

use farmgate_audit::report::{Because, Family, Report, Statement, Verdict};

use super::assumptions::Assumptions;
use super::page::{Cause, GUTTER, Page};
use super::places::noted;
use super::style::{DIM, GOOD, PLAIN, of_verdict};
use super::words::Words;

/// How many statements that wait for the same are listed if not everything is shown.
const LISTED: usize = 4;

/// How many causes are listed if not everything is shown.
const CAUSES: usize = 6;

/// How far the further lines of a sentence hang, so that several can stand one under another.
const HANG: usize = GUTTER + 2;

/// The statements with this verdict that the baseline doesn't know.
pub(crate) fn open<'a>(
    page: &mut Page,
    assumptions: &mut Assumptions<'a>,
    report: &'a Report,
    verdict: Verdict,
    verbose: bool,
) {
    let wanted = report.statements.iter().filter(|s| s.verdict == verdict && !s.known);
    for group in grouped(wanted, verbose) {
        page.blank();
        let listed = if verbose { group.len() } else { LISTED };
        for (n, statement) in group.iter().take(listed).enumerate() {
            let tag = if n == 0 { verdict.to_string() } else { String::new() };
            let words = sentence(assumptions, statement);
            let cell = super::page::Cell { column: 0, style: of_verdict(verdict), text: &tag };
            page.row(&[cell], GUTTER, HANG, &words);
        }
        if group.len() > listed {
            let more = format!("and {} more; --verbose lists them", group.len() - listed);
            page.under(&Words::plain(&more));
        }
        if let Some(first) = group.first() {
            witness(page, first);
            let shown = if verbose { usize::MAX } else { LISTED };
            for missing in first.missing.iter().take(shown) {
                let words = Words::new().and(DIM, "not known:").and(PLAIN, missing);
                page.row(&[], GUTTER, HANG, &words);
            }
            if verdict == Verdict::Refuted || first.missing.is_empty() || verbose {
                causes(page, report, first, verbose);
            }
        }
    }
}

/// The proved statements: how many of each family; each of them if everything is shown.
pub(crate) fn proved<'a>(
    page: &mut Page,
    assumptions: &mut Assumptions<'a>,
    report: &'a Report,
    verbose: bool,
) {
    let mut families: BTreeMap<Family, Vec<&Statement>> = BTreeMap::new();
    for statement in report.statements.iter().filter(|s| s.verdict == Verdict::Proved) {
        families.entry(statement.family).or_default().push(statement);
    }
    page.blank();
    if !verbose {
        let counts: Vec<String> =
            families.iter().map(|(family, all)| format!("{family} {}", all.len())).collect();
        if !counts.is_empty() {
            page.tagged(GOOD, "proved", &Words::plain(&counts.join(", ")));
        }
        return;
    }
    for (family, all) in families {
        page.blank();
        page.tagged(GOOD, "proved", &Words::plain(&format!("{family} {}", all.len())));
        for statement in all {
            page.row(&[], HANG, HANG + 2, &sentence(assumptions, statement));
        }
    }
}

/// Unknown statements that wait for the same go together, expectations first, and if not
/// everything is shown those of one kind, too; all others stand alone.
fn grouped<'a>(
    statements: impl Iterator<Item = &'a Statement>,
    verbose: bool,
) -> Vec<Vec<&'a Statement>> {
    let mut groups: Vec<Vec<&Statement>> = Vec::new();
    let mut by_missing: BTreeMap<&[String], usize> = BTreeMap::new();
    let mut by_kind: BTreeMap<&str, usize> = BTreeMap::new();
    for statement in statements {
        let kind = statement.id.split(':').next().unwrap_or_default();
        let alike = (!verbose && statement.family != Family::Expectation)
            .then(|| by_kind.get(kind))
            .flatten();
        let same = by_missing.get(statement.missing.as_slice()).or(alike);
        match same.and_then(|&at| groups.get_mut(at)) {
            Some(group) => group.push(statement),
            None => {
                if !statement.missing.is_empty() {
                    by_missing.insert(&statement.missing, groups.len());
                    by_kind.insert(kind, groups.len());
                }
                groups.push(vec![statement]);
            }
        }
    }
    for group in &mut groups {
        group.sort_by_key(|s| s.family != Family::Expectation);
    }
    groups
}

fn sentence<'a>(assumptions: &mut Assumptions<'a>, statement: &'a Statement) -> Words {
    let mut words = Words::plain(&statement.text);
    if statement.family == Family::Expectation {
        words = words.and(DIM, "(expected)");
    }
    words.and(DIM, &assumptions.cite(&statement.assumes))
}

fn witness(page: &mut Page, statement: &Statement) {
    if let Some(witness) = &statement.witness {
        let to = format!("{}:{}", witness.to, witness.service);
        let words = Words::plain(&witness.from).and(PLAIN, "->").whole(PLAIN, &to);
        page.row(&[], GUTTER, HANG, &words);
    }
}

/// The causes; if not everything is shown, without the routes inside a network, and not all.
fn causes(page: &mut Page, report: &Report, statement: &Statement, verbose: bool) {
    let inside = |origin: &str| origin.ends_with(" local");
    let wanted =
        statement.because.iter().filter(|b| verbose || b.code != "ADMITTED" || !inside(&b.origin));
    let told: Vec<(&Because, String)> = wanted
        .map(|b| match noted(report, &b.origin) {
            Some(place) => (b, format!("{} ({place})", b.text)),
            None => (b, b.text.clone()),
        })
        .collect();
    let all: Vec<Cause<'_>> = told
        .iter()
        .map(|(b, text)| Cause { mark: None, code: &b.code, origin: &b.origin, text })
        .collect();
    let shown = if verbose { all.len() } else { CAUSES };
    page.causes(all.get(..shown).unwrap_or(&all));
    if all.len() > shown {
        let more = format!("and {} more; --verbose lists them", all.len() - shown);
        page.under(&Words::new().and(DIM, &more));
    }
}
