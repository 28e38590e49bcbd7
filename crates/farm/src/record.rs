//! How the types of the farm file are read, and how they describe themselves.
//!
//! `record!` turns one declaration, with its doc comments and defaults, into a struct, its reader
//! and its [`Shape`]; the JSON Schema and `docs/farm-file.md` are made from the shapes. So a field's
//! docstring, its key, its default and what is accepted cannot drift apart.
//!
//! What can't be read is reported, and a stand-in takes its place, so that the rest can be validated
//! all the same; [`Places::sound`] tells what was really read. A file with a problem gives no farm,
//! so no stand-in is ever used for anything else.

mod declare;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::yaml::{Fields, Node, Value};

pub(crate) use declare::{choice, record};
pub(crate) use read::{absent, bare, choose, one_key};

/// Something that can be read from a node of a file.
pub trait Read: Sized {
    /// Reads it; what is wrong is reported.
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self>;

    /// What is accepted.
    fn shape() -> Shape;

    /// As it would be written in the file, for the defaults in the documentation; empty if there is
    /// nothing to write.
    fn show(&self) -> String;

    /// What stands for a value that could not be read, if anything can.
    #[must_use]
    fn stand_in() -> Option<Self> {
        None
    }
}

/// What a place of the file accepts.
#[derive(Debug, Clone)]
pub enum Shape {
    /// A text, in the words of [`Word`].
    Text {
        /// What it is, with an article: `a CIDR block`.
        what: &'static str,
        /// An ECMA 262 regular expression that every accepted text matches.
        pattern: Option<&'static str>,
        /// Examples.
        examples: &'static [&'static str],
    },
    /// One of these words.
    Choice(&'static [(&'static str, &'static str)]),
    /// A whole number.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// `true` or `false`.
    Boolean,
    /// A list.
    List(Box<Shape>),
    /// A mapping with free keys.
    Map {
        /// What the keys are.
        keys: Box<Shape>,
        /// What the values are.
        values: Box<Shape>,
    },
    /// A mapping with known keys.
    Record(Record),
    /// A mapping with exactly one of these keys.
    OneKey(Record),
    /// Any of these.
    AnyOf(Vec<Shape>),
}

/// A mapping with known keys.
#[derive(Debug, Clone)]
pub struct Record {
    /// The type's name, unique among records.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static [&'static str],
    /// Its keys, in order.
    pub fields: Vec<Field>,
}

/// A key of a [`Record`].
#[derive(Debug, Clone)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// What it means, line by line.
    pub doc: &'static [&'static str],
    /// Whether it has to be there.
    pub required: bool,
    /// What its absence means, as it would be written.
    pub default: Option<String>,
    /// What it accepts.
    pub shape: Shape,
}

/// A scalar text with a meaning of its own.
pub trait Word: Sized + std::fmt::Display {
    /// What it is, with an article.
    const WHAT: &'static str;
    /// An ECMA 262 regular expression that every accepted text matches.
    const PATTERN: Option<&'static str> = None;
    /// Examples.
    const EXAMPLES: &'static [&'static str];

    /// Parses it.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    fn parse(text: &str) -> Result<Self, Bad>;
}

/// What is wrong with a scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// A stable code in kebab case.
    pub code: &'static str,
    /// What is wrong.
    pub title: String,
    /// What to do.
    pub help: String,
}

impl Bad {
    /// What is wrong and what to do.
    pub fn new(code: &'static str, title: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, title: title.into(), help: help.into() }
    }
}

/// A whole number within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number<const MIN: i64, const MAX: i64>(pub i64);

impl<const MIN: i64, const MAX: i64> Number<MIN, MAX> {
    /// The number, which is not negative where `MIN` isn't.
    #[must_use]
    pub fn get(self) -> u64 {
        u64::try_from(self.0).unwrap_or_default()
    }
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// What to underline of it, in bytes.
    pub span: Range<usize>,
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Where a record and its keys are written, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    own: Range<usize>,
    keys: BTreeMap<&'static str, (Range<usize>, Range<usize>)>,
    /// The keys under which something could not be read.
    broken: BTreeSet<&'static str>,
}

impl Places {
    /// What to underline of the record as a whole.
    #[must_use]
    pub fn own(&self) -> &Range<usize> {
        &self.own
    }

    /// Whether a key is written.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// The keys that are written, in alphabetical order.
    pub fn written(&self) -> impl Iterator<Item = &'static str> {
        self.keys.keys().copied()
    }

    /// What to underline of a key's value; of the record, if the key isn't written.
    #[must_use]
    pub fn of(&self, key: &str) -> &Range<usize> {
        self.keys.get(key).map_or(&self.own, |(_, value)| value)
    }

    /// What to underline of a key; of the record, if the key isn't written.
    #[must_use]
    pub fn key(&self, key: &str) -> &Range<usize> {
        self.keys.get(key).map_or(&self.own, |(key, _)| key)
    }

    /// Whether everything under these keys was read as it is written, so that it makes sense to
    /// compare it with other things.
    #[must_use]
    pub fn sound(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| !self.broken.contains(key))
    }

    /// Those of a record that could not be read.
    pub(crate) fn unread(keys: Vec<&'static str>) -> Self {
        Self { broken: keys.into_iter().collect(), ..Self::default() }
    }

    /// Notes that something under a key could not be read.
    pub(crate) fn break_key(&mut self, key: &'static str) {
        self.broken.insert(key);
    }

    /// Notes the broken keys of a record whose keys stand among this one's.
    pub(crate) fn break_with(&mut self, shared: &Self) {
        self.broken.extend(&shared.broken);
    }

    /// Notes a key if something under it could not be read. `reported` says whether its reader said
    /// so; the YAML reader may have said it before.
    pub(crate) fn note(&mut self, key: &'static str, fields: &Fields<'_>, reported: bool) {
        let whole = fields.get(key).is_none_or(Node::is_whole);
        if reported || !whole || fields.misspelt(key) {
            self.break_key(key);
        }
    }

    /// The places of a mapping's known keys.
    pub(crate) fn new(node: &Node, keys: &[&'static str]) -> Self {
        let mut places = Self { own: node.mark(), keys: BTreeMap::new(), broken: BTreeSet::new() };
        if let Value::Mapping(entries) = &node.value {
            for (key, value) in entries {
                let text = key.scalar().map(|s| s.text.as_str()).unwrap_or_default();
                if let Some(known) = keys.iter().find(|known| **known == text) {
                    places.keys.insert(known, (key.mark(), value.mark()));
                }
            }
        }
        places
    }
}
