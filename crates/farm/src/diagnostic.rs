//! What is wrong with a file that a person wrote: where, in which words, and what to do.
//!
//! One type serves the terminal (drawn by annotate-snippets) and JSON. It is about text files only:
//! what is wrong with a *network* is a finding of the audit.
//!
//! Style of the messages: lower case, no full stop, backticks round the user's words, help apart.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file with more problems than this gets its first ones only: the rest are mostly echoes, and
/// drawing each costs a walk over the file.
const MOST: usize = 100;

/// Longer words are not compared with others: the comparison is quadratic.
const LONGEST_WORD: usize = 200;

/// Words that begin alike are taken for each other if so much of them does.
const SHORTEST_BEGINNING: usize = 3;

/// Longer words are cut where they are quoted in a message.
const LONGEST_QUOTE: usize = 80;

/// In a longer message, in bytes, words are cut wherever they are quoted.
const LONGEST_MESSAGE: usize = 1000;

/// That something is no reference to a secret: what it is instead may be one, and isn't quoted.
pub(crate) const NOT_A_REFERENCE: &str = "not-a-reference";

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
    /// Parts of the file that are never shown, in bytes: secrets that have no place there. Stars
    /// stand for them.
    pub hidden: Arc<[Range<usize>]>,
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
            title: bounded(title.into()),
            labels: Vec::new(),
            help: None,
            hidden: Arc::default(),
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
        Self::render_parts(&[(file_name, source, self.clone())], colour)
    }

    /// A problem whose labels are in several files: for each its name, its text, and the problem
    /// with the labels in that file. The first gives title and help.
    #[must_use]
    pub(crate) fn render_parts(parts: &[(&str, &str, Self)], colour: bool) -> String {
        let Some((_, _, first)) = parts.first() else {
            return String::new();
        };
        let level = match first.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(first.title.as_str()).id(first.code));
        for (file_name, source, problem) in parts {
            group = if problem.labels.is_empty() {
                group.element(Origin::path(*file_name))
            } else {
                group.element(problem.snippet(file_name, source))
            };
        }
        if let Some(help) = &first.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }

    /// The marked lines of one file.
    fn snippet<'a>(&'a self, file_name: &'a str, source: &'a str) -> Snippet<'a, Annotation<'a>> {
        let source = self.without_hidden(source);
        // The mark is left out so that columns are those that an editor shows.
        let skipped = if source.starts_with(BOM) { BOM.len_utf8() } else { 0 };
        let marks = self.labels.iter().map(|label| {
            let span = within(&label.span, &source);
            let kind =
                if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let mark =
                kind.span(span.start.saturating_sub(skipped)..span.end.saturating_sub(skipped));
            mark.label((!label.text.is_empty()).then_some(label.text.as_str()))
        });
        let marks: Vec<Annotation<'a>> = marks.collect();
        let shown = match source {
            Cow::Borrowed(source) => Cow::Borrowed(source.get(skipped..).unwrap_or_default()),
            Cow::Owned(source) => Cow::Owned(source.get(skipped..).unwrap_or_default().to_owned()),
        };
        Snippet::source(shown).path(file_name).annotations(marks)
    }

    /// Hides parts of the file, and words that may quote one of them.
    pub(crate) fn hide(&mut self, hidden: &Arc<[Range<usize>]>) {
        self.hidden = hidden.clone();
        let span = self.span();
        let about = |it: &Range<usize>| it.start <= span.start && span.end <= it.end;
        let quotes = self.title.contains('`') || self.help.iter().any(|help| help.contains('`'));
        let careful = self.code == NOT_A_REFERENCE || self.code.starts_with("secret-in-");
        if quotes && !careful && hidden.iter().any(about) {
            "this looks like a secret, which has no place here".clone_into(&mut self.title);
            self.help = Some("name it under `secrets`, and keep it elsewhere".to_owned());
        }
    }

    /// Moves it in the file.
    pub(crate) fn shift(&mut self, by: usize) {
        for label in &mut self.labels {
            label.span = label.span.start + by..label.span.end + by;
        }
    }
}

impl Diagnostic {
    /// The source with a star for each byte that is hidden, so that places stay what they are.
    fn without_hidden<'s>(&self, source: &'s str) -> Cow<'s, str> {
        if self.hidden.is_empty() {
            return Cow::Borrowed(source);
        }
        let mut bytes = source.as_bytes().to_vec();
        for span in &*self.hidden {
            let part = bytes.get_mut(within(span, source)).unwrap_or_default();
            for byte in part.iter_mut().filter(|byte| !matches!(**byte, b'\n' | b'\r')) {
                *byte = b'*';
            }
        }
        Cow::Owned(String::from_utf8(bytes).unwrap_or_default())
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

/// As [`nearest`], for keys and words of a few: if none is near, the only one that begins alike, as
/// `environment` for `env`, or `health` for `healthcheck`.
pub(crate) fn nearest_or_begun<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    if let Some(near) = nearest(word, candidates.iter().copied()) {
        return Some(near);
    }
    let word = word.to_lowercase();
    let begins = |candidate: &&str| {
        let shorter = word.len().min(candidate.len());
        shorter >= SHORTEST_BEGINNING
            && (candidate.starts_with(&word) || word.starts_with(candidate))
    };
    let mut begun = candidates.iter().copied().filter(begins);
    begun.next().filter(|_| begun.next().is_none())
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

/// A message that doesn't repeat a whole file: if it is very long, what it quotes is cut, and so is
/// what it lists.
#[must_use]
pub fn bounded(message: String) -> String {
    if message.len() <= LONGEST_MESSAGE {
        return message;
    }
    let mut text = String::new();
    for (at, words) in message.split('`').enumerate() {
        match at % 2 {
            0 => text.push_str(words),
            _ => text.push_str(&quoted(words)),
        }
    }
    let end = (0..=LONGEST_MESSAGE).rev().find(|at| text.is_char_boundary(*at));
    if text.len() > LONGEST_MESSAGE {
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_and_others_are_not() {
        let short = format!("`{}` is long", "a".repeat(500));
        assert_eq!(bounded(short.clone()), short);
        let long = format!("`{}` is like `b`, not `{}`", "ä".repeat(900), "c".repeat(99));
        let cut = format!("`{}…` is like `b`, not `{}…`", "ä".repeat(80), "c".repeat(80));
        assert_eq!(bounded(long), cut);
        let listed = bounded("ä, ".repeat(1000));
        assert!(listed.len() <= 1003 && listed.ends_with('…'), "{listed}");
    }
}
