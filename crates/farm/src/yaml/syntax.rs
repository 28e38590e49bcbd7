//! The parser's errors in words for the person who wrote the file.
//!
//! Only frequent ones have words of their own; the others keep the parser's.

use std::ops::Range;

use granit_parser::{ErrorKind, ScanError};

use super::MAX_DEPTH;
use crate::diagnostic::{Diagnostic, quoted};

/// The problem that ended the reading; `open` is the innermost bracket or brace that is open.
pub(super) fn problem(error: &ScanError, source: &str, open: Option<Range<usize>>) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or_default();
    let next = source.get(at..).and_then(|rest| rest.chars().next());
    let length = next.filter(|c| !c.is_whitespace()).map_or(0, char::len_utf8);
    let at = at..at + length;
    let (title, help) = match error.kind() {
        ErrorKind::RecursionLimitExceeded => return too_deep(&at),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart => return tab(&tab_before(source, at.start)),
        ErrorKind::DirectiveDisallowed => {
            return Diagnostic::error("directive", "directives (`%`) are not allowed")
                .at(&at, "")
                .help("remove the line");
        }
        kind => words(kind),
    };
    let mut problem = Diagnostic::error("yaml-syntax", title).at(&at, "");
    if let Some(open) = open.filter(|open| open.start != at.start) {
        problem = problem.context(&open, "still open");
    }
    if help.is_empty() { problem } else { problem.help(help) }
}

/// Title and help.
fn words(kind: &ErrorKind) -> (String, &'static str) {
    let (title, help) = match kind {
        ErrorKind::UnclosedFlowCollection { open } => {
            return (format!("`{open}` is never closed"), "");
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (format!("`{open}` is closed by `{close}`"), "");
        }
        ErrorKind::ExpectedFlowMappingSeparator => (
            "expected `,` or `}`",
            "here a text that holds `[`, `]`, `{`, `}` or `,` has to be in quotes",
        ),
        ErrorKind::ExpectedFlowSequenceSeparator => (
            "expected `,` or `]`",
            "here a text that holds `[`, `]`, `{`, `}` or `,` has to be in quotes",
        ),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a `:` is not expected here",
            "check the indentation; a text that holds `: ` has to be in quotes",
        ),
        ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey
        | ErrorKind::ExpectedBlockMappingKey => {
            ("expected a key with `:` after it", "check the indentation of this line")
        }
        ErrorKind::ExpectedBlockSequenceEntry => {
            ("expected an item that begins with `- `", "check the indentation of this line")
        }
        ErrorKind::InvalidIndentation => ("the indentation fits no line above", ""),
        ErrorKind::MissingAnchorOrAliasName => (
            "an anchor or alias has no name",
            "a text that begins with `*` or `&` has to be in quotes",
        ),
        ErrorKind::UnexpectedCharacter { character } => {
            let title = format!("a text cannot begin with {}", quoted(&character.to_string()));
            return (title, "put it in quotes");
        }
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("a text in quotes is not closed", "look for the quote before this place")
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            ("the escape is not known", "write `\\\\` for a backslash, or use single quotes")
        }
        kind => return (kind.to_string(), ""),
    };
    (title.to_owned(), help)
}

/// An alias of nothing: nearly always a pattern that begins with `*`.
pub(super) fn alias(name: &str, at: &Range<usize>) -> Diagnostic {
    let text = format!("*{name}");
    Diagnostic::error("alias", format!("{} is read as an alias", quoted(&text)))
        .at(at, "")
        .help(format!("put it in quotes: `\"{text}\"`"))
}

pub(super) fn tab(at: &Range<usize>) -> Diagnostic {
    Diagnostic::error("tab", "a tab is not allowed here").at(at, "").help("use spaces")
}

pub(super) fn too_deep(at: &Range<usize>) -> Diagnostic {
    let title = format!("the nesting is deeper than {MAX_DEPTH}");
    Diagnostic::error("too-deep", title).at(at, "")
}

/// The tab that the parser met: it stops at it or right after.
fn tab_before(source: &str, at: usize) -> Range<usize> {
    let line = source.get(..at).and_then(|before| before.rfind('\n'));
    let line = line.map_or(0, |end| end + 1);
    let to = source.len().min(at + 1);
    let tab = source.get(line..to).and_then(|text| text.rfind('\t'));
    tab.map_or(at..at, |tab| line + tab..line + tab + 1)
}
