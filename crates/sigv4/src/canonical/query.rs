//! The canonical query: every name and value encoded in one way, sorted by name and then by value.

use percent_encoding::percent_encode;

use super::path::RESERVED;
use crate::query::{Parameters, SIGNATURE};

/// Writes the canonical query. The signature of a presigned URL isn't part of it; all else is,
/// parameters of one name each for itself.
pub(super) fn write(parameters: &Parameters<'_>, presigned: bool, text: &mut Vec<u8>) {
    let signature = |name: &[u8]| presigned && name == SIGNATURE.as_bytes();
    let encoded = |bytes| percent_encode(bytes, RESERVED).to_string();
    let mut pairs: Vec<(String, String)> = parameters
        .iter()
        .filter(|(name, _)| !signature(name))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort_unstable();
    for (at, (name, value)) in pairs.iter().enumerate() {
        if at > 0 {
            text.push(b'&');
        }
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
    }
}
