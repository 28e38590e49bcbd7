//! The last line: how many of each, and how long it took.

use std::time::Duration;

use farmgate_audit::report::{Report, Severity, Verdict};

use super::page::Page;
use super::style::{DIM, PLAIN, of_severity, of_verdict};
use super::words::Words;

/// The totals of what the baseline doesn't know, and the number of what it knows.
pub(crate) fn totals(page: &mut Page, report: &Report, time: Option<Duration>) {
    page.blank();
    if report.statements.is_empty() {
        let text = "nothing to prove: there is no service, API, database or endpoint, and no load balancer \
             that is known to lead anywhere";
        page.row(&[], 0, 0, &Words::plain(text));
    }
    let mut words = statements(report).glue(";");
    words = findings(words.and(PLAIN, "findings:"), report);
    words = words.glue(&format!("; {} accepted", report.accepted.len()));
    if let Some(known) = report.totals.known_before {
        words = words.glue(&format!("; {known} known from the baseline"));
    }
    if let Some(time) = time {
        words = words.glue(";").whole(DIM, &duration(time));
    }
    page.row(&[], 0, 0, &words);
}

fn statements(report: &Report) -> Words {
    let mut words = Words::new();
    for verdict in [Verdict::Refuted, Verdict::Unknown, Verdict::Proved] {
        let these = report.statements.iter().filter(|s| s.verdict == verdict && !s.known);
        let number = these.count();
        let style = if number == 0 { PLAIN } else { of_verdict(verdict) };
        if verdict != Verdict::Refuted {
            words = words.glue(",");
        }
        words = words.and(style, &format!("{number} {verdict}"));
    }
    words
}

fn findings(mut words: Words, report: &Report) -> Words {
    let mut any = false;
    let severities =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    for severity in severities {
        let these = report.findings.iter().filter(|f| f.severity == severity && !f.known);
        let number = these.count();
        if number > 0 {
            if any {
                words = words.glue(",");
            }
            words = words.and(of_severity(severity), &format!("{number} {severity}"));
            any = true;
        }
    }
    if any { words } else { words.and(PLAIN, "none") }
}

fn duration(time: Duration) -> String {
    match time.as_millis() {
        0 => "under 1 ms".to_owned(),
        ms if ms < 1000 => format!("{ms} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}
