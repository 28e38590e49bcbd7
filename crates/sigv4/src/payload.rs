//! What is signed of the body: its hash, or that it isn't signed.
//!
//! Bodies that are signed in pieces (`STREAMING-...`) are an affair of S3's and aren't read.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use http::request::Parts;

use crate::fault::Fault;

/// The header, or in a presigned URL the parameter, that says it.
pub(crate) const CONTENT_SHA256: &str = "x-amz-content-sha256";

const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// What a request says of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload {
    /// Nothing: the real hash is signed.
    Unsaid,
    /// This is its hash.
    Hash([u8; 32]),
    /// It isn't signed.
    Unsigned,
}

// === impl Payload ===

impl Payload {
    /// What the header says, or the parameter of a presigned URL.
    pub(crate) fn of(head: &Parts, parameter: Option<&str>) -> Result<Self, Fault> {
        let headers = head.headers.get_all(CONTENT_SHA256).iter();
        let mut said = headers.map(|value| value.to_str().map_err(|_| Fault::Payload));
        match (said.next().transpose()?, said.next(), parameter) {
            (None, _, None) => Ok(Self::Unsaid),
            (Some(text), None, None) => Self::read(text.trim_matches(' ')),
            (None, _, Some(text)) => Self::read(text),
            _ => Err(Fault::Payload),
        }
    }

    fn read(text: &str) -> Result<Self, Fault> {
        match text {
            UNSIGNED => Ok(Self::Unsigned),
            _ if text.starts_with("STREAMING-") => Err(Fault::Streaming),
            _ => from_hex(text).map(Self::Hash).ok_or(Fault::Payload),
        }
    }

    /// The last line of the canonical request.
    pub(crate) fn line(self, body: &[u8]) -> Result<String, Fault> {
        let real = || sha256(body);
        match self {
            Self::Unsigned => Ok(UNSIGNED.to_owned()),
            Self::Unsaid => Ok(hex(&real())),
            Self::Hash(said) => match verify_slices_are_equal(&said, &real()) {
                Ok(()) => Ok(hex(&said)),
                Err(_) => Err(Fault::Payload),
            },
        }
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8; 32]) -> String {
    let digit = |four: u8| char::from(if four < 10 { b'0' + four } else { b'a' + four - 10 });
    let mut text = String::with_capacity(64);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// The 32 bytes of 64 digits of lower-case hex.
pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}
