//! YAML as farmgate reads it: strictly, and with the place of everything.
//!
//! A thin layer over granit-parser's events. It knows no file format: what the keys mean is for
//! [`crate::expect`], [`crate::accept`] and later readers, which use the accessors of [`Node`] and
//! push what they find wrong onto the same list of problems, so that one run names them all.
//!
//! Strict means YAML 1.2's core schema without what lets a file say something other than it seems
//! to: no anchors, aliases, merge keys, directives, duplicate keys, second documents or tabs.

mod build;
mod print;
mod read;
mod syntax;

use std::ops::Range;

use crate::diagnostic::{Diagnostic, in_order};

pub use read::Fields;
pub(crate) use read::control_character;

/// Files over this many bytes are refused (1 MiB).
pub const MAX_BYTES: usize = 1 << 20;

/// Deeper nesting is refused.
pub const MAX_DEPTH: usize = 64;

/// Whose rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Farmgate's own files.
    Farmgate,
    /// CloudFormation templates: tags (`!Ref`), keys that look like numbers, and tabs between
    /// words are allowed, as CloudFormation allows them.
    CloudFormation,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// All of it, in bytes.
    pub span: Range<usize>,
    /// What it holds.
    pub value: Value,
    /// Its tag; only [`Dialect::CloudFormation`] has any.
    pub tag: Option<Tag>,
    /// See [`Node::mark`].
    mark: Range<usize>,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, number, boolean, or nothing.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order of the file; the keys are scalars and all differ, but for those
    /// that were reported as duplicates.
    Mapping(Vec<(Node, Node)>),
    /// Something that isn't allowed and was reported; the accessors are silent on it.
    Refused,
}

/// A scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// Its text, escapes resolved; empty if nothing is written.
    pub text: String,
    /// How it is written.
    pub style: Style,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: may be a number, a boolean or nothing.
    Plain,
    /// In quotes, or as a block (`|`, `>`): always a text.
    Quoted,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// In bytes.
    pub span: Range<usize>,
    /// As written: `!Ref`.
    pub text: String,
}

/// What became of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The document; none if it could not be read to its end.
    pub root: Option<Node>,
    /// Everything that is wrong, in the order of reading; not empty if there is no root.
    pub problems: Vec<Diagnostic>,
}

/// Parses one document.
#[must_use]
pub fn parse(source: &str, dialect: Dialect) -> Parsed {
    build::build(source, dialect)
}

/// Parses one of farmgate's own files and has `read` make something of it.
///
/// # Errors
/// All problems of the file: those of the YAML, and those that `read` pushes.
pub fn document<T>(
    source: &str,
    read: impl FnOnce(&Node, &mut Vec<Diagnostic>) -> T,
) -> Result<T, Vec<Diagnostic>> {
    let Parsed { root, mut problems } = parse(source, Dialect::Farmgate);
    let value = root.map(|root| read(&root, &mut problems));
    match value {
        Some(value) if problems.is_empty() => Ok(value),
        _ => Err(in_order(problems)),
    }
}

impl Node {
    /// An empty mapping at a place: what isn't written.
    #[must_use]
    pub(crate) fn mapping_at(span: Range<usize>) -> Self {
        Self { mark: span.clone(), span, value: Value::Mapping(Vec::new()), tag: None }
    }

    /// What to underline of it: its part on its first line; of a value that isn't there, its key.
    #[must_use]
    pub fn mark(&self) -> Range<usize> {
        self.mark.clone()
    }

    /// Moves it, and all in it.
    pub(crate) fn shift(&mut self, by: usize) {
        let moved = |span: &Range<usize>| span.start + by..span.end + by;
        self.span = moved(&self.span);
        self.mark = moved(&self.mark);
        match &mut self.value {
            Value::Scalar(_) | Value::Refused => {}
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.shift(by)),
            Value::Mapping(entries) => entries.iter_mut().for_each(|(key, value)| {
                key.shift(by);
                value.shift(by);
            }),
        }
    }

    /// Whether nothing in it was refused.
    #[must_use]
    pub(crate) fn is_whole(&self) -> bool {
        match &self.value {
            Value::Scalar(_) => true,
            Value::Sequence(items) => items.iter().all(Self::is_whole),
            Value::Mapping(entries) => {
                entries.iter().all(|(key, value)| key.is_whole() && value.is_whole())
            }
            Value::Refused => false,
        }
    }

    /// Its scalar, if it is one.
    #[must_use]
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }
}
