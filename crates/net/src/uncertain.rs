//! What is not known of a value, and what was assumed of it.
//!
//! A network read from a plan has holes. Every hole is one of two kinds: an *assumption* (a value
//! was taken, and whoever reads the answer must be told) or an *unknown* (no value was taken, and
//! the answer is quantified over all that it may be). Both are named by a [`Note`].

use std::collections::BTreeSet;
use std::sync::Arc;

/// The name of an assumption or of an unknown, in words for a person.
pub type Note = Arc<str>;

/// One value, or what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uncertain<T> {
    /// The value.
    Known(T),
    /// The value, as far as references suggest; the note says what was assumed.
    Assumed(T, Note),
    /// One of these; the note says what decides.
    OneOf(Vec<T>, Note),
    /// Anything; the note says what is missing.
    Unknown(Note),
}

impl<T> Uncertain<T> {
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
    pub fn map<U>(self, mut with: impl FnMut(T) -> U) -> Uncertain<U> {
        match self {
            Self::Known(value) => Uncertain::Known(with(value)),
            Self::Assumed(value, note) => Uncertain::Assumed(with(value), note),
            Self::OneOf(values, note) => {
                Uncertain::OneOf(values.into_iter().map(with).collect(), note)
            }
            Self::Unknown(note) => Uncertain::Unknown(note),
        }
    }

    /// The same knowledge of the value by reference.
    pub fn as_ref(&self) -> Uncertain<&T> {
        match self {
            Self::Known(value) => Uncertain::Known(value),
            Self::Assumed(value, note) => Uncertain::Assumed(value, note.clone()),
            Self::OneOf(values, note) => Uncertain::OneOf(values.iter().collect(), note.clone()),
            Self::Unknown(note) => Uncertain::Unknown(note.clone()),
        }
    }
}

impl<T: Default> Default for Uncertain<T> {
    fn default() -> Self {
        Self::Known(T::default())
    }
}

/// A set of values, or what is known of it.
///
/// The real set contains all of `sure`, may contain any of `maybe`, and if `open` may contain
/// anything else besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncertainSet<T: Ord> {
    /// Members for certain.
    pub sure: BTreeSet<T>,
    /// Possible further members.
    pub maybe: BTreeSet<T>,
    /// Whether there may be members not named here.
    pub open: bool,
    /// What decides over `maybe` and `open`; present if either is not empty.
    pub unknown: Option<Note>,
    /// What was assumed in order to call `sure` sure.
    pub assumed: Option<Note>,
}

impl<T: Ord> Default for UncertainSet<T> {
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

impl<T: Ord> UncertainSet<T> {
    /// Exactly these members.
    pub fn known(members: impl IntoIterator<Item = T>) -> Self {
        Self { sure: members.into_iter().collect(), ..Self::default() }
    }

    /// These, as far as references suggest.
    pub fn assumed(members: impl IntoIterator<Item = T>, note: Note) -> Self {
        Self { sure: members.into_iter().collect(), assumed: Some(note), ..Self::default() }
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

    /// Nothing is known of the set.
    #[must_use]
    pub fn unknown(note: Note) -> Self {
        Self { open: true, unknown: Some(note), ..Self::default() }
    }

    /// Whether `member` is in the set whatever the unknown part is.
    #[must_use]
    pub fn surely(&self, member: &T) -> bool {
        self.sure.contains(member)
    }

    /// Whether `member` may be in the set.
    #[must_use]
    pub fn possibly(&self, member: &T) -> bool {
        self.open || self.sure.contains(member) || self.maybe.contains(member)
    }
}
