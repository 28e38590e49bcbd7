//! The query of a request: its parameters as they were sent, and those that are a presigned URL's.
//!
//! A parameter is known by its decoded name, and in whatever case: nobody hides one as
//! `x%2Damz-signature` from whoever strips it.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::MAX_PARAMETERS;
use crate::fault::Fault;

pub(crate) const ALGORITHM: &str = "X-Amz-Algorithm";
pub(crate) const CREDENTIAL: &str = "X-Amz-Credential";
pub(crate) const DATE: &str = "X-Amz-Date";
pub(crate) const EXPIRES: &str = "X-Amz-Expires";
pub(crate) const SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";
pub(crate) const SIGNATURE: &str = "X-Amz-Signature";
pub(crate) const TOKEN: &str = "X-Amz-Security-Token";
pub(crate) const CONTENT_SHA256: &str = "X-Amz-Content-Sha256";

/// What a presigned URL says of its signature.
const PRESIGNED: [&str; 8] =
    [ALGORITHM, CREDENTIAL, DATE, EXPIRES, SIGNED_HEADERS, SIGNATURE, TOKEN, CONTENT_SHA256];

/// The parameters of a query in their order, decoded.
#[derive(Default)]
pub(crate) struct Parameters<'a>(Vec<Parameter<'a>>);

/// A name and a value, which needn't be text.
type Parameter<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

// === impl Parameters ===

impl<'a> Parameters<'a> {
    /// Reads a query. What stands between two `&` without a byte is no parameter, as in AWS's own
    /// reading of it.
    pub(crate) fn of(query: Option<&'a str>) -> Result<Self, Fault> {
        let pieces = query.unwrap_or_default().split('&').filter(|piece| !piece.is_empty());
        let mut parameters = Vec::new();
        for piece in pieces {
            if parameters.len() == MAX_PARAMETERS {
                return Err(Fault::TooLarge);
            }
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            parameters.push((decoded(name), decoded(value)));
        }
        Ok(Self(parameters))
    }

    /// All of them: names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The value of a parameter of a presigned URL, if it is there.
    ///
    /// # Errors
    /// If it is there more than once, in another case, or isn't text.
    pub(crate) fn once(&self, name: &str) -> Result<Option<Cow<'_, str>>, Fault> {
        let mut found =
            self.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some((known, value)), None) if known == name.as_bytes() => {
                std::str::from_utf8(value).map(|text| Some(text.into())).map_err(|_| Fault::Query)
            }
            _ => Err(Fault::Query),
        }
    }
}

/// A name or a value without its encoding. A plus is a space, as AWS's own signers read it, and a
/// percent sign that encodes nothing is itself.
fn decoded(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('+') {
        return percent_decode(text.as_bytes()).into();
    }
    let spaced: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    Cow::Owned(percent_decode(&spaced).collect())
}

/// Whether a query is a presigned URL's. A token, a date or a payload alone don't make one of it:
/// they may be a server's own.
pub(crate) fn is_presigned(query: &str) -> bool {
    const MARKS: [&str; 3] = [ALGORITHM, CREDENTIAL, SIGNATURE];
    query.split('&').any(|piece| is_one_of(piece, &MARKS))
}

/// Whether a piece of a query has one of these names.
fn is_one_of(piece: &str, names: &[&str]) -> bool {
    let name = decoded(piece.split_once('=').map_or(piece, |(name, _)| name));
    names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(&name))
}

/// A query without what a presigned URL says of its signature, which is a credential and of no use
/// to a server; nothing if nothing is left. The rest stays byte for byte.
#[must_use]
pub fn strip_presigned(query: &str) -> Option<String> {
    let pieces = query.split('&').filter(|piece| !is_one_of(piece, &PRESIGNED));
    let kept: Vec<&str> = pieces.collect();
    let kept = kept.join("&");
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_presigned_url_says_is_stripped() {
        for (query, left) in [
            ("a=1", Some("a=1")),
            ("a=%31&&b", Some("a=%31&&b")),
            ("", None),
            ("X-Amz-Signature=0", None),
            ("a=1&X-Amz-Signature=0&b=2", Some("a=1&b=2")),
            (
                "X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Date=c&X-Amz-Expires=d&X-Amz-SignedHeaders=e&X-Amz-Security-Token=f&X-Amz-Content-Sha256=g&q",
                Some("q"),
            ),
            ("x-amz-signature=0&X%2DAmz-Signatur%65=0&X-Amz-Signature&a", Some("a")),
            ("my-X-Amz-Signature=1", Some("my-X-Amz-Signature=1")),
        ] {
            assert_eq!(strip_presigned(query).as_deref(), left, "{query}");
        }
    }
}
