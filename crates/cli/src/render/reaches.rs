//! Who reaches whom: the flows that a farm admits, as a table.

use farmgate_audit::report::{Reaches, Report};

use super::page::{Cell, Page};
use super::style::{BOLD, DIM, PLAIN};
use super::words::Words;

/// The narrowest room for a flow's reason; without it, the reason is left out.
const READABLE: usize = 20;

/// The table; nothing for what isn't a farm.
pub(crate) fn reaches(page: &mut Page, report: &Report, width: usize) {
    if report.reaches.is_empty() {
        return;
    }
    page.blank();
    let widest = |part: fn(&Reaches) -> &str, title: &str| {
        let texts = report.reaches.iter().map(part);
        texts.map(|text| Words::plain(text).width()).max().unwrap_or_default().max(title.len()) + 2
    };
    let to = widest(|flow| &flow.from, "from");
    let ports = to + widest(|flow| &flow.to, "to");
    let why = ports + widest(|flow| &flow.ports, "on");
    let mut row = |style, [from, target, on, reason]: [&str; 4]| {
        let cells = [
            Cell { column: 0, style, text: from },
            Cell { column: to, style, text: target },
            Cell { column: ports, style, text: on },
        ];
        let words = Words::new().and(DIM, reason);
        let words = if why + READABLE <= width { words } else { Words::new() };
        page.row(&cells, why, why, &words);
    };
    row(BOLD, ["from", "to", "on", ""]);
    for flow in &report.reaches {
        row(PLAIN, [&flow.from, &flow.to, &flow.ports, &flow.why]);
    }
}
