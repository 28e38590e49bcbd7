//! Findings with their fixes, and those that somebody accepted.

use farmgate_audit::report::{Accepted, Finding, Report, Severity, Trial};

use super::assumptions::Assumptions;
use super::page::Page;
use super::places::noted;
use super::style::{BOLD, DIM, GOOD, PLAIN, of_severity};
use super::words::Words;

/// How many origins of a finding are listed if not everything is shown.
const LISTED: usize = 4;

/// The findings that the baseline doesn't know.
pub(crate) fn findings<'a>(
    page: &mut Page,
    assumptions: &mut Assumptions<'a>,
    report: &'a Report,
    verbose: bool,
) {
    for finding in report.findings.iter().filter(|f| !f.known) {
        page.blank();
        let title = Words::new()
            .and(BOLD, &finding.rule)
            .glue(":")
            .and(PLAIN, &finding.title)
            .and(DIM, &assumptions.cite(&finding.assumes));
        page.tagged(of_severity(finding.severity), &finding.severity.to_string(), &title);
        origins(page, report, finding, verbose);
        if verbose {
            page.labelled("why", &Words::plain(&finding.why));
        } else if finding.severity >= Severity::High {
            page.labelled("why", &Words::plain(first_sentence(&finding.why)));
        }
        if !finding.fix.text.is_empty() {
            page.labelled("fix", &Words::plain(&finding.fix.text));
        }
        for trial in &finding.fix.tried {
            page.labelled("tried", &tried(finding, trial));
        }
    }
}

/// The accepted findings, a line each.
pub(crate) fn accepted(page: &mut Page, report: &Report) {
    page.blank();
    for Accepted { finding, why, until } in &report.accepted {
        let mut words = Words::new().and(BOLD, &finding.rule);
        if let Some(first) = finding.origins.first() {
            words = words.and(PLAIN, "on").and(DIM, first);
        }
        if finding.origins.len() > 1 {
            words = words.and(DIM, &format!("(+{})", finding.origins.len() - 1));
        }
        words = words.glue(":").and(PLAIN, why);
        if let Some(until) = until {
            words = words.whole(DIM, &format!("(until {until})"));
        }
        page.tagged(PLAIN, "accepted", &words);
    }
}

fn origins(page: &mut Page, report: &Report, finding: &Finding, verbose: bool) {
    let listed = if verbose { finding.origins.len() } else { LISTED };
    for origin in finding.origins.iter().take(listed) {
        let place = noted(report, origin).unwrap_or_default();
        page.under(&Words::new().and(DIM, origin).whole(DIM, &place));
    }
    if finding.origins.len() > listed {
        let more = format!("and {} more; --verbose lists them", finding.origins.len() - listed);
        page.under(&Words::new().and(DIM, &more));
    }
}

fn tried(finding: &Finding, trial: &Trial) -> Words {
    let change = if trial.change == finding.fix.text { "this" } else { &trial.change };
    let style = if trial.works { GOOD } else { PLAIN };
    Words::plain(change).glue(":").and(style, &trial.outcome)
}

/// The first sentence of a text. A full stop within a word (`0.0.0.0/0`, `aws_lb.a`) ends none.
fn first_sentence(text: &str) -> &str {
    text.find(". ").and_then(|end| text.get(..=end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::first_sentence;

    #[test]
    fn a_sentence_ends_at_its_full_stop() {
        assert_eq!(first_sentence("To 0.0.0.0/0 of a.b. More."), "To 0.0.0.0/0 of a.b.");
        assert_eq!(first_sentence("Only one."), "Only one.");
        assert_eq!(first_sentence(""), "");
    }
}
