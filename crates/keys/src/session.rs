//! Session ids that the gate gives to clients: where the session is, sealed, so that any replica can
//! route it and only the principal that opened it can use it.
//!
//! A sealed id is `s1.KEY.SEALED`, in visible ASCII as MCP wants it. Sealed are, with AES-256-GCM-SIV
//! (RFC 8452), the server, the target and the target's own session id; bound to it is the principal,
//! as additional data. Whether the server is the one that is asked for now, the caller compares; when
//! a session is too old is the caller's to say, too.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use thiserror::Error;

use crate::encode::{from_url, url};

/// A sealed id over this many bytes is neither given nor looked at.
pub const MAX_SESSION_BYTES: usize = 4 << 10;

/// What is sealed is bound to this, so that nothing that is sealed elsewhere is taken for it.
const DOMAIN: &[u8] = b"farmgate session v1\0";

const PREFIX: &str = "s1.";

/// Where a session is.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The server's name.
    pub server: String,
    /// The task: `10.0.3.7:8443`.
    pub target: String,
    /// The task's own id of the session. Whoever has it can speak in the session, so `Debug` doesn't
    /// show it.
    pub upstream: String,
    /// When it was opened, in seconds since 1970.
    pub opened: i64,
}

/// Seals sessions with the gate's key in use, and opens what any of its keys sealed.
#[derive(Clone)]
pub struct Sealer {
    keys: Arc<[(String, Arc<RandomizedNonceKey>)]>,
}

/// Why a session can't be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unsealed {
    /// The server's own session id is longer than fits.
    #[error("the server's session id is too long")]
    TooLong,
    /// The library failed, which happens on no healthy machine.
    #[error("the session could not be sealed")]
    Broken,
}

// === impl Session ===

impl Session {
    /// Its parts, each with its length before it.
    fn to_bytes(&self) -> Result<Vec<u8>, Unsealed> {
        let mut bytes = self.opened.to_be_bytes().to_vec();
        for part in [&self.server, &self.target, &self.upstream] {
            let length = u16::try_from(part.len()).map_err(|_| Unsealed::TooLong)?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        Ok(bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (opened, mut rest) = bytes.split_first_chunk::<8>()?;
        let mut part = || {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (part, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            rest = after;
            String::from_utf8(part.to_vec()).ok()
        };
        let (server, target, upstream) = (part()?, part()?, part()?);
        let session = Self { server, target, upstream, opened: i64::from_be_bytes(*opened) };
        rest.is_empty().then_some(session)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("server", &self.server)
            .field("target", &self.target)
            .field("opened", &self.opened)
            .finish_non_exhaustive()
    }
}

// === impl Sealer ===

impl Sealer {
    /// Seals with the first of these keys.
    pub(crate) fn new(keys: Vec<(String, Arc<RandomizedNonceKey>)>) -> Self {
        Self { keys: keys.into() }
    }

    /// The id for the client: visible ASCII (0x21 to 0x7E), of at most [`MAX_SESSION_BYTES`]. Only
    /// `principal` (a [`crate::Principal::subject`]) can use it.
    ///
    /// # Errors
    /// If it would be too long.
    pub fn seal(&self, session: &Session, principal: &str) -> Result<String, Unsealed> {
        let (id, key) = self.keys.first().ok_or(Unsealed::Broken)?;
        let mut sealed = session.to_bytes()?;
        let nonce = key
            .seal_in_place_append_tag(Aad::from(bound_to(id, principal)), &mut sealed)
            .map_err(|_| Unsealed::Broken)?;
        let text = format!("{PREFIX}{id}.{}", url(&[nonce.as_ref().as_slice(), &sealed].concat()));
        if text.len() > MAX_SESSION_BYTES { Err(Unsealed::TooLong) } else { Ok(text) }
    }

    /// The session of an id that a client sent; none if a gate of this farm never sealed it, if it
    /// was for another principal, or if its key was retired.
    #[must_use]
    pub fn open(&self, text: &str, principal: &str) -> Option<Session> {
        if text.len() > MAX_SESSION_BYTES {
            return None;
        }
        let (id, sealed) = text.strip_prefix(PREFIX)?.split_once('.')?;
        let (id, key) = self.keys.iter().find(|(known, _)| known == id)?;
        let mut sealed = from_url(sealed)?;
        let (nonce, sealed) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = key.open_in_place(nonce, Aad::from(bound_to(id, principal)), sealed).ok()?;
        Session::from_bytes(opened)
    }
}

/// What a session is bound to: the key's id has eight digits, so the principal begins where it ends.
fn bound_to(id: &str, principal: &str) -> Vec<u8> {
    [DOMAIN, id.as_bytes(), principal.as_bytes()].concat()
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|(id, _)| id.as_str()).collect();
        f.debug_tuple("Sealer").field(&ids).finish()
    }
}

#[cfg(test)]
mod tests;
