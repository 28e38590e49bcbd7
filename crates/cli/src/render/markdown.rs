//! A rule's page for a terminal: headings, paragraphs, lists and blocks of code.
//!
//! Whatever else Markdown has is printed as it is written; it is meant to be read so.

use super::page::{Cell, Page};
use super::style::{BOLD, DIM, PLAIN};
use super::words::Words;

/// Renders Markdown for a terminal.
#[must_use]
pub fn markdown(source: &str, width: usize) -> String {
    let mut page = Page::new(width);
    let mut open = Paragraph::default();
    let mut in_code = false;
    for line in source.lines() {
        let line = line.trim_end();
        if line.trim_start().starts_with("```") {
            open.close(&mut page);
            in_code = !in_code;
        } else if in_code || line.starts_with('|') {
            open.close(&mut page);
            let indent = if in_code { 4 } else { 0 };
            let text = Cell { column: indent, style: DIM, text: line };
            page.row(&[text], 0, 0, &Words::new());
        } else if line.is_empty() {
            open.close(&mut page);
            page.blank();
        } else if line.starts_with('#') {
            open.close(&mut page);
            let heading = line.trim_start_matches('#').trim_start();
            page.blank();
            page.row(&[], 0, 0, &Words::new().and(BOLD, heading));
        } else {
            open.add(&mut page, line);
        }
    }
    open.close(&mut page);
    page.finish()
}

/// The paragraph or list item that further lines belong to.
#[derive(Default)]
struct Paragraph {
    text: String,
    indent: usize,
    hang: usize,
}

impl Paragraph {
    fn add(&mut self, page: &mut Page, line: &str) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if let Some(marker) = marker(text) {
            self.close(page);
            (self.indent, self.hang) = (indent, indent + marker);
        } else if self.text.is_empty() {
            (self.indent, self.hang) = (indent, indent);
        }
        self.text.push_str(text);
        self.text.push(' ');
    }

    fn close(&mut self, page: &mut Page) {
        if !self.text.is_empty() {
            page.row(&[], self.indent, self.hang, &Words::new().and(PLAIN, &self.text));
            self.text.clear();
        }
    }
}

/// The width of a list item's marker: `- `, `* `, `12. `.
fn marker(text: &str) -> Option<usize> {
    let (first, _) = text.split_once(' ')?;
    let number = first.strip_suffix('.');
    let numbered = number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    (matches!(first, "-" | "*") || numbered).then_some(first.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_wrapped_and_code_is_not() {
        let page = "# port-mismatch\n\nThe ports of two `things`\ndisagree, so nothing works.\n\n\
                    - one item that is long\n- two\n  goes on\n\n10. ten\n\n## Fix\n\
                    ```hcl\nport   = 8080 # as long as it is\n```\n";
        let text = anstream::adapter::strip_str(&markdown(page, 20)).to_string();
        insta::assert_snapshot!(text, @"
        port-mismatch

        The ports of two
        `things` disagree,
        so nothing works.

        - one item that is
          long
        - two goes on

        10. ten

        Fix
            port   = 8080 # as long as it is
        ");
    }
}
