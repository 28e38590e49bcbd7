//! The chain: every line ends with its number and the hash of the line before it.
//!
//! Plain arithmetic over bytes; where lines go is not known here.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;

use crate::trace::{hex, random, write_hex};

/// A hash of a line: SHA-256 over its bytes, without the line feed.
pub(super) type Hash = [u8; 32];

/// What stands where the hash of a line before the first would be.
pub(super) const NONE: Hash = [0; 32];

/// A chain that is being written.
pub(super) struct Chain {
    id: String,
    /// The number of the next line; the first is 0.
    next: u64,
    prev: Hash,
}

/// A line of a chain: which one, and its hash. Whoever has it can tell whether the lines up to this
/// one are those that were written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Head {
    /// The chain's id, random, 16 digits.
    pub chain: String,
    /// The line's number; the first is 0.
    pub seq: u64,
    /// Its hash: 64 hexadecimal digits.
    pub hash: String,
}

/// A text that names no line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a head is CHAIN:NUMBER:HASH, with 64 hexadecimal digits as hash")]
pub struct NotAHead;

// === impl Chain ===

impl Chain {
    /// An empty chain with an id of its own.
    pub(super) fn new() -> Self {
        Self { id: hex(&random::<8>()), next: 0, prev: NONE }
    }

    /// The number of the next line.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Chains a line, given without its end, and appends it with a line feed.
    pub(super) fn append(&mut self, line: &[u8], to: &mut Vec<u8>) {
        let start = to.len();
        to.extend_from_slice(line);
        to.extend_from_slice(br#","chain":""#);
        to.extend_from_slice(self.id.as_bytes());
        to.extend_from_slice(br#"","seq":"#);
        to.extend_from_slice(self.next.to_string().as_bytes());
        to.extend_from_slice(br#","prev":""#);
        write_hex(&self.prev, to);
        to.extend_from_slice(br#""}"#);
        self.prev = hash(to.get(start..).unwrap_or_default());
        self.next += 1;
        to.push(b'\n');
    }

    /// The last line; none if there is none yet.
    pub(super) fn head(&self) -> Option<Head> {
        let seq = self.next.checked_sub(1)?;
        Some(Head { chain: self.id.clone(), seq, hash: hex(&self.prev) })
    }
}

/// The hash of a line without its line feed.
pub(super) fn hash(line: &[u8]) -> Hash {
    let mut hash = NONE;
    let digest = digest::digest(&digest::SHA256, line);
    hash.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

// === impl Head ===

impl Head {
    /// As one line of JSON, for a log: `{"kind":"head",...}`. It belongs to no chain, and
    /// [`super::verify`] checks a chain against it.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { chain, seq, hash } = self;
        format!(r#"{{"kind":"head","chain":"{chain}","seq":{seq},"hash":"{hash}"}}"#)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.chain, self.seq, self.hash)
    }
}

impl FromStr for Head {
    type Err = NotAHead;

    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let (rest, hash) = text.rsplit_once(':').ok_or(NotAHead)?;
        let (chain, seq) = rest.rsplit_once(':').ok_or(NotAHead)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_number = !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit());
        if !is_hash || !is_number || chain.is_empty() {
            return Err(NotAHead);
        }
        let seq = seq.parse().map_err(|_| NotAHead)?;
        Ok(Self { chain: chain.to_owned(), seq, hash: hash.to_ascii_lowercase() })
    }
}
