//! Who calls, and the header in which the gate says so to a server or its bridge.
//!
//! The header is `v1.PAYLOAD.SIGNATURE`: JSON and an Ed25519 signature (RFC 8032), both in
//! base64url. It is no JWT on purpose: there is one algorithm, and no header that chooses it. What a
//! principal may do is not said here.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, ParsedPublicKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::encode::{from_standard, from_url, url};
use crate::gate_keys::{KeysError, MAX_KEYS, public_id};
use crate::{json, weak};

/// The header with the signed principal. Incoming requests can't bring it: the gate takes it out.
pub const PRINCIPAL_HEADER: &str = "farmgate-principal";

/// Seconds for which a signature holds at most.
pub const MAX_LIFE: u32 = 60;

/// Seconds by which the clocks of gate and bridge may differ.
pub const SKEW: i64 = 5;

/// A header over this many bytes is neither written nor read.
pub const MAX_HEADER_BYTES: usize = 8 << 10;

/// The ways in which a principal proves who it is; `gate` is the gate itself, as it probes.
pub const KINDS: [&str; 6] =
    ["api_key", "sigv4_issued_keys", "sts_proof", "apigw_iam", "oauth", "gate"];

/// What is signed begins with this, so that no signature over anything else is taken for one.
const DOMAIN: &[u8] = b"farmgate principal v1\0";

const PREFIX: &str = "v1.";

/// An Ed25519 signature in base64url: 64 bytes.
const SIGNATURE_LENGTH: usize = 86;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    /// Its stable name: `key:alice`, an ARN, `subject:...`. Sessions are bound to it.
    pub subject: String,
    /// Its groups, by their names alone: `researchers`.
    pub groups: Vec<String>,
    /// How it proved who it is: one of [`KINDS`].
    pub kind: &'static str,
}

/// Signs principals with the gate's key in use.
#[derive(Clone)]
pub struct Signer {
    key: Option<(String, Arc<Ed25519KeyPair>)>,
}

/// Verifies what a gate signed. It holds no secret.
#[derive(Clone)]
pub struct Verifier {
    keys: Arc<[(String, ParsedPublicKey)]>,
}

/// Why a principal can't be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unsigned {
    /// With its groups it is longer than a header may be.
    #[error("the principal and its groups don't fit into {MAX_HEADER_BYTES} bytes")]
    TooLong,
    /// It proved itself in a way that verifiers don't know.
    #[error("`{0}` is no way to prove who calls")]
    Kind(&'static str),
    /// The library failed, which happens on no healthy machine.
    #[error("the principal could not be signed")]
    Broken,
}

/// Why a header is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// It is longer than any that a gate writes.
    #[error("the principal header is too long")]
    TooLong,
    /// It isn't of the format.
    #[error("the principal header is malformed")]
    Malformed,
    /// It names a key that isn't this farm's gate's.
    #[error("the principal header is signed with a key that is not known here")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the principal header's signature is wrong")]
    Signature,
    /// It is over.
    #[error("the principal header has expired")]
    Expired,
    /// It begins later: a clock is wrong.
    #[error("the principal header is from the future")]
    Future,
    /// It would hold for longer than a gate lets one.
    #[error("the principal header would hold for too long")]
    TooLongLived,
    /// It is for another server.
    #[error("the principal header is for another server")]
    Server,
}

/// What is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims<'a> {
    /// The id of the key.
    #[serde(borrow)]
    kid: Cow<'a, str>,
    /// The subject.
    sub: Cow<'a, str>,
    /// How it proved who it is.
    kind: Cow<'a, str>,
    groups: Vec<String>,
    /// The server.
    aud: Cow<'a, str>,
    /// From when on, in seconds since 1970.
    iat: i64,
    /// Until when, in seconds since 1970.
    exp: i64,
}

// === impl Principal ===

impl Principal {
    /// The names by which rules speak of it: its subject, and `group:NAME` for each group.
    pub fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let groups = self.groups.iter().map(|group| Cow::Owned(format!("group:{group}")));
        std::iter::once(Cow::Borrowed(self.subject.as_str())).chain(groups)
    }
}

// === impl Signer ===

impl Signer {
    /// Signs with the first of these keys.
    pub(crate) fn new(mut keys: impl Iterator<Item = (String, Arc<Ed25519KeyPair>)>) -> Self {
        Self { key: keys.next() }
    }

