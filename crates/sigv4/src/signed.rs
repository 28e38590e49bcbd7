//! What a request says of its signature, in `Authorization` or in the query of a presigned URL.
//!
//! Here it is only read; whether it may be so is judged in `check`, and whether it is right in
//! [`crate::Checked::verify`].

mod authorization;
mod presigned;

use http::HeaderMap;
use http::request::Parts;

use crate::canonical::SignedHeaders;
use crate::check::SKEW;
use crate::fault::Fault;
use crate::payload::Payload;
use crate::query;
use crate::scope::Scope;
use crate::time::Time;
use crate::{MAX_HEADERS, MAX_TARGET};

/// The longest life of a presigned URL, in seconds: seven days.
pub const MAX_PRESIGNED: i64 = 604_800;

/// What a request says of its signature. It holds no secret, but the signature is what a replay
/// needs; so `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    pub(crate) scope: Scope,
    pub(crate) time: Time,
    pub(crate) headers: SignedHeaders,
    pub(crate) signature: [u8; 32],
    pub(crate) payload: Payload,
    /// Of a presigned URL: for how many seconds it holds.
    pub(crate) life: Option<i64>,
}

/// What the two forms have in common, before it is read.
struct Said<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

// === impl Signed ===

impl Signed {
    /// Reads what a request says of its signature; nothing if it says nothing of SigV4, which is
    /// for other ways to prove who calls.
    ///
    /// # Errors
    /// If it is signed twice, in another algorithm, or isn't written as AWS writes it; or if there
    /// is more of it than is looked at.
    pub fn of(head: &Parts) -> Result<Option<Self>, Fault> {
        let values = || head.headers.get_all(http::header::AUTHORIZATION).iter();
        let in_header = values().any(|value| authorization::is_ours(value.as_bytes()));
        let in_query = head.uri.query().is_some_and(query::is_presigned);
        if !in_header && !in_query {
            return Ok(None);
        }
        let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
        if head.headers.len() > MAX_HEADERS || target > MAX_TARGET {
            return Err(Fault::TooLarge);
        }
        let mut values = values();
        match (in_query, values.next(), values.next()) {
            (true, ..) if in_header => Err(Fault::Twice),
            (true, ..) => presigned::read(head).map(Some),
            (false, Some(value), None) => authorization::read(head, value).map(Some),
            (false, ..) => Err(Fault::Twice),
        }
    }

    fn read(
        said: &Said<'_>,
        time: Time,
        payload: Payload,
        life: Option<i64>,
    ) -> Result<Self, Fault> {
        Ok(Self {
            scope: Scope::read(said.credential)?,
            time,
            headers: SignedHeaders::read(said.signed_headers)?,
            signature: crate::payload::from_hex(said.signature).ok_or(Fault::SignatureText)?,
            payload,
            life,
        })
    }

    /// The id of the key, which is no secret.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.scope.key_id
    }

    /// The signature: what a replay has in common with the request that it repeats.
    #[must_use]
    pub fn signature(&self) -> &[u8; 32] {
        &self.signature
    }

    /// When it was signed, in seconds since 1970.
    #[must_use]
    pub fn time(&self) -> i64 {
        self.time.seconds
    }

    /// The last second, since 1970, in which it can be presented.
    #[must_use]
    pub fn expires(&self) -> i64 {
        self.time.seconds.saturating_add(self.life.unwrap_or(SKEW))
    }

    /// The day for which the signing key is derived: `YYYYMMDD`.
    #[must_use]
    pub fn date(&self) -> &str {
        &self.scope.date
    }

    /// The region for which it is signed.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.scope.region
    }

    /// The service for which it is signed.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.scope.service
    }

    /// Whether it is a presigned URL.
    #[must_use]
    pub fn is_presigned(&self) -> bool {
        self.life.is_some()
    }
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed")
            .field("key_id", &self.scope.key_id)
            .field("scope", &self.scope.text())
            .field("time", &self.time.text())
            .field("headers", &self.headers)
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

/// The value of a header that may be there once; nothing if it isn't.
fn once<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Fault> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Fault::Time),
        _ => Err(Fault::Time),
    }
}
