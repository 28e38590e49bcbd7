//! A page of bounded length, made of sections from which rows are left out where room ends.

/// What a comment of GitHub's may hold, in characters ("Comment is too long (maximum is 65536
/// characters)"), less what the note at the end takes. Bytes are counted, which are never fewer.
const MOST: usize = 65_536 - 400;

/// What each section may take at least of the room, in bytes: its head and the note on what is
/// missing.
const HEAD: usize = 300;

/// A page in the making.
pub(crate) struct Budget {
    text: String,
    left_out: usize,
}

/// A heading and rows.
pub(crate) struct Section {
    title: String,
    head: String,
    rows: Vec<String>,
    open: bool,
}

impl Section {
    /// A section that is folded. `head` stands before the rows: the head of a table, or nothing.
    pub(crate) fn new(title: &str, head: &str) -> Self {
        Self { title: title.to_owned(), head: head.to_owned(), rows: Vec::new(), open: false }
    }

    /// The same, not folded.
    pub(crate) fn open(mut self) -> Self {
        self.open = true;
        self
    }

    pub(crate) fn row(&mut self, row: String) {
        self.rows.push(row);
    }
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { text: String::new(), left_out: 0 }
    }

    fn room(&self) -> usize {
        MOST.saturating_sub(self.text.len())
    }

    /// A line, if there is room for it.
    pub(crate) fn line(&mut self, line: &str) {
        if line.len() < self.room() {
            self.text.push_str(line);
            self.text.push('\n');
        } else {
            self.left_out += 1;
        }
    }

    /// A section with as many rows as there is room for; nothing if it has none.
    pub(crate) fn section(&mut self, section: Section) {
        let Section { title, head, rows, open } = section;
        if rows.is_empty() {
            return;
        }
        let total = rows.len();
        if self.room() < HEAD + head.len() {
            self.left_out += total;
            return;
        }
        let start = if open {
            format!("\n#### {title}\n\n")
        } else {
            format!("\n<details><summary>{title} ({total})</summary>\n\n")
        };
        self.text.push_str(&start);
        if !head.is_empty() {
            self.text.push_str(&head);
            self.text.push('\n');
        }
        let mut shown = 0;
        for row in &rows {
            if row.len() + HEAD > self.room() {
                break;
            }
            self.text.push_str(row);
            self.text.push('\n');
            shown += 1;
        }
        if shown < total {
            self.left_out += total - shown;
            self.text.push_str(&format!("\nand {} more\n", total - shown));
        }
        if !open {
            self.text.push_str("\n</details>\n");
        }
    }

    /// The page; a note at its end says how much is missing.
    pub(crate) fn finish(mut self) -> String {
        if self.left_out > 0 {
            self.text.push_str(&format!(
                "\n{} lines are left out, since a comment holds 65,536 characters; \
                 `farmgate check --format text --verbose` shows everything\n",
                self.left_out
            ));
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_never_grows_beyond_a_comment() {
        let mut page = Budget::new();
        for part in 0..40 {
            let mut section = Section::new(&format!("part {part}"), "| a |\n| --- |");
            for _ in 0..50 {
                section.row(format!("| {} |", "ü".repeat(100)));
            }
            page.section(section);
        }
        page.line(&"x".repeat(70_000));
        let text = page.finish();
        assert!(text.len() <= 65_536, "{}", text.len());
        assert!(text.contains("lines are left out"));
        let opened = text.matches("<details>").count();
        assert_eq!(opened, text.matches("</details>").count(), "every fold is closed");
    }

    #[test]
    fn what_fits_is_whole() {
        let mut page = Budget::new();
        let mut section = Section::new("a", "").open();
        section.row("- one".to_owned());
        page.section(section);
        page.section(Section::new("empty", ""));
        assert_eq!(page.finish(), "\n#### a\n\n- one\n");
    }
}
