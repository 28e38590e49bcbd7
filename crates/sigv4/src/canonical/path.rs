//! The canonical path: without dot segments and empty ones, and encoded once more than it is sent.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// All but what RFC 3986, section 2.3, leaves unreserved.
pub(super) const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes the canonical path of a path as it was sent: dot segments are removed (RFC 3986, section
/// 5.2.4), several slashes are one, and every byte that isn't unreserved is encoded, percent signs
/// too.
pub(super) fn write(path: &str, text: &mut Vec<u8>) {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    for segment in &segments {
        text.push(b'/');
        percent_encode(segment.as_bytes(), RESERVED)
            .for_each(|piece| text.extend_from_slice(piece.as_bytes()));
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    if segments.is_empty() || matches!(last, "" | "." | "..") {
        text.push(b'/');
    }
}
