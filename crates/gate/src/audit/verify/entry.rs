//! One line, as it is found: whose it is, and what has to be known of it.

use serde::Deserialize;

use crate::audit::chain::{Hash, Head, hash};

/// Numbers beyond this are not ours: nobody wrote so many lines.
const MOST: u64 = 1 << 53;

/// A line of a chain.
pub(super) struct Entry {
    pub(super) chain: String,
    pub(super) seq: u64,
    pub(super) prev: Hash,
    pub(super) hash: Hash,
    pub(super) kind: Kind,
    pub(super) time: String,
    pub(super) farm: Option<String>,
    pub(super) version: Option<String>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Continue,
    Request,
    /// So many lines could not be written.
    Lost(u64),
    /// The chain has so many lines.
    Close(u64),
    /// Of a later version.
    Other,
}

/// What a line turns out to be.
pub(super) enum Found {
    Line(Box<Entry>),
    Head(Head),
    Blank,
    Other,
}

/// The members that matter. Others are whatever they are: they are in the hash.
#[derive(Deserialize)]
struct Read {
    time: Option<String>,
    kind: String,
    farm: Option<String>,
    version: Option<String>,
    count: Option<u64>,
    lines: Option<u64>,
    chain: String,
    seq: u64,
    prev: Option<String>,
    hash: Option<String>,
}

impl Found {
    /// Looks at a line without its line feed.
    pub(super) fn of(line: &[u8]) -> Self {
        let line = without_stamp(line);
        if line.trim_ascii().is_empty() {
            return Self::Blank;
        }
        if line.first() != Some(&b'{') {
            return Self::Other;
        }
        let Ok(read) = serde_json::from_slice::<Read>(line) else { return Self::Other };
        let Read { time, kind, farm, version, count, lines, chain, seq, prev, hash: own } = read;
        if seq > MOST {
            return Self::Other;
        }
        if kind == "head" {
            let head = own.and_then(|hash| format!("{chain}:{seq}:{hash}").parse().ok());
            return head.map_or(Self::Other, Self::Head);
        }
        let (Some(time), Some(prev)) = (time, prev.as_deref().and_then(digits)) else {
            return Self::Other;
        };
        let kind = match kind.as_str() {
            "open" => Kind::Open,
            "continue" => Kind::Continue,
            "request" => Kind::Request,
            "lost" => Kind::Lost(count.unwrap_or_default()),
            "close" => Kind::Close(lines.unwrap_or_default()),
            _ => Kind::Other,
        };
        let hash = hash(line);
        Self::Line(Box::new(Entry { chain, seq, prev, hash, kind, time, farm, version }))
    }
}

/// A line without the time that an export of CloudWatch Logs puts before it.
fn without_stamp(line: &[u8]) -> &[u8] {
    if line.first().is_none_or(|byte| !byte.is_ascii_digit()) {
        return line;
    }
    let Some(at) = line.iter().take(40).position(|byte| *byte == b' ') else { return line };
    let (stamp, rest) = line.split_at(at);
    let is_stamp = stamp.ends_with(b"Z")
        && stamp.iter().all(|byte| byte.is_ascii_digit() || b"-:.TZ".contains(byte));
    match rest.strip_prefix(b" ") {
        Some(rest) if is_stamp => rest,
        _ => line,
    }
}

/// A hash of 64 lower-case hexadecimal digits.
pub(super) fn digits(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    if text.len() != 2 * hash.len() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        if pair.iter().any(u8::is_ascii_uppercase) {
            return None;
        }
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}
