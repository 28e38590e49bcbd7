//! Texts of JSON: escapes, and what they come to.

use std::borrow::Cow;

/// A text as it is written, without its quotation marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    /// What is between the quotation marks; its escapes are well formed.
    pub(crate) raw: &'a str,
    /// Whether there are escapes in it.
    pub(crate) escaped: bool,
}

impl<'a> Text<'a> {
    /// What it says; `None` if it holds half of a surrogate pair, which is no character, and which
    /// parsers replace, keep or refuse, each as it likes.
    pub(crate) fn decode(self) -> Option<Cow<'a, str>> {
        if !self.escaped {
            return Some(Cow::Borrowed(self.raw));
        }
        let mut decoded = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some((before, after)) = rest.split_once('\\') {
            decoded.push_str(before);
            let (character, length) = unescape(after)?;
            decoded.push(character);
            rest = after.get(length..)?;
        }
        decoded.push_str(rest);
        Some(Cow::Owned(decoded))
    }
}

/// How many bytes stand before the first that ends a text, begins an escape or is a control
/// character. Eight are looked at together: a byte less than 0x20, or one that is zero once what is
/// searched for is taken from it, borrows into its highest bit; so the lowest bit that is set is right,
/// and those above it don't matter.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let mut at = 0;
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*eight);
        let quotes = below(word ^ (ONES * u64::from(b'"')), 1);
        let escapes = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = (quotes | escapes | below(word, 0x20)) & HIGH;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count()
}

/// The length of the escape at the start of these bytes, which begin with `\`; `None` if it is none.
pub(super) fn escape_length(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => bytes.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// The character of the escape that these bytes go on with, after its `\`, and their number.
fn unescape(after: &str) -> Option<(char, usize)> {
    let character = match after.bytes().next()? {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unescape_unicode(after),
        other => char::from(other),
    };
    Some((character, 1))
}

/// `u` and four digits, or a pair of surrogates: two of them with a backslash between.
fn unescape_unicode(after: &str) -> Option<(char, usize)> {
    let unit = |at: usize| u32::from_str_radix(after.get(at..at + 4)?, 16).ok();
    let first = unit(1)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 5));
    }
    let second = after.get(5..7).filter(|escape| *escape == "\\u").and_then(|_| unit(7))?;
    if !(0xd800..0xdc00).contains(&first) || !(0xdc00..0xe000).contains(&second) {
        return None;
    }
    char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).map(|both| (both, 11))
}
