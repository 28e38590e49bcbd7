//! The query form: a presigned URL, with what the header form has and a life in `X-Amz-` parameters.

use http::request::Parts;

use super::{MAX_PRESIGNED, Said, Signed};
use crate::fault::Fault;
use crate::payload::Payload;
use crate::query::{self, Parameters};
use crate::time::Time;

pub(super) fn read(head: &Parts) -> Result<Signed, Fault> {
    let parameters = Parameters::of(head.uri.query())?;
    let needed = |name| parameters.once(name)?.ok_or(Fault::Query);
    if needed(query::ALGORITHM)? != crate::ALGORITHM {
        return Err(Fault::Algorithm);
    }
    // It is signed with the rest of the query; here it must only not be there twice.
    parameters.once(query::TOKEN)?;
    let time = Time::read(&needed(query::DATE)?)?;
    let life = life(&needed(query::EXPIRES)?)?;
    let (credential, signed_headers, signature) =
        (needed(query::CREDENTIAL)?, needed(query::SIGNED_HEADERS)?, needed(query::SIGNATURE)?);
    let said =
        Said { credential: &credential, signed_headers: &signed_headers, signature: &signature };
    Signed::read(
        &said,
        time,
        Payload::of(head, parameters.once(query::CONTENT_SHA256)?.as_deref())?,
        Some(life),
    )
}

/// Seconds: digits alone, and not a sign or a space.
fn life(text: &str) -> Result<i64, Fault> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let life = text.parse().ok().filter(|life| digits && (1..=MAX_PRESIGNED).contains(life));
    life.ok_or(Fault::Life)
}
