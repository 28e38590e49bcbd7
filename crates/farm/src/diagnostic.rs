//! What is wrong with a file that a person wrote: where, in which words, and what to do.
//!
//! One type serves the terminal (drawn by annotate-snippets) and JSON. It is about text files only:
//! what is wrong with a *network* is a [`crate::report::Finding`].
//!
//! Style of the messages: lower case, no full stop, backticks round the user's words, help apart.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file with more problems than this gets its first ones only: the rest are mostly echoes, and
/// drawing each costs a walk over the file.
const MOST: usize = 100;

/// Longer words are not compared with others: the comparison is quadratic.
const LONGEST_WORD: usize = 200;

/// Longer words are cut where they are quoted in a message.
const LONGEST_QUOTE: usize = 80;

/// The byte order mark, which some editors put before the first line and nobody sees.
const BOM: char = '\u{feff}';

/// Whether the file can be used all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It can't.
    Error,
    /// It can.
    Warning,
}

/// A marked part of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// In bytes.
    pub span: Range<usize>,
    /// What to say of it; may be empty.
    pub text: String,
    /// Whether this is the place of the problem, and not one that helps to understand it.
    pub primary: bool,
}

/// A problem of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code in kebab case.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub title: String,
    /// Where.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
}

/// A problem as JSON has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Located {
    /// The file's name, as given.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// A stable code in kebab case.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub title: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    #[must_use]
    pub fn error(code: &'static str, title: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            title: title.into(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// A warning without a place.
    #[must_use]
    pub fn warning(code: &'static str, title: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, title) }
    }

    /// With the place of the problem.
    #[must_use]
    pub fn at(mut self, span: &Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label { span: span.clone(), text: text.into(), primary: true });
        self
    }

    /// With a place that helps to understand it.
    #[must_use]
    pub fn context(mut self, span: &Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label { span: span.clone(), text: text.into(), primary: false });
        self
    }

    /// With what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// The place of the problem; the file's beginning if it has none.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        let primary = self.labels.iter().find(|label| label.primary);
        let label = primary.or_else(|| self.labels.first());
        label.map_or(0..0, |label| label.span.clone())
    }

    /// Line and column (in characters) of the problem in its file, both counted from 1.
    #[must_use]
    pub fn location(&self, source: &str) -> (usize, usize) {
        let start = within(&self.span(), source).start;
        let before = source.get(..start).unwrap_or_default();
        let before = before.strip_prefix(BOM).unwrap_or(before);
        let line = before.rsplit('\n').next().unwrap_or_default();
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    }

    /// The problem as JSON has it.
    #[must_use]
    pub fn located(&self, file_name: &str, source: &str) -> Located {
        let (line, column) = self.location(source);
        Located {
            file: file_name.to_owned(),
            line,
            column,
            code: self.code.to_owned(),
            severity: self.severity,
            title: self.title.clone(),
            help: self.help.clone(),
        }
    }

    /// The problem as the terminal has it: title, place, the marked lines, help.
    #[must_use]
    pub fn render(&self, file_name: &str, source: &str, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        // The mark is left out so that columns are those that an editor shows.
        let shown = source.strip_prefix(BOM).unwrap_or(source);
        let skipped = source.len() - shown.len();
        let marks = self.labels.iter().map(|label| {
            let span = within(&label.span, source);
            let kind =
                if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let mark =
                kind.span(span.start.saturating_sub(skipped)..span.end.saturating_sub(skipped));
            mark.label((!label.text.is_empty()).then_some(label.text.as_str()))
        });
        let title = level.primary_title(self.title.as_str()).id(self.code);
        let mut group = if self.labels.is_empty() {
            title.element(Origin::path(file_name))
        } else {
            title.element(Snippet::source(shown).path(file_name).annotations(marks))
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

/// Puts problems in the order of the file, and leaves out the last ones of very many.
#[must_use]
pub fn in_order(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.sort_by_key(|problem| (problem.span().start, problem.code));
    let left_out = problems.len().saturating_sub(MOST);
    if left_out > 0 {
        problems.truncate(MOST);
        let title = format!("{left_out} further problems are not shown");
        problems.push(Diagnostic::error("more-problems", title));
    }
    problems
}

/// The candidate that a person who wrote `word` most likely meant, if one is near enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The user's words in backticks, cut if they are very long.
#[must_use]
pub fn quoted(words: &str) -> String {
    let mut text = String::from("`");
    text.extend(words.chars().take(LONGEST_QUOTE));
    if words.chars().nth(LONGEST_QUOTE).is_some() {
        text.push('…');
    }
    text.push('`');
    text
}

/// Words in backticks with commas: `` `a`, `b`, `c` ``.
#[must_use]
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for word in words {
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a string doesn't fail.
        let _ = write!(text, "{comma}{}", quoted(word));
    }
    text
}

/// The span, cut to the source and to whole characters, so that a span of another text can't hurt.
fn within(span: &Range<usize>, source: &str) -> Range<usize> {
    let whole = |mut at: usize| {
        at = at.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = whole(span.start);
    start..whole(span.end).max(start)
}
