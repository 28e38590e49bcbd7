//! The catalogue of the rules as a table.

use farmgate_audit::rules::RuleInfo;

use super::page::{Cell, Page};
use super::style::{BOLD, of_severity};
use super::words::Words;

/// Renders the catalogue for a terminal.
#[must_use]
pub fn catalogue<'a>(rules: impl Iterator<Item = &'a RuleInfo>, width: usize) -> String {
    let rules: Vec<&RuleInfo> = rules.collect();
    let severity = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0) + 2;
    let title = severity + "critical".len() + 2;
    let mut page = Page::new(width);
    for rule in rules {
        let (style, name) = (of_severity(rule.severity), rule.severity.to_string());
        let cells = [
            Cell { column: 0, style: BOLD, text: rule.id },
            Cell { column: severity, style, text: &name },
        ];
        page.row(&cells, title, title, &Words::plain(rule.title));
    }
    page.finish()
}
