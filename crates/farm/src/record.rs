//! How the types of the farm file are read, and how they describe themselves.
//!
//! `record!` turns one declaration, with its doc comments and defaults, into a struct, its reader
//! and its [`Shape`]; the JSON Schema and `docs/farm-file.md` are made from the shapes. So a field's
//! docstring, its key, its default and what is accepted cannot drift apart.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, quoted};
use crate::yaml::{Node, Style, Value};

/// Something that can be read from a node of a file.
pub trait Read: Sized {
    /// Reads it; what is wrong is reported.
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self>;

    /// What is accepted.
    fn shape() -> Shape;

    /// As it would be written in the file, for the defaults in the documentation; empty if there is
    /// nothing to write.
    fn show(&self) -> String;
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
    Map(Box<Shape>),
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

impl<T: Word> Read for T {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        // `60` is as good as `"60"` where a word is wanted: the word decides.
        let bare = node.scalar().filter(|s| s.style == Style::Plain && !node.is_nothing());
        let text = match bare {
            Some(scalar) => scalar.text.as_str(),
            None if node.scalar().is_some_and(|s| s.style == Style::Quoted) => {
                node.text(problems)?
            }
            None => {
                problems.extend(node.wrong_type(T::WHAT));
                return None;
            }
        };
        match T::parse(text) {
            Ok(word) => Some(word),
            Err(Bad { code, title, help }) => {
                let problem = Diagnostic::error(code, title).at(&node.mark(), "");
                problems.push(if help.is_empty() { problem } else { problem.help(help) });
                None
            }
        }
    }

