//! A page of rows: cells at fixed columns, and a last one that is wrapped and hangs.

use std::fmt::Write as _;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::style::{DIM, PLAIN};
use super::words::{Words, push, visible};

/// Where everything but tags begins.
pub(crate) const GUTTER: usize = 10;

/// The narrowest column in which a text is still pleasant to read.
const READABLE: usize = 32;

/// The text so far.
pub(crate) struct Page {
    out: String,
    width: usize,
}

/// A short text at a column.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub(crate) column: usize,
    pub(crate) style: Style,
    pub(crate) text: &'a str,
}

/// A cause: code, origin and text, and perhaps a mark before them.
pub(crate) struct Cause<'a> {
    pub(crate) mark: Option<(Style, &'a str)>,
    pub(crate) code: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) text: &'a str,
}

impl Page {
    pub(crate) fn new(width: usize) -> Page {
        Page { out: String::new(), width }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    /// One empty line; never two, and none at the top.
    pub(crate) fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A row: `cells`, then `words` from `column` on; its further lines hang at `hang`.
    pub(crate) fn row(&mut self, cells: &[Cell<'_>], column: usize, hang: usize, words: &Words) {
        let mut at = 0;
        for cell in cells {
            self.pad(&mut at, cell.column);
            let text = visible(cell.text);
            let _ = write!(self.out, "{}{text}{:#}", cell.style, cell.style);
            at += text.width();
        }
        let from = column.max(if at == 0 { 0 } else { at + 2 });
        let room = |column: usize| self.width.saturating_sub(column);
        for (n, line) in words.lines(room(from), room(hang)).into_iter().enumerate() {
            if n > 0 {
                self.out.push('\n');
                at = 0;
            }
            self.pad(&mut at, if n > 0 { hang } else { column });
            push(&mut self.out, line);
        }
        self.out.push('\n');
    }

    /// Blanks up to a column; two if it is passed already.
    fn pad(&mut self, at: &mut usize, column: usize) {
        let needed = if *at == 0 { column } else { column.saturating_sub(*at).max(2) };
        self.out.extend(std::iter::repeat_n(' ', needed));
        *at += needed;
    }

    /// A row that begins with a tag in the gutter.
    pub(crate) fn tagged(&mut self, style: Style, tag: &str, words: &Words) {
        let tag = Cell { column: 0, style, text: tag };
        self.row(&[tag], GUTTER, GUTTER, words);
    }

    /// A row right of the gutter.
    pub(crate) fn under(&mut self, words: &Words) {
        self.row(&[], GUTTER, GUTTER, words);
    }

    /// A row right of the gutter that begins with a dim label of up to five letters.
    pub(crate) fn labelled(&mut self, label: &str, words: &Words) {
        let label = Cell { column: GUTTER, style: DIM, text: label };
        self.row(&[label], GUTTER + 7, GUTTER + 7, words);
    }

    /// Causes, in three columns if these leave room for the texts, and else in two.
    pub(crate) fn causes(&mut self, causes: &[Cause<'_>]) {
        let widest = |part: fn(&Cause<'_>) -> usize| causes.iter().map(part).max().unwrap_or(0);
        let marks = widest(|cause| cause.mark.map_or(0, |(_, mark)| mark.width() + 2));
        let code = GUTTER + marks;
        let origin = code + widest(|cause| visible(cause.code).width()) + 2;
        let text = origin + widest(|cause| visible(cause.origin).width()) + 2;
        let word = widest(|cause| Words::plain(cause.text).widest());
        let in_columns = text + READABLE.max(word) <= self.width;

        for cause in causes {
            let mark = cause.mark.map(|(style, text)| Cell { column: GUTTER, style, text });
            let mut cells: Vec<Cell<'_>> = mark.into_iter().collect();
            cells.push(Cell { column: code, style: DIM, text: cause.code });
            if in_columns {
                cells.push(Cell { column: origin, style: DIM, text: cause.origin });
                self.row(&cells, text, text, &Words::plain(cause.text));
            } else {
                let mut words = Words::new().and(DIM, cause.origin);
                if !cause.origin.is_empty() {
                    words = words.glue(":");
                }
                self.row(&cells, origin, origin, &words.and(PLAIN, cause.text));
            }
        }
    }
}
