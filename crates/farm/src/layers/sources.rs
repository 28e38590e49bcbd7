//! The files of a farm, and which of them a position is in.

use std::ops::Range;

use super::Layer;
use crate::diagnostic::{Diagnostic, Label, Located};

/// The files of a farm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<File>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    name: String,
    text: String,
    /// The position of its first byte.
    start: usize,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    /// The file's name.
    pub name: &'a str,
    /// The file's text.
    pub text: &'a str,
    /// The part, in bytes of the text.
    pub span: Range<usize>,
}

/// Where each layer begins. Between two is a byte that belongs to neither, so that the end of one is
/// not the beginning of the next.
pub(super) fn starts(layers: &[Layer<'_>]) -> Vec<usize> {
    let mut next = 0;
    let start = |layer: &Layer<'_>| {
        let start = next;
        next += layer.text.len() + 1;
        start
    };
    layers.iter().map(start).collect()
}

impl Sources {
    /// The files of these layers.
    #[must_use]
    pub fn new(layers: &[Layer<'_>]) -> Self {
        let files = layers.iter().zip(starts(layers)).map(|(layer, start)| File {
            name: layer.name.to_owned(),
            text: layer.text.to_owned(),
            start,
        });
        Self { files: files.collect() }
    }

    /// The file in which a span begins, and where in it.
    #[must_use]
    pub fn place(&self, span: &Range<usize>) -> Option<Place<'_>> {
        let file = self.files.get(self.index(span)?)?;
        let local = |at: usize| at.saturating_sub(file.start).min(file.text.len());
        let span = local(span.start)..local(span.end);
        Some(Place { name: &file.name, text: &file.text, span })
    }

    /// The file's name, with line and column of a span, both counted from 1.
    #[must_use]
    pub fn location(&self, span: &Range<usize>) -> Option<(&str, usize, usize)> {
        let place = self.place(span)?;
        let (line, column) = Diagnostic::error("", "").at(&place.span, "").location(place.text);
        Some((place.name, line, column))
    }

    /// A problem as JSON has it.
    #[must_use]
    pub fn located(&self, problem: &Diagnostic) -> Located {
        let file = self.index(&problem.span()).and_then(|at| self.files.get(at));
        match file {
            Some(file) => self.local(problem, file).located(&file.name, &file.text),
            None => problem.located("", ""),
        }
    }

    /// A problem as the terminal has it: first the file in which it is, then others that help to
    /// understand it.
    #[must_use]
    pub fn render(&self, problem: &Diagnostic, colour: bool) -> String {
        let Some(first) = self.index(&problem.span()) else {
            return problem.render("", "", colour);
        };
        let mut order: Vec<&File> = self.files.get(first).into_iter().collect();
        order
            .extend(self.files.iter().enumerate().filter(|(at, _)| *at != first).map(|(_, it)| it));
        let parts: Vec<(&str, &str, Diagnostic)> = order
            .into_iter()
            .map(|file| (file.name.as_str(), file.text.as_str(), self.local(problem, file)))
            .enumerate()
            .filter(|(at, (_, _, local))| *at == 0 || !local.labels.is_empty())
            .map(|(_, part)| part)
            .collect();
        Diagnostic::render_parts(&parts, colour)
    }

    /// The file in which a span begins.
    fn index(&self, span: &Range<usize>) -> Option<usize> {
        self.files.iter().rposition(|file| file.start <= span.start)
    }

    /// What of a problem is in one file.
    fn local(&self, problem: &Diagnostic, file: &File) -> Diagnostic {
        let inside = |span: &Range<usize>| {
            let holder = self.index(span).and_then(|at| self.files.get(at));
            holder.is_some_and(|holder| holder.start == file.start)
        };
        let moved = |span: &Range<usize>| {
            span.start.saturating_sub(file.start)..span.end.saturating_sub(file.start)
        };
        let labels = problem.labels.iter().filter(|label| inside(&label.span));
        let labels = labels.map(|label| Label { span: moved(&label.span), ..label.clone() });
        Diagnostic {
            labels: labels.collect(),
            hidden: problem.hidden.iter().filter(|span| inside(span)).map(moved).collect(),
            ..problem.clone()
        }
    }
}
