//! One API key: how it is written (`fg_ID_SECRET`), and what is kept of it, which is its hash.
//!
//! The id has 12 digits of base32 and finds the key; the secret has 256 random bits in base64url, so
//! one round of SHA-256 keeps it as well as any slow hash would.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::encode::{NoRandomness, digits, from_url, is_digits, random, sha256, url};
use crate::principal::Principal;
use crate::store::Named;
use crate::weak::{self, Weakness};

/// What every key begins with, by which scanners for leaked secrets know it.
const PREFIX: &str = "fg_";

/// Digits of an id.
const ID_LENGTH: usize = 12;

/// Characters of a secret.
const SECRET_LENGTH: usize = 43;

/// The key that stands in our documentation. No store takes it.
pub const EXAMPLE_KEY: &str = "fg_examplekey23_ZXhhbXBsZS1rZXktb2YtdGhlLWRvY3VtZW50YXRpb24";

/// A key as a store has it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id: 12 digits of base32, no secret.
    pub id: String,
    /// Whose it is: with `key:` before it, the subject of its principal. Several keys may have one
    /// name, as during a rotation; then they have one group.
    pub name: String,
    /// The group to which it is bound.
    pub group: Option<String>,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// From when on it is no longer taken, in seconds since 1970; never if absent.
    pub expires: Option<i64>,
    /// The SHA-256 of the whole key.
    pub(crate) hash: [u8; 32],
}

/// Why a text is no API key that can be taken. It never says what the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAKey {
    /// It isn't written as one.
    #[error("this is not a key of the form `fg_ID_SECRET` that `farmgate key add` makes")]
    Form,
    /// Its secret isn't one.
    #[error("the key is refused: {0}")]
    Weak(Weakness),
}

// === impl ApiKey ===

impl ApiKey {
    /// Whether it is still taken at a time, in seconds since 1970.
    #[must_use]
    pub fn holds(&self, now: i64) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    /// Who presents it.
    #[must_use]
    pub fn principal(&self) -> Principal {
        Principal {
            subject: format!("key:{}", self.name),
            groups: self.group.iter().cloned().collect(),
            kind: "api_key",
        }
    }
}

impl Named for ApiKey {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("group", &self.group)
            .field("created", &self.created)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// A new key, and its id.
pub(crate) fn generate() -> Result<(String, SecretString), NoRandomness> {
    let id = digits(random::<ID_LENGTH>()?.as_slice());
    let secret = Zeroizing::new(url(random::<32>()?.as_slice()));
    let mut text = String::with_capacity(PREFIX.len() + ID_LENGTH + 1 + SECRET_LENGTH);
    for part in [PREFIX, &id, "_", &secret] {
        text.push_str(part);
    }
    Ok((id, SecretString::from(text)))
}

/// The id of a text that is written as a key.
pub(crate) fn id_of(presented: &str) -> Option<&str> {
    let (id, secret) = presented.strip_prefix(PREFIX)?.split_at_checked(ID_LENGTH)?;
    let secret = secret.strip_prefix('_')?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let good = is_id(id) && secret.len() == SECRET_LENGTH && secret.bytes().all(fits);
    good.then_some(id)
}

/// Whether a text is an id.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && is_digits(text)
}

/// The id and the hash of a key that somebody else made, if it is fit to be one.
pub(crate) fn judge(key: &SecretString) -> Result<(String, [u8; 32]), NotAKey> {
    let text = key.expose_secret();
    let id = id_of(text).ok_or(NotAKey::Form)?;
    let secret = text.get(PREFIX.len() + ID_LENGTH + 1..).and_then(from_url);
    let secret = secret.ok_or(NotAKey::Form)?;
    let hash = sha256(text.as_bytes());
    if weak::guessed_hash(&hash) {
        return Err(NotAKey::Weak(Weakness::Published));
    }
    weak::secret(&secret).map_err(NotAKey::Weak)?;
    Ok((id.to_owned(), hash))
}

/// Compares hashes in a time that doesn't depend on where they differ.
pub(crate) fn equal(a: &[u8; 32], b: &[u8; 32]) -> bool {
    verify_slices_are_equal(a, b).is_ok()
}
