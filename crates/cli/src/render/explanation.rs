//! One question, its answer, and every path with every setting on it.

use anstyle::Style;
use farmgate_audit::explain::{Explanation, PathView, Step};
use farmgate_audit::report::Verdict;

use super::assumptions::Assumptions;
use super::check::count;
use super::page::{Cause, Page};
use super::style::{BAD, BOLD, DIM, DOUBT, GOOD, PLAIN};
use super::words::Words;

/// Renders an explanation for a terminal.
#[must_use]
pub fn explanation(explanation: &Explanation, width: usize) -> String {
    let mut page = Page::new(width);
    page.row(&[], 0, 0, &Words::new().and(BOLD, &explanation.question));
    page.blank();

    let (style, tag) = match explanation.verdict {
        Verdict::Proved => (GOOD, "yes"),
        Verdict::Refuted => (BAD, "no"),
        Verdict::Unknown => (DOUBT, "unknown"),
    };
    let mut assumptions = Assumptions::new(true);
    let cited = assumptions.cite(&explanation.assumes);
    page.tagged(style, tag, &Words::plain(without_tag(&explanation.answer)).and(DIM, &cited));
    for missing in &explanation.missing {
        page.under(&Words::new().and(DIM, "not known:").and(PLAIN, missing));
    }

    for path in &explanation.paths {
        page.blank();
        title(&mut page, path);
        let causes: Vec<Cause<'_>> = path.steps.iter().map(cause).collect();
        page.causes(&causes);
    }
    assumptions.table(&mut page);
    page.finish()
}

/// The answer without the word that the tag says already.
fn without_tag(answer: &str) -> &str {
    ["yes, ", "yes: ", "no; ", "no: "]
        .iter()
        .find_map(|word| answer.strip_prefix(word))
        .unwrap_or(answer)
}

fn title(page: &mut Page, path: &PathView) {
    let words = Words::plain(&path.title);
    if path.open {
        page.tagged(GOOD, "open", &words);
        return;
    }
    let closing = path.steps.iter().filter(|step| step.ok == Some(false)).count();
    let words = match closing {
        0 => words,
        1 => words.and(DIM, "(1 setting would have to change)"),
        _ => words.and(DIM, &format!("({} would have to change)", count(closing, "setting"))),
    };
    let undecided = closing == 0 && path.steps.iter().any(|step| step.ok.is_none());
    if undecided {
        page.tagged(DOUBT, "unknown", &words);
    } else {
        page.tagged(BAD, "closed", &words);
    }
}

fn cause(step: &Step) -> Cause<'_> {
    Cause { mark: Some(mark(step.ok)), code: &step.code, origin: &step.origin, text: &step.text }
}

fn mark(ok: Option<bool>) -> (Style, &'static str) {
    match ok {
        Some(true) => (GOOD, "ok"),
        Some(false) => (BAD, "NO"),
        None => (DOUBT, "??"),
    }
}
