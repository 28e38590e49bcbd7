//! W3C trace context (Trace Context, W3C Recommendation, level 1, with level 2's random flag): which
//! trace a request belongs to, and what is passed on.
//!
//! What a client sends is parsed strictly and taken as it is or not at all; an id is an id, and
//! authenticates nobody. Spans leave the gate with the feature `otlp` only (see `docs/observe.md`).

mod ids;
#[cfg(feature = "otlp")]
pub mod otlp;

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header with the trace and the caller's span.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header with what tracing systems say to themselves.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The longest `tracestate` that is passed on (3.3.1.5: at least 512 characters should be).
const STATE_BYTES: usize = 1024;
/// The most members of a `tracestate` (3.3.1.1).
const STATE_MEMBERS: usize = 32;

/// The trace that a request belongs to, and the gate's own span in it. The default is none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trace {
    id: [u8; 16],
    /// The caller's span, if it named one.
    parent: Option<[u8; 8]>,
    span: [u8; 8],
    flags: u8,
    state: Option<HeaderValue>,
}

/// The flag that says that the caller may have recorded the trace.
const SAMPLED: u8 = 1;
/// The flag that says that the id is random (level 2).
const RANDOM: u8 = 2;

// === impl Trace ===

impl Trace {
    /// The caller's trace with a new span, or a new trace if it names none, or none that is valid.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut named = headers.get_all(TRACEPARENT).iter();
        let parent = match (named.next(), named.next()) {
            (Some(value), None) => parent(value.as_bytes()),
            _ => None,
        };
        let span = random();
        match parent {
            Some((id, parent, flags)) => Self {
                id,
                parent: Some(parent),
                span,
                flags: flags & (SAMPLED | RANDOM),
                state: state(headers),
            },
            None => Self { id: random(), parent: None, span, flags: SAMPLED | RANDOM, state: None },
        }
    }

    /// Appends the trace's id; false if there is none.
    pub(crate) fn write_id(&self, to: &mut Vec<u8>) -> bool {
        if self.id == [0; 16] {
            return false;
        }
        write_hex(&self.id, to);
        true
    }

    /// The trace's id: 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        hex(&self.id)
    }

    /// Whether whoever began the trace asked for it to be recorded; so it is of traces that begin
    /// here.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The value of `traceparent` for whoever is called next, whose parent is the gate's span.
    #[must_use]
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-{:02x}", hex(&self.id), hex(&self.span), self.flags)
    }

    /// [`Trace::traceparent`] as a header; none if there is no trace.
    #[must_use]
    pub fn header(&self) -> Option<HeaderValue> {
        if self.id == [0; 16] { None } else { HeaderValue::try_from(self.traceparent()).ok() }
    }

    /// Sets both headers for whoever is called next, in place of the caller's.
    pub fn pass_on(&self, headers: &mut HeaderMap) {
        headers.remove(TRACESTATE);
        match self.header() {
            Some(value) => headers.insert(TRACEPARENT, value),
            None => headers.remove(TRACEPARENT),
        };
        if let Some(state) = &self.state {
            headers.insert(TRACESTATE, state.clone());
        }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.traceparent())
    }
}

// === parsing ===

/// The trace's id, the caller's span and the flags of a `traceparent` (3.2).
fn parent(text: &[u8]) -> Option<([u8; 16], [u8; 8], u8)> {
    let (known, later) = text.split_at_checked(55)?;
    let dashes = [2, 35, 52].iter().all(|at| known.get(*at) == Some(&b'-'));
    let [version] = digits::<1>(known.get(..2)?)?;
    let id: [u8; 16] = digits(known.get(3..35)?)?;
    let span: [u8; 8] = digits(known.get(36..52)?)?;
    let [flags] = digits::<1>(known.get(53..)?)?;
    // A later version may say more, behind another dash; this one may not; `ff` is none (3.2.2.1).
    let ended = match version {
        0 => later.is_empty(),
        0xff => false,
        _ => later.is_empty() || later.first() == Some(&b'-'),
    };
    (dashes && ended && id != [0; 16] && span != [0; 8]).then_some((id, span, flags))
}

/// Bytes from as many pairs of lower-case hexadecimal digits.
fn digits<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

/// The caller's `tracestate` as one list (3.3), or none if it isn't one.
fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut joined = Vec::new();
    for value in headers.get_all(TRACESTATE) {
        if !joined.is_empty() {
            joined.push(b',');
        }
        joined.extend_from_slice(value.as_bytes());
        if joined.len() > STATE_BYTES {
            return None;
        }
    }
    let mut keys: Vec<&[u8]> = Vec::new();
    for member in joined.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        // Members may be empty (3.3.1.1).
        if member.is_empty() {
            continue;
        }
        let equals = member.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (member.get(..equals)?, member.get(equals + 1..)?);
        if !is_key(key) || !is_value(value) || keys.contains(&key) || keys.len() == STATE_MEMBERS {
            return None;
        }
        keys.push(key);
    }
    if keys.is_empty() { None } else { HeaderValue::from_bytes(&joined).ok() }
}

/// A key of `tracestate` (3.3.1.3.1), of level 2, which is the wider one.
fn is_key(key: &[u8]) -> bool {
    let starts = key.first().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let inside =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(byte);
    starts && key.len() <= 256 && key.iter().all(inside)
}

/// A value of `tracestate` (3.3.1.3.2). Its end was trimmed already.
fn is_value(value: &[u8]) -> bool {
    let inside = |byte: &u8| matches!(*byte, 0x20..=0x7e) && *byte != b'=';
    !value.is_empty() && value.len() <= 256 && value.iter().all(inside)
}

// === bytes ===

pub(crate) use ids::random;

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(2 * bytes.len());
    write_hex(bytes, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

/// Appends lower-case hexadecimal digits.
pub(crate) fn write_hex(bytes: &[u8], to: &mut Vec<u8>) {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
    to.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

#[cfg(test)]
mod tests;
