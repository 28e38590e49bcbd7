//! What `build` says: what was proved of the plan, and what was written.

use std::path::Path;

use farmgate_audit::compare::{Comparison, Difference};
use farmgate_audit::report::{Report, Verdict};

use super::check::count;
use super::page::Page;
use super::style::{BAD, BOLD, DOUBT, GOOD, PLAIN};
use super::words::Words;
use crate::build::folder::Written;

/// A comparison of the farm with the plan that Terraform made of its module.
#[must_use]
pub fn comparison(comparison: &Comparison, width: usize) -> String {
    let mut page = Page::new(width);
    for difference in &comparison.differences {
        let farm = format!("the farm says {}, the plan", difference.left);
        let words = of(difference).and(PLAIN, &farm).and(PLAIN, &difference.right);
        page.tagged(BAD, "differs", &words);
    }
    for open in &comparison.open {
        let words = of(open).and(PLAIN, "known only once it is applied");
        page.tagged(DOUBT, "open", &words);
    }
    let (style, tag, text) = match (comparison.differences.len(), comparison.open.is_empty()) {
        (0, true) => (GOOD, "equal", "the plan allows exactly what the farm says".to_owned()),
        (0, false) => {
            let text = "as far as it is known yet, the plan allows exactly what the farm says";
            (GOOD, "equal", text.to_owned())
        }
        (differences, _) => {
            let text =
                format!("{} between the farm and the plan", count(differences, "difference"));
            (BAD, "refuted", text)
        }
    };
    page.tagged(style, tag, &Words::plain(&text));
    page.finish()
}

fn of(difference: &Difference) -> Words {
    Words::new().and(BOLD, &difference.what).glue(":")
}

/// What was written, and what to do next.
#[must_use]
pub fn built(written: &Written, report: &Report, folder: &Path) -> String {
    let mut page = Page::new(usize::MAX);
    let proved = report.statements.iter().filter(|s| s.verdict == Verdict::Proved).count();
    let folder = folder.display().to_string();
    let mut what = format!("{} written", count(written.written, "file"));
    if written.unchanged > 0 {
        what.push_str(&format!(", {} unchanged", written.unchanged));
    }
    if written.removed > 0 {
        what.push_str(&format!(", {} removed", written.removed));
    }
    let proofs = format!("{} of the farm", count(proved, "statement"));
    page.tagged(GOOD, "proved", &Words::plain(&proofs));
    page.tagged(GOOD, "built", &Words::plain(&format!("{folder}: {what}")));
    let next =
        format!("read {folder}/README.md, then: cd {folder} && terraform init && terraform apply");
    page.tagged(PLAIN, "next", &Words::plain(&next));
    page.finish()
}
