//! One access key that a farm issued for SigV4: its id (`FGAK...`), and its secret, which is kept
//! sealed.
//!
//! Who verifies a signature needs the secret itself, and not a hash of it. So the store has it sealed
//! with the gate's keys (AES-256-GCM-SIV, RFC 8452), and with it is bound all that the store says of
//! the key: whoever has the store alone has no secret, and whoever changes a line of it, as to give
//! it another group, has a line that no gate opens.

use std::fmt;

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::encode::{NoRandomness, digits, from_url, random, url};
use crate::gate_keys::GateKeys;
use crate::principal::Principal;
use crate::store::{KeyFault, Named};
use crate::weak;

/// What every id begins with.
const ID_PREFIX: &str = "FGAK";

/// Digits of an id behind that.
const ID_DIGITS: usize = 16;

/// What every secret begins with, by which scanners for leaked secrets know it.
pub(crate) const SECRET_PREFIX: &str = "fgsk_";

/// Characters of a secret behind that: 256 bits in base64url.
const SECRET_LENGTH: usize = 43;

/// What is sealed is bound to this, so that nothing that is sealed elsewhere is taken for it.
const DOMAIN: &[u8] = b"farmgate access key v1\0";

/// What every sealed secret begins with: the version of its form.
const SEALED_PREFIX: &str = "k1.";

/// An access key as a store has it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id: `FGAK` and 16 digits of base32, no secret.
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
    /// The secret, sealed: `k1.KEY.SEALED`.
    pub(crate) sealed: String,
}

/// A new access key, as its owner gets it for the only time.
pub struct AccessKeyPair {
    /// What clients of AWS call the access key id. It is no secret.
    pub id: String,
    /// What they call the secret access key: `fgsk_` and 256 random bits.
    pub secret: SecretString,
}

// === impl AccessKey ===

impl AccessKey {
    /// Whether it is still taken at a time, in seconds since 1970.
    #[must_use]
    pub fn holds(&self, now: i64) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    /// Who signs with it.
    #[must_use]
    pub fn principal(&self) -> Principal {
        Principal {
            subject: format!("key:{}", self.name),
            groups: self.group.iter().cloned().collect(),
            kind: "sigv4_issued_keys",
        }
    }

    /// The same key with its secret sealed by the gate's key in use; none if the library fails,
    /// which happens on no healthy machine.
    pub(crate) fn sealed_with(mut self, secret: &SecretString, gate: &GateKeys) -> Option<Self> {
        let (id, cipher) = gate.ciphers().next()?;
        let mut sealed = Zeroizing::new(secret.expose_secret().as_bytes().to_vec());
        let bound = Aad::from(self.bound_to(id));
        let nonce = cipher.seal_in_place_append_tag(bound, &mut *sealed).ok()?;
        let sealed = url(&[nonce.as_ref().as_slice(), &sealed].concat());
        self.sealed = format!("{SEALED_PREFIX}{id}.{sealed}");
        Some(self)
    }

    /// The secret, if this gate sealed it for this line, and it is fit to be one.
    pub(crate) fn opened(&self, gate: &GateKeys) -> Result<SecretString, KeyFault> {
        let (id, sealed) = parts(&self.sealed).ok_or(KeyFault::NotSealed)?;
        let mut ciphers = gate.ciphers();
        let (id, cipher) = ciphers.find(|(known, _)| *known == id).ok_or(KeyFault::OtherGate)?;
        let mut sealed = from_url(sealed).ok_or(KeyFault::NotSealed)?;
        let (nonce, sealed) = sealed.split_at_mut_checked(NONCE_LEN).ok_or(KeyFault::NotSealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KeyFault::NotSealed)?;
        let opened = cipher.open_in_place(nonce, Aad::from(self.bound_to(id)), sealed);
        let opened = opened.map_err(|_| KeyFault::Changed)?;
        let text = std::str::from_utf8(opened).map_err(|_| KeyFault::NotASecret)?;
        let random = text.strip_prefix(SECRET_PREFIX).filter(|text| text.len() == SECRET_LENGTH);
        let random = random.and_then(from_url).ok_or(KeyFault::NotASecret)?;
        weak::secret(&random).map_err(KeyFault::WeakSecret)?;
        Ok(SecretString::from(text))
    }

    /// The id of the gate's key with which it is sealed.
    pub(crate) fn sealing_key(&self) -> Option<&str> {
        parts(&self.sealed).map(|(id, _)| id)
    }

    /// What the sealed secret is bound to: the sealing key, and all that the line says. Every text
    /// has its length before it; no group is a group without letters, which nobody has.
    fn bound_to(&self, sealing_key: &str) -> Vec<u8> {
        let mut bytes = DOMAIN.to_vec();
        let group = self.group.as_deref().unwrap_or_default();
        for text in [sealing_key, &self.id, &self.name, group] {
            bytes.extend_from_slice(&text.len().to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.extend_from_slice(&self.created.to_be_bytes());
        if let Some(expires) = self.expires {
            bytes.extend_from_slice(&expires.to_be_bytes());
        }
        bytes
    }
}

impl Named for AccessKey {
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

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("group", &self.group)
            .field("created", &self.created)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AccessKeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKeyPair").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A new id and secret.
pub(crate) fn generate() -> Result<AccessKeyPair, NoRandomness> {
    let id = digits(random::<ID_DIGITS>()?.as_slice()).to_ascii_uppercase();
    let secret = Zeroizing::new(url(random::<32>()?.as_slice()));
    let mut text = String::with_capacity(SECRET_PREFIX.len() + SECRET_LENGTH);
    text.push_str(SECRET_PREFIX);
    text.push_str(&secret);
    Ok(AccessKeyPair { id: format!("{ID_PREFIX}{id}"), secret: SecretString::from(text) })
}

/// Whether a text is written as the id of an access key.
pub(crate) fn is_id(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte);
    let digits = text.strip_prefix(ID_PREFIX);
    digits.is_some_and(|digits| digits.len() == ID_DIGITS && digits.bytes().all(digit))
}

/// The sealing key's id, and what it sealed.
pub(crate) fn parts(sealed: &str) -> Option<(&str, &str)> {
    sealed.strip_prefix(SEALED_PREFIX)?.split_once('.')
}
