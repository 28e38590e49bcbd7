//! The header form: `Authorization: AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`.

use http::HeaderValue;
use http::request::Parts;

use super::{Said, Signed, once};
use crate::ALGORITHM;
use crate::fault::Fault;
use crate::payload::Payload;
use crate::time::Time;

/// The longest value: sixty-four names of headers fit well.
const LONGEST: usize = 4 << 10;

/// What may stand around the parts.
const BLANK: [char; 2] = [' ', '\t'];

/// Whether a value is of a scheme of AWS's: of any version, and as schemes are, in any case.
pub(super) fn is_ours(value: &[u8]) -> bool {
    let scheme = value.trim_ascii_start().get(..4);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"AWS4"))
}

pub(super) fn read(head: &Parts, value: &HeaderValue) -> Result<Signed, Fault> {
    if value.len() > LONGEST {
        return Err(Fault::TooLarge);
    }
    let text = value.to_str().map_err(|_| Fault::Authorization)?;
    let said = parts(text.trim_matches(BLANK))?;
    // AWS takes a request without `X-Amz-Date` if it has `Date`; of both, the former counts.
    let time = match once(&head.headers, "x-amz-date")? {
        Some(text) => Time::read(text.trim_matches(' '))?,
        None => match once(&head.headers, "date")? {
            Some(text) => Time::read_date(text.trim_matches(' '))?,
            None => return Err(Fault::Time),
        },
    };
    Signed::read(&said, time, Payload::of(head, None)?, None)
}

/// The three parts, in any order, with commas between them and spaces around them.
fn parts(text: &str) -> Result<Said<'_>, Fault> {
    let (scheme, rest) = text.split_once(BLANK).ok_or(Fault::Authorization)?;
    if scheme != ALGORITHM {
        return Err(Fault::Algorithm);
    }
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for part in rest.split(',') {
        let (name, value) = part.trim_matches(BLANK).split_once('=').ok_or(Fault::Authorization)?;
        let slot = match name {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed_headers,
            "Signature" => &mut signature,
            _ => return Err(Fault::Authorization),
        };
        if slot.replace(value).is_some() {
            return Err(Fault::Authorization);
        }
    }
    match (credential, signed_headers, signature) {
        (Some(credential), Some(signed_headers), Some(signature)) => {
            Ok(Said { credential, signed_headers, signature })
        }
        _ => Err(Fault::Authorization),
    }
}
