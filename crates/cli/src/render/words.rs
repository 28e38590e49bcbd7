//! Texts as words that carry a style; between two words a line may be broken.

use std::borrow::Cow;
use std::fmt::Write as _;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::style::PLAIN;

/// A text, as words.
#[derive(Debug, Clone, Default)]
pub struct Words(Vec<Word>);

/// What is never broken: a word, or an address with its key.
#[derive(Debug, Clone)]
pub struct Word {
    text: String,
    style: Style,
    width: usize,
}

// === impl Words ===

impl Words {
    /// No words.
    #[must_use]
    pub fn new() -> Words {
        Words::default()
    }

    /// The words of a text.
    #[must_use]
    pub fn plain(text: &str) -> Words {
        Words::new().and(PLAIN, text)
    }

    /// More words, in one style.
    #[must_use]
    pub fn and(mut self, style: Style, text: &str) -> Words {
        self.0.extend(split(text).into_iter().map(|word| Word::new(style, word)));
        self
    }

    /// A text that is not broken, whatever it holds.
    #[must_use]
    pub fn whole(mut self, style: Style, text: &str) -> Words {
        self.0.extend((!text.is_empty()).then(|| Word::new(style, text)));
        self
    }

    /// More words, of which the first is put right behind the last one of those before.
    #[must_use]
    pub fn glue(mut self, text: &str) -> Words {
        let mut more = split(text).into_iter();
        if let Some(last) = self.0.pop() {
            let first = more.next().unwrap_or_default();
            self.0.push(Word::new(last.style, &format!("{}{first}", last.text)));
        }
        self.0.extend(more.map(|word| Word::new(PLAIN, word)));
        self
    }

    /// The lines that the words take, with `first` columns for the first line and `rest` for each
    /// other. A word that is wider than its line stands alone, whole.
    #[must_use]
    pub fn lines(&self, first: usize, rest: usize) -> Vec<&[Word]> {
        let mut lines = Vec::new();
        let (mut start, mut used) = (0, 0);
        for (at, word) in self.0.iter().enumerate() {
            let room = if lines.is_empty() { first } else { rest };
            let needed = if at == start { word.width } else { used + 1 + word.width };
            if at > start && needed > room {
                lines.extend(self.0.get(start..at));
                (start, used) = (at, word.width);
            } else {
                used = needed;
            }
        }
        lines.extend(self.0.get(start..).filter(|line| !line.is_empty()));
        lines
    }

    /// The columns that the widest word takes.
    #[must_use]
    pub fn widest(&self) -> usize {
        self.0.iter().map(|word| word.width).max().unwrap_or(0)
    }

    /// The columns that the words take on one line.
    #[must_use]
    pub fn width(&self) -> usize {
        self.0.iter().map(|word| word.width + 1).sum::<usize>().saturating_sub(1)
    }
}

// === impl Word ===

impl Word {
    fn new(style: Style, text: &str) -> Word {
        let text = visible(text).into_owned();
        Word { width: text.width(), text, style }
    }
}

/// Appends a line: runs of one style are put into its escape codes together.
pub(crate) fn push(out: &mut String, line: &[Word]) {
    let mut style = PLAIN;
    for (at, word) in line.iter().enumerate() {
        let gap = if at == 0 { "" } else { " " };
        if word.style == style {
            let _ = write!(out, "{gap}{}", word.text);
        } else {
            let _ = write!(out, "{style:#}{gap}{}{}", word.style, word.text);
            style = word.style;
        }
    }
    let _ = write!(out, "{style:#}");
}

/// Splits at blanks, but not within `["..."]`: the key of an address is a part of it.
fn split(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut key_end) = (0, 0);
    for (at, c) in text.char_indices() {
        if at < key_end {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        if rest.starts_with("[\"") {
            key_end = rest.find("\"]").map_or(key_end, |end| at + end + 2);
        } else if matches!(c, ' ' | '\n' | '\r' | '\t') {
            words.extend(text.get(start..at));
            start = at + 1;
        }
    }
    words.extend(text.get(start..));
    words.retain(|word| !word.is_empty());
    words
}

/// The text with everything written out that a terminal would obey instead of showing: control
/// characters, and those that turn the direction of writing.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_obeyed(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, first: usize, rest: usize) -> Vec<String> {
        let shown = |line: &[Word]| {
            let mut out = String::new();
            push(&mut out, line);
            out
        };
        Words::plain(text).lines(first, rest).into_iter().map(shown).collect()
    }

    #[test]
    fn a_line_is_as_full_as_it_can_be() {
        assert_eq!(wrapped("aa bb cc dd", 5, 8), ["aa bb", "cc dd"]);
        assert_eq!(wrapped("aa bb cc dd", 4, 8), ["aa", "bb cc dd"]);
        assert_eq!(wrapped("  aa\n bb  ", 80, 80), ["aa bb"]);
        assert!(wrapped("", 80, 80).is_empty());
    }

    #[test]
    fn a_word_that_is_too_wide_stands_alone_and_whole() {
        assert_eq!(wrapped("a module.x.aws_lb.y b", 6, 6), ["a", "module.x.aws_lb.y", "b"]);
        assert_eq!(wrapped("module.x.aws_lb.y b", 6, 6), ["module.x.aws_lb.y", "b"]);
    }

    #[test]
    fn the_key_of_an_address_is_not_broken() {
        assert_eq!(
            wrapped(r#"to aws_subnet.s["my zone a"]:8080 only"#, 8, 8),
            ["to", r#"aws_subnet.s["my zone a"]:8080"#, "only"]
        );
        assert_eq!(wrapped(r#"an open [" and no end"#, 8, 80), ["an open", r#"[" and no end"#]);
    }

    #[test]
    fn width_is_counted_in_columns() {
        assert_eq!(Words::plain("ü 漢字 x").width(), 8);
        assert_eq!(wrapped("漢字 漢字", 8, 8), ["漢字", "漢字"]);
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(visible("a\u{1b}[31mb\u{9b}c\u{202e}d"), r"a\u{1b}[31mb\u{9b}c\u{202e}d");
        assert_eq!(wrapped("a\u{7}b", 80, 80), [r"a\u{7}b"]);
    }

    #[test]
    fn glue_leaves_no_gap() {
        let words = Words::plain("a b").glue(", c");
        assert_eq!(words.width(), 6);
        assert_eq!(words.lines(4, 4).len(), 2);
    }
}
