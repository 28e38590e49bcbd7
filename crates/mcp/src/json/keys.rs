//! The keys of one object: whether one comes twice, and whether one looks like another.

use std::borrow::Cow;
use std::collections::HashSet;

/// How many keys are compared one by one; with more, they are hashed.
const FEW: usize = 16;
/// The most keys that an object may have whose keys are watched.
const MANY: usize = 4096;

/// What is found when a key comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It is new.
    No,
    /// It was there before.
    Yes,
    /// There are more keys than are watched.
    TooMany,
}

/// The keys that an object had so far, decoded: `"na\u006de"` is `"name"`.
#[derive(Debug, Default)]
pub(crate) struct Keys<'a> {
    few: [&'a str; FEW],
    count: usize,
    /// All of them, once they are many, or one has escapes.
    all: Option<HashSet<Cow<'a, str>>>,
}

impl<'a> Keys<'a> {
    /// Notes a key.
    #[allow(
        clippy::ptr_arg,
        reason = "a key that is borrowed from the text is kept without a copy"
    )]
    pub(crate) fn see(&mut self, key: &Cow<'a, str>) -> Seen {
        if self.count >= MANY {
            return Seen::TooMany;
        }
        if self.all.is_none() {
            let few = self.few.get(..self.count).unwrap_or_default();
            if few.contains(&key.as_ref()) {
                return Seen::Yes;
            }
            if let (Cow::Borrowed(key), true) = (key, few.len() < FEW) {
                if let Some(place) = self.few.get_mut(self.count) {
                    *place = key;
                }
                self.count += 1;
                return Seen::No;
            }
            self.all = Some(few.iter().copied().map(Cow::Borrowed).collect());
        }
        let all = self.all.get_or_insert_default();
        self.count += 1;
        if all.insert(key.clone()) { Seen::No } else { Seen::Yes }
    }
}

/// Whether a key that isn't `known` would be taken for it by a parser that doesn't care for case, as
/// that of Go's `encoding/json` (by Unicode's simple folding), or Java's `equalsIgnoreCase`.
pub(crate) fn resembles(key: &str, known: &str) -> bool {
    if key.is_ascii() {
        return key.len() == known.len() && key != known && key.eq_ignore_ascii_case(known);
    }
    key.chars().map(fold).eq(known.chars().map(fold))
}

fn fold(character: char) -> char {
    match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        '\u{130}' | '\u{131}' => 'i',
        other => other.to_ascii_lowercase(),
    }
}
