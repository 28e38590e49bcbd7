//! Keys, origins, and values that may be known, assumed or unknown.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

pub use farmgate_net::uncertain::Note;

/// The name of a resource: a Terraform address, or a bare id or ARN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// The key of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The Terraform resource type, for an address: `aws_lb` of `module.a.aws_lb.b["c"]`.
    #[must_use]
    pub fn resource_type(&self) -> Option<&str> {
        let mut rest = self.as_str();
        while let Some(after) = rest.strip_prefix("module.") {
            let mut quoted = false;
            let end = after.find(|c: char| {
                if c == '"' {
                    quoted = !quoted;
                }
                c == '.' && !quoted
            })?;
            rest = after.get(end + 1..)?;
        }
        let rest = rest.strip_prefix("data.").unwrap_or(rest);
        rest.split_once('.').map(|(kind, _)| kind)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Key {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// Where an item is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The resource that says it.
    pub key: Key,
    /// The place in that resource, as `ingress[0]`; empty for the whole.
    pub path: String,
}

impl Origin {
    /// A whole resource.
    #[must_use]
    pub fn of(key: &Key) -> Self {
        Self { key: key.clone(), path: String::new() }
    }

    /// A place in a resource.
    pub fn at(key: &Key, path: impl Into<String>) -> Self {
        Self { key: key.clone(), path: path.into() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { self.key.fmt(f) } else { write!(f, "{} {}", self.key, self.path) }
    }
}

/// A value, or what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Val<T> {
    /// The source says it.
    Known(T),
    /// The source's references suggest it; the note says what was assumed.
    Assumed(T, Note),
    /// One of these; the note says what decides.
    OneOf(Vec<T>, Note),
    /// Anything; the note says what is missing.
    Unknown(Note),
}

impl<T> Val<T> {
    /// The value, if it is known or assumed.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Known(value) | Self::Assumed(value, _) => Some(value),
            Self::OneOf(..) | Self::Unknown(_) => None,
        }
    }

    /// The value, if the source itself says it.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// What was assumed.
    pub fn assumed(&self) -> Option<&Note> {
        match self {
            Self::Assumed(_, note) => Some(note),
            _ => None,
        }
    }

    /// What is missing.
    pub fn missing(&self) -> Option<&Note> {
        match self {
            Self::OneOf(_, note) | Self::Unknown(note) => Some(note),
            _ => None,
        }
    }

    /// The same knowledge of another value.
    pub fn map<U>(self, mut with: impl FnMut(T) -> U) -> Val<U> {
        match self {
            Self::Known(value) => Val::Known(with(value)),
            Self::Assumed(value, note) => Val::Assumed(with(value), note),
            Self::OneOf(values, note) => Val::OneOf(values.into_iter().map(with).collect(), note),
            Self::Unknown(note) => Val::Unknown(note),
        }
    }
}

impl<T: Default> Default for Val<T> {
    fn default() -> Self {
        Self::Known(T::default())
    }
}

/// A set of values, or what is known of it: it contains all of `sure`, may contain any of `maybe`,
/// and if `open` anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetVal<T: Ord> {
    /// Members for certain.
    pub sure: BTreeSet<T>,
    /// Possible further members.
    pub maybe: BTreeSet<T>,
    /// Whether there may be members not named here.
    pub open: bool,
    /// What decides over `maybe` and `open`.
    pub unknown: Option<Note>,
    /// What was assumed in order to call `sure` sure.
    pub assumed: Option<Note>,
}

impl<T: Ord> Default for SetVal<T> {
    fn default() -> Self {
        Self {
            sure: BTreeSet::new(),
            maybe: BTreeSet::new(),
            open: false,
            unknown: None,
            assumed: None,
        }
    }
}

impl<T: Ord> SetVal<T> {
    /// Exactly these.
    pub fn known(members: impl IntoIterator<Item = T>) -> Self {
        Self { sure: members.into_iter().collect(), ..Self::default() }
    }

    /// These, as far as references suggest.
    pub fn assumed(members: impl IntoIterator<Item = T>, note: Note) -> Self {
        Self { sure: members.into_iter().collect(), assumed: Some(note), ..Self::default() }
    }

    /// Nothing is known of it.
    #[must_use]
    pub fn unknown(note: Note) -> Self {
        Self { open: true, unknown: Some(note), ..Self::default() }
    }

    /// Whether it is exactly `sure`.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !self.open && self.maybe.is_empty()
    }

    /// All that are named, for certain or possibly.
    pub fn mentioned(&self) -> impl Iterator<Item = &T> {
        self.sure.iter().chain(self.maybe.iter())
    }
}
