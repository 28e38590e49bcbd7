//! How keys are written: base64 (strict: one text for one value), base32, SHA-256, random bytes.
//!
//! What the bytes mean is for the callers.

use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// The digits of base32 (RFC 4648, section 6) in lower case: nobody mistakes one for another.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The system's source of randomness failed, which happens on no healthy machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRandomness;

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// The SHA-256 of a text.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&SHA256, bytes).as_ref());
    hash
}

/// Base64url without padding (RFC 4648, section 5).
pub(crate) fn url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a text in base64url holds; nothing if it is none, is padded, or has bits left over.
pub(crate) fn from_url(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    URL_SAFE_NO_PAD.decode(text).ok().map(Zeroizing::new)
}

/// Base64 with padding (RFC 4648, section 4).
pub(crate) fn standard(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What a text in base64 holds; nothing if it is none, isn't padded, or has bits left over.
pub(crate) fn from_standard(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// One digit of base32 for each byte, of its lower five bits.
pub(crate) fn digits(bytes: &[u8]) -> String {
    let digit = |byte: &u8| BASE32.get(usize::from(byte & 31)).copied().unwrap_or(b'a');
    bytes.iter().map(|byte| char::from(digit(byte))).collect()
}

/// Whether a text has digits of base32 only.
pub(crate) fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| BASE32.contains(&byte))
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The 32 bytes of 64 digits of lower-case hex.
pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    let text = text.as_bytes();
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(bytes)
}

/// The id of a key: eight digits that say which one it is and nothing of what is in it.
pub(crate) fn key_id(kind: &str, bytes: &[u8]) -> String {
    let mut text = Zeroizing::new(format!("farmgate {kind} id\0").into_bytes());
    text.extend_from_slice(bytes);
    digits(sha256(&text).get(..8).unwrap_or_default())
}
