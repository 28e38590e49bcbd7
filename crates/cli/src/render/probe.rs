//! What a probe found, for people.

use farmgate_client::probe::{Finding, From, Report, Target, Verdict, catalogue as controls};

use super::page::{Cell, Page};
use super::style::{BAD, BOLD, DIM, DOUBT, GOOD, PLAIN};
use super::words::Words;

/// Whom it asks.
#[must_use]
pub fn head(target: &Target, width: usize) -> String {
    let mut page = Page::new(width);
    let name = Cell { column: 0, style: BOLD, text: &target.farm };
    page.row(&[name], 0, 0, &Words::new().and(DIM, &target.url()));
    page.blank();
    page.finish()
}

/// A control: whether it held, what was sent, and what came.
#[must_use]
pub fn finding(finding: &Finding, verbose: bool, width: usize) -> String {
    let mut page = Page::new(width);
    let (style, tag) = match finding.verdict {
        Verdict::Held => (GOOD, "held"),
        Verdict::Failed => (BAD, "failed"),
        Verdict::NotTestable => (DOUBT, "untested"),
    };
    let words = Words::new().and(BOLD, &finding.control).glue(":");
    let because = finding.because.as_deref().unwrap_or_default();
    let words = match finding.verdict {
        Verdict::NotTestable => {
            words.and(PLAIN, &format!("not testable from here, because {because}"))
        }
        Verdict::Held | Verdict::Failed => words.and(PLAIN, &finding.sent),
    };
    page.tagged(style, tag, &words);
    if finding.verdict != Verdict::NotTestable {
        page.labelled("came", &Words::plain(&finding.came));
    }
    if finding.verdict == Verdict::Held && !because.is_empty() && verbose {
        page.labelled("but", &Words::plain(&format!("not all of it: {because}")));
    }
    if finding.verdict == Verdict::Failed {
        let help = format!("farmgate probe --about {}", finding.control);
        page.labelled("mend", &Words::new().and(DIM, &help));
    }
    if verbose {
        for attempt in &finding.attempts {
            let text = format!("{}: {}", attempt.sent, attempt.came);
            let words = Words::new().and(DIM, attempt.verdict.words()).glue(":");
            page.labelled("", &words.and(DIM, &text));
        }
    }
    page.finish()
}

/// How many of each.
#[must_use]
pub fn totals(report: &Report, width: usize) -> String {
    let mut page = Page::new(width);
    let totals = report.totals;
    let from = match report.from {
        From::Outside => "from here",
        From::Network => "from inside the network",
    };
    let style = if totals.failed > 0 { BAD } else { GOOD };
    let words = Words::new()
        .and(if totals.held > 0 { GOOD } else { DOUBT }, &format!("{} held,", totals.held))
        .and(style, &format!("{} failed,", totals.failed))
        .and(PLAIN, &format!("{} not testable {from}", totals.not_testable));
    let mut text = String::from("\n");
    page.row(&[], 0, 0, &words);
    text.push_str(&page.finish());
    text
}

/// The list of the controls.
#[must_use]
pub fn catalogue(width: usize) -> String {
    let column = controls().map(|control| control.id.len()).max().unwrap_or(0) + 2;
    let mut page = Page::new(width);
    for control in controls() {
        let cell = Cell { column: 0, style: BOLD, text: control.id };
        page.row(&[cell], column, column, &Words::plain(control.claim));
    }
    page.finish()
}