    /// The value of [`PRINCIPAL_HEADER`]: visible ASCII, of at most [`MAX_HEADER_BYTES`]. It holds
    /// for `server` alone, from `now` (seconds since 1970) and for `life` seconds, [`MAX_LIFE`] at
    /// most.
    ///
    /// # Errors
    /// If it would be too long, or no verifier would know its kind.
    pub fn sign(
        &self,
        principal: &Principal,
        server: &str,
        now: i64,
        life: u32,
    ) -> Result<String, Unsigned> {
        if !KINDS.contains(&principal.kind) {
            return Err(Unsigned::Kind(principal.kind));
        }
        let (id, pair) = self.key.as_ref().ok_or(Unsigned::Broken)?;
        let claims = Claims {
            kid: Cow::Borrowed(id),
            sub: Cow::Borrowed(&principal.subject),
            kind: Cow::Borrowed(principal.kind),
            groups: principal.groups.clone(),
            aud: Cow::Borrowed(server),
            iat: now,
            exp: now.saturating_add(i64::from(life.clamp(1, MAX_LIFE))),
        };
        let payload = url(&serde_json::to_vec(&claims).map_err(|_| Unsigned::Broken)?);
        if PREFIX.len() + payload.len() + 1 + SIGNATURE_LENGTH > MAX_HEADER_BYTES {
            return Err(Unsigned::TooLong);
        }
        let signature = pair.try_sign(&signed(&payload)).map_err(|_| Unsigned::Broken)?;
        Ok(format!("{PREFIX}{payload}.{}", url(signature.as_ref())))
    }
}

/// What a signature is over.
fn signed(payload: &str) -> Vec<u8> {
    [DOMAIN, payload.as_bytes()].concat()
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.key.as_ref().map(|(id, _)| id)).finish()
    }
}

// === impl Verifier ===

impl Verifier {
    /// Takes public keys in base64, with commas between them, as `farmgate key init` prints them.
    ///
    /// # Errors
    /// If there is none, or one isn't a key, is there twice, or is printed somewhere as an example.
    pub fn parse(public: &str) -> Result<Self, KeysError> {
        let texts: Vec<&str> = public.split(',').map(str::trim).collect();
        if public.trim().is_empty() {
            return Err(KeysError::PublicCount(0));
        }
        if texts.len() > MAX_KEYS {
            return Err(KeysError::PublicCount(texts.len()));
        }
        let mut keys: Vec<(String, ParsedPublicKey)> = Vec::new();
        for (number, text) in (1..).zip(texts) {
            let bytes = from_standard(text).filter(|bytes| bytes.len() == 32);
            let bytes = bytes.ok_or(KeysError::NotPublic { number })?;
            weak::random(&bytes).map_err(|why| KeysError::Weak { kind: "public", number, why })?;
            let key = ParsedPublicKey::new(&ED25519, &bytes)
                .map_err(|_| KeysError::NotPublic { number })?;
            let id = public_id(&bytes);
            if keys.iter().any(|(known, _)| *known == id) {
                return Err(KeysError::Twice { kind: "public", number });
            }
            keys.push((id, key));
        }
        Ok(Self { keys: keys.into() })
    }

    /// Who calls, by a value of [`PRINCIPAL_HEADER`], if it is signed by the gate, holds at `now`
    /// (seconds since 1970) and is for `server`; without one, for any.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify(
        &self,
        header: &str,
        server: Option<&str>,
        now: i64,
    ) -> Result<Principal, Refused> {
        if header.len() > MAX_HEADER_BYTES {
            return Err(Refused::TooLong);
        }
        let parts = header.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.'));
        let (payload, signature) = parts.ok_or(Refused::Malformed)?;
        let signature = from_url(signature).ok_or(Refused::Malformed)?;
        let bytes = from_url(payload).ok_or(Refused::Malformed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Refused::Malformed)?;
        let claims: Claims<'_> = json::read_borrowed(text).ok_or(Refused::Malformed)?;
        // Nothing that it claims is believed before the signature is verified; its key's id only
        // chooses which of ours is tried.
        let key = self.keys.iter().find(|(id, _)| *id == claims.kid).ok_or(Refused::UnknownKey)?;
        key.1.verify_sig(&signed(payload), &signature).map_err(|_| Refused::Signature)?;
        claims.judge(server, now)?;
        let kind = KINDS.iter().find(|kind| **kind == claims.kind).ok_or(Refused::Malformed)?;
        Ok(Principal { subject: claims.sub.into_owned(), groups: claims.groups, kind })
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|(id, _)| id.as_str()).collect();
        f.debug_tuple("Verifier").field(&ids).finish()
    }
}

// === impl Claims ===

impl Claims<'_> {
    /// Whether they hold here and now.
    fn judge(&self, server: Option<&str>, now: i64) -> Result<(), Refused> {
        let life = self.exp.saturating_sub(self.iat);
        if !(1..=i64::from(MAX_LIFE)).contains(&life) {
            return Err(Refused::TooLongLived);
        }
        if self.iat.saturating_sub(SKEW) > now {
            return Err(Refused::Future);
        }
        if self.exp.saturating_add(SKEW) <= now {
            return Err(Refused::Expired);
        }
        if server.is_some_and(|server| server != self.aud) {
            return Err(Refused::Server);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
