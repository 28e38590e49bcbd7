//! A whole report: what was read, what is refuted, unknown, found, accepted and proved, and the
//! totals, in this order. What a baseline knows is only counted.

use farmgate_audit::report::{Report, Verdict};

use super::View;
use super::assumptions::Assumptions;
use super::page::{Cell, Page};
use super::style::{BOLD, DIM, DOUBT, PLAIN};
use super::words::Words;
use super::{findings, reaches, statements, totals};
use crate::input::shown;

/// Renders a report for a terminal.
#[must_use]
pub fn report(report: &Report, view: &View) -> String {
    let mut page = Page::new(view.width);
    let kinds = report.sources.iter().map(|source| source.kind.as_str());
    let mut assumptions = Assumptions::of(view.verbose, kinds);
    sources(&mut page, report);
    warnings(&mut page, report);
    for verdict in [Verdict::Refuted, Verdict::Unknown] {
        statements::open(&mut page, &mut assumptions, report, verdict, view.verbose);
    }
    findings::findings(&mut page, &mut assumptions, report, view.verbose);
    findings::accepted(&mut page, report);
    statements::proved(&mut page, &mut assumptions, report, view.verbose);
    assumptions.table(&mut page);
    reaches::reaches(&mut page, report, view.width);
    totals::totals(&mut page, report, view.time);
    page.finish()
}

fn sources(page: &mut Page, report: &Report) {
    let widest = report.sources.iter().map(|s| Words::plain(shown(&s.name)).width()).max();
    let column = widest.unwrap_or(0) + 2;
    for source in &report.sources {
        let name = Cell { column: 0, style: BOLD, text: shown(&source.name) };
        let what = format!("{}, {}", source.kind, count(source.resources, "resource"));
        page.row(&[name], column, column, &Words::plain(&what));
    }
}

fn warnings(page: &mut Page, report: &Report) {
    page.blank();
    for warning in &report.warnings {
        let mut words = Words::new().and(BOLD, &warning.code).glue(":");
        if let Some(origin) = &warning.origin {
            words = words.and(DIM, origin).glue(":");
        }
        page.tagged(DOUBT, "warning", &words.and(PLAIN, &warning.text));
    }
    if !report.unmodelled.is_empty() {
        let mut words = Words::plain("not modelled, so that what depends on it is unknown:");
        for (at, (kind, number)) in report.unmodelled.iter().enumerate() {
            if at > 0 {
                words = words.glue(",");
            }
            words = words.whole(PLAIN, &format!("{kind} ({number})"));
        }
        page.tagged(DOUBT, "warning", &words);
    }
}

/// A number and its noun.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}