    fn shape() -> Shape {
        Shape::Text { what: T::WHAT, pattern: T::PATTERN, examples: T::EXAMPLES }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Read for String {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        node.text(problems).map(str::to_owned)
    }

    fn shape() -> Shape {
        Shape::Text { what: "a text", pattern: None, examples: &[] }
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Read for bool {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        node.boolean(problems)
    }

    fn shape() -> Shape {
        Shape::Boolean
    }

    fn show(&self) -> String {
        self.to_string()
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

impl<const MIN: i64, const MAX: i64> Read for Number<MIN, MAX> {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        node.integer(MIN..=MAX, problems).map(Self)
    }

    fn shape() -> Shape {
        Shape::Integer { min: MIN, max: MAX }
    }

    fn show(&self) -> String {
        self.0.to_string()
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

impl<T: Read> Read for Spanned<T> {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        T::read(node, problems).map(|value| Self { value, span: node.mark() })
    }

    fn shape() -> Shape {
        T::shape()
    }

    fn show(&self) -> String {
        self.value.show()
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        T::read(node, problems).map(Some)
    }

    fn shape() -> Shape {
        T::shape()
    }

    fn show(&self) -> String {
        self.as_ref().map(Read::show).unwrap_or_default()
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let items = node.list(problems)?;
        let read: Vec<Option<T>> = items.iter().map(|item| T::read(item, problems)).collect();
        read.into_iter().collect()
    }

    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }

    fn show(&self) -> String {
        let items: Vec<String> = self.iter().map(Read::show).collect();
        format!("[{}]", items.join(", "))
    }
}

impl<K: Word + Ord, T: Read> Read for BTreeMap<K, T> {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let entries = node.mapping(problems)?;
        let mut all = Some(Self::new());
        for (key, value) in entries {
            let key = K::read(key, problems);
            let value = T::read(value, problems);
            match (key, value) {
                (Some(key), Some(value)) => {
                    if let Some(all) = &mut all {
                        all.insert(key, value);
                    }
                }
                _ => all = None,
            }
        }
        all
    }

    fn shape() -> Shape {
        Shape::Map(Box::new(T::shape()))
    }

    fn show(&self) -> String {
        let items: Vec<String> =
            self.iter().map(|(key, value)| format!("{key}: {}", value.show())).collect();
        if items.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", items.join(", ")) }
    }
}

/// Where a record and its keys are written, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    own: Range<usize>,
    keys: BTreeMap<&'static str, (Range<usize>, Range<usize>)>,
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

    /// The places of a mapping's known keys.
    pub(crate) fn new(node: &Node, keys: &[&'static str]) -> Self {
        let mut places = Self { own: node.mark(), keys: BTreeMap::new() };
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

/// Reads a mapping with exactly one key, which says what the value is.
pub(crate) fn one_key<'a>(
    node: &'a Node,
    known: &[&'static str],
    problems: &mut Vec<Diagnostic>,
) -> Option<(&'static str, &'a Node)> {
    let before = problems.len();
    let fields = node.fields(known, problems)?;
    let there: Vec<_> =
        known.iter().filter_map(|key| fields.entry(key).map(|entry| (*key, entry))).collect();
    match there.as_slice() {
        [(key, (_, value))] => Some((key, value)),
        [] => {
            if problems.len() == before {
                let names: Vec<String> = known.iter().map(|key| quoted(key)).collect();
                let title = format!("expected one of {}", names.join(", "));
                problems.push(Diagnostic::error("missing-key", title).at(&node.mark(), ""));
            }
            None
        }
        [_, (_, (second, _)), ..] => {
            let title = "an item has one key only";
            let problem = Diagnostic::error("several-keys", title).at(&second.mark(), "");
            problems.push(problem.help("write an item for each"));
            None
        }
    }
}

/// Declares a struct with its reader and its shape. Forms of a field:
///
/// - `name: T;` has to be there;
/// - `name: T = default;` may be left out;
/// - `name: T, record;` is a record whose absence means that all of its keys are absent;
/// - `..name: T;` (last) is a record whose keys stand among this one's.
macro_rules! record {
    ($(#[doc = $rdoc:literal])* $name:ident {
        $( $(#[doc = $fdoc:literal])* $field:ident : $ty:ty $(= $default:expr)? $(, $mode:ident)? ; )*
        $( .. $(#[doc = $sdoc:literal])* $shared:ident : $sty:ty ; )?
    }) => {
        $(#[doc = $rdoc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[doc = $fdoc])* pub $field: $ty, )*
            $( $(#[doc = $sdoc])* pub $shared: $sty, )?
            /// Where it is written.
            pub at: crate::record::Places,
        }

        impl $name {
            /// Its keys.
            pub(crate) fn keys() -> Vec<&'static str> {
                #[allow(unused_mut, reason = "not every record shares keys")]
                let mut keys: Vec<&'static str> =
                    vec![$( crate::record::bare(stringify!($field)) ),*];
                $( keys.extend(<$sty>::keys()); )?
                keys
            }

            /// Reads it from the fields of a mapping, which may hold others too.
            #[allow(clippy::question_mark, reason = "all fields are read before any is missed")]
            pub(crate) fn read_fields(
                node: &crate::yaml::Node,
                fields: &crate::yaml::Fields<'_>,
                problems: &mut Vec<crate::diagnostic::Diagnostic>,
            ) -> Option<Self> {
                $( let $field: Option<$ty> = record!(@read fields, problems, $field, $ty
                    $(, default $default)? $(, $mode)?); )*
                $( let $shared = <$sty>::read_fields(node, fields, problems); )?
                let at = crate::record::Places::new(node, &Self::keys());
                Some(Self { $( $field: $field?, )* $( $shared: $shared?, )? at })
            }

            /// Its fields, described.
            pub(crate) fn described() -> Vec<crate::record::Field> {
                #[allow(unused_mut, reason = "not every record shares keys")]
                let mut all = vec![ $( crate::record::Field {
                    key: crate::record::bare(stringify!($field)),
                    doc: &[$($fdoc),*],
                    required: record!(@required $(default $default)? $($mode)?),
                    default: record!(@shown $ty $(, default $default)? $(, $mode)?),
                    shape: <$ty as crate::record::Read>::shape(),
                } ),* ];
                $( all.extend(<$sty>::described()); )?
                all
            }
        }

        impl crate::record::Read for $name {
            fn read(
                node: &crate::yaml::Node,
                problems: &mut Vec<crate::diagnostic::Diagnostic>,
            ) -> Option<Self> {
                let fields = node.fields(&Self::keys(), problems)?;
                Self::read_fields(node, &fields, problems)
            }

            fn shape() -> crate::record::Shape {
                crate::record::Shape::Record(crate::record::Record {
                    name: stringify!($name),
                    doc: &[$($rdoc),*],
                    fields: Self::described(),
                })
            }

            fn show(&self) -> String {
                String::new()
            }
        }
    };
    (@read $fields:ident, $problems:ident, $field:ident, $ty:ty) => {
        $fields
            .require(crate::record::bare(stringify!($field)), $problems)
            .and_then(|node| <$ty as crate::record::Read>::read(node, $problems))
    };
    (@read $fields:ident, $problems:ident, $field:ident, $ty:ty, default $default:expr) => {
        match $fields.get(crate::record::bare(stringify!($field))) {
            Some(node) => <$ty as crate::record::Read>::read(node, $problems),
            None => Some($default),
        }
    };
    (@read $fields:ident, $problems:ident, $field:ident, $ty:ty, record) => {
        match $fields.get(crate::record::bare(stringify!($field))) {
            Some(node) => <$ty as crate::record::Read>::read(node, $problems),
            None => <$ty as crate::record::Read>::read(&crate::record::absent(), $problems),
        }
    };
    (@required) => { true };
    (@required $($rest:tt)+) => { false };
    (@shown $ty:ty) => { None };
    (@shown $ty:ty, default $default:expr) => {{
        let default: $ty = $default;
        Some(crate::record::Read::show(&default)).filter(|shown| !shown.is_empty())
    }};
    (@shown $ty:ty, record) => { None };
}

/// Declares an enum of words, each with what it means.
macro_rules! choice {
    ($(#[doc = $edoc:literal])* $name:ident { $( $(#[doc = $vdoc:literal])* $variant:ident = $word:literal ),* $(,)? }) => {
        $(#[doc = $edoc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $( $(#[doc = $vdoc])* $variant, )* }

        impl $name {
            /// The words, each with what it means.
            pub const WORDS: &'static [(&'static str, &'static str)] =
                &[$( ($word, concat!($($vdoc),*)) ),*];

            /// The word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl crate::record::Read for $name {
            fn read(
                node: &crate::yaml::Node,
                problems: &mut Vec<crate::diagnostic::Diagnostic>,
            ) -> Option<Self> {
                let word = crate::record::choose(node, Self::WORDS, problems)?;
                [$( ($word, Self::$variant) ),*]
                    .into_iter()
                    .find_map(|(known, value)| (known == word).then_some(value))
            }

            fn shape() -> crate::record::Shape {
                crate::record::Shape::Choice(Self::WORDS)
            }

            fn show(&self) -> String {
                self.word().to_owned()
            }
        }
    };
}

pub(crate) use {choice, record};

/// A field's key: Rust's keywords are written `r#in`.
pub(crate) fn bare(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// A mapping that isn't there.
pub(crate) fn absent() -> Node {
    Node::mapping_at(0..0)
}

/// The word of a node, if it is one of `words`.
pub(crate) fn choose(
    node: &Node,
    words: &'static [(&'static str, &'static str)],
    problems: &mut Vec<Diagnostic>,
) -> Option<&'static str> {
    let text = match node.scalar() {
        Some(scalar) if !node.is_nothing() => scalar.text.as_str(),
        _ => {
            let names: Vec<String> = words.iter().map(|(word, _)| quoted(word)).collect();
            problems.extend(node.wrong_type(&names.join(" or ")));
            return None;
        }
    };
    if let Some((word, _)) = words.iter().find(|(word, _)| *word == text) {
        return Some(word);
    }
    let title = format!("unknown word {}", quoted(text));
    let problem = Diagnostic::error("unknown-word", title).at(&node.mark(), "");
    let near = crate::diagnostic::nearest(text, words.iter().map(|(word, _)| *word));
    problems.push(match near {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => {
            let known = crate::diagnostic::listed(words.iter().map(|(word, _)| *word));
            problem.help(format!("known here: {known}"))
        }
    });
    None
}
