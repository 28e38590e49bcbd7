//! The gate's own keys: what it signs principals with, and what it seals sessions with.
//!
//! They are one line of JSON, the value of `FARMGATE_KEYS`. Of each kind there are at least two: the
//! first is in use, the second is the one that will be after the next rotation, and the others were.
//! So a rotation may reach replicas and bridges in any order: whoever has the version before or
//! after knows the key that is in use.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, RandomizedNonceKey};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::encode::{NoRandomness, from_url, key_id, random, standard, url};
use crate::json::{self, JsonFault};
use crate::principal::Signer;
use crate::session::Sealer;
use crate::weak::{self, Weakness};

/// The version of the format.
const VERSION: u32 = 1;

/// Of a kind, no more keys are kept than this; rotation drops the oldest.
pub const MAX_KEYS: usize = 8;

/// The one in use, and the next.
const MIN_KEYS: usize = 2;

/// A text over this many bytes is no set of keys.
const MAX_BYTES: usize = 16 << 10;

/// What only the gate has: Ed25519 pairs (RFC 8032) for the principal header and keys of AES-256-GCM-SIV
/// (RFC 8452) for sessions and for the secrets of access keys.
///
/// GCM-SIV rather than GCM: all replicas seal with one key and agree on no counter, so nonces are
/// random, and with GCM a nonce that comes twice gives the key of its authentication away.
#[derive(Clone)]
pub struct GateKeys {
    signing: Vec<SigningKey>,
    sealing: Vec<SealingKey>,
}

#[derive(Clone)]
struct SigningKey {
    id: String,
    seed: Zeroizing<[u8; 32]>,
    public: [u8; 32],
    pair: Arc<Ed25519KeyPair>,
}

#[derive(Clone)]
struct SealingKey {
    id: String,
    bytes: Zeroizing<[u8; 32]>,
    cipher: Arc<RandomizedNonceKey>,
}

/// Why a text is refused as the gate's keys. It never says what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeysError {
    /// There is nothing.
    #[error("the gate's keys are empty; `farmgate key init` makes them")]
    Empty,
    /// It is longer than any set of keys.
    #[error("the gate's keys are longer than {MAX_BYTES} bytes; `farmgate key init` makes them")]
    TooLong,
    /// It isn't JSON of the shape.
    #[error("the gate's keys can't be read: {0}; `farmgate key init` makes them")]
    Malformed(JsonFault),
    /// Its version isn't known.
    #[error("version {0} of the gate's keys is not known to this farmgate")]
    Version(u32),
    /// Too few or too many keys of a kind.
    #[error(
        "under `{kind}` there are {count} keys; {MIN_KEYS} to {MAX_KEYS} are needed: the one in use, the next, and older ones"
    )]
    Count {
        /// `sign` or `seal`.
        kind: &'static str,
        /// How many there are.
        count: usize,
    },
    /// A key isn't written as one.
    #[error("key {number} under `{kind}` is not 32 bytes in base64url")]
    NotAKey {
        /// `sign`, `seal` or `public`.
        kind: &'static str,
        /// Which one, from 1.
        number: usize,
    },
    /// A key is no secret.
    #[error(
        "key {number} under `{kind}` is refused: {why}; make new keys with `farmgate key init`"
    )]
    Weak {
        /// `sign`, `seal` or `public`.
        kind: &'static str,
        /// Which one, from 1.
        number: usize,
        /// Why.
        why: Weakness,
    },
    /// A key has another one's id: the text was changed or cut.
    #[error(
        "key {number} under `{kind}` doesn't belong to its id: the text was changed by hand, or damaged"
    )]
    WrongId {
        /// `sign` or `seal`.
        kind: &'static str,
        /// Which one, from 1.
        number: usize,
    },
    /// A key is there more than once.
    #[error("key {number} under `{kind}` is there twice; each needs to be a key of its own")]
    Twice {
        /// `sign`, `seal` or `public`.
        kind: &'static str,
        /// Which one, from 1.
        number: usize,
    },
    /// A public key isn't written as one.
    #[error("public key {number} is not 32 bytes in base64; `farmgate key init` prints it")]
    NotPublic {
        /// Which one, from 1.
        number: usize,
    },
    /// There is no public key, or there are very many.
    #[error("{0} public keys; 1 to {MAX_KEYS} are needed, with commas between them")]
    PublicCount(usize),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Randomness,
}

/// The keys as they are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    sign: Vec<WrittenKey>,
    seal: Vec<WrittenKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    id: String,
    key: String,
}

// === impl WrittenKey ===

impl Drop for WrittenKey {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl WrittenKey {
    fn of(id: &str, bytes: &[u8]) -> Self {
        Self { id: id.to_owned(), key: url(bytes) }
    }

    /// The 32 bytes, if they are fit to be a key.
    fn bytes(&self, kind: &'static str, number: usize) -> Result<Zeroizing<[u8; 32]>, KeysError> {
        let bytes = from_url(&self.key).ok_or(KeysError::NotAKey { kind, number })?;
        weak::secret(&bytes).map_err(|why| KeysError::Weak { kind, number, why })?;
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&bytes);
        Ok(key)
    }
}

// === impl SigningKey ===

impl SigningKey {
    fn of(seed: Zeroizing<[u8; 32]>) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).ok()?;
        let public: [u8; 32] = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { id: public_id(&public), seed, public, pair: Arc::new(pair) })
    }

    fn new() -> Result<Self, KeysError> {
        Self::of(random::<32>()?).ok_or(KeysError::Randomness)
    }
}

/// The id of a pair, by its public key.
pub(crate) fn public_id(public: &[u8]) -> String {
    key_id("signing key", public)
}

// === impl SealingKey ===

impl SealingKey {
    fn of(bytes: Zeroizing<[u8; 32]>) -> Option<Self> {
        let cipher = RandomizedNonceKey::new(&AES_256_GCM_SIV, bytes.as_slice()).ok()?;
        let id = key_id("sealing key", bytes.as_slice());
        Some(Self { id, bytes, cipher: Arc::new(cipher) })
    }

    fn new() -> Result<Self, KeysError> {
        Self::of(random::<32>()?).ok_or(KeysError::Randomness)
    }
}

// === impl GateKeys ===

impl GateKeys {
    /// New keys.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn generate() -> Result<Self, KeysError> {
        Ok(Self {
            signing: vec![SigningKey::new()?, SigningKey::new()?],
            sealing: vec![SealingKey::new()?, SealingKey::new()?],
        })
    }

    /// Reads keys as [`GateKeys::text`] writes them.
    ///
    /// # Errors
    /// If it isn't such a text, or a key is weak, known, or there twice.
    pub fn parse(text: &SecretString) -> Result<Self, KeysError> {
        let text = text.expose_secret().trim();
        if text.is_empty() {
            return Err(KeysError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(KeysError::TooLong);
        }
        let written: Written = json::read(text).map_err(KeysError::Malformed)?;
        if written.version != VERSION {
            return Err(KeysError::Version(written.version));
        }
        let mut seen = BTreeSet::new();
        let signing = read_all("sign", &written.sign, &mut seen, SigningKey::of, |key| &key.id)?;
        let sealing = read_all("seal", &written.seal, &mut seen, SealingKey::of, |key| &key.id)?;
        Ok(Self { signing, sealing })
    }

    /// One line of JSON: the value of `FARMGATE_KEYS`.
    #[must_use]
    pub fn text(&self) -> SecretString {
        let sign = self.signing.iter().map(|key| WrittenKey::of(&key.id, key.seed.as_slice()));
        let seal = self.sealing.iter().map(|key| WrittenKey::of(&key.id, key.bytes.as_slice()));
        let written = Written { version: VERSION, sign: sign.collect(), seal: seal.collect() };
        // Texts and a number can always be written.
        SecretString::from(serde_json::to_string(&written).unwrap_or_default())
    }

    /// The same keys one step on: the next ones are in use, new ones are next, and those that were
    /// in use still verify and open. The oldest go when there are more than [`MAX_KEYS`].
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn rotate(&self) -> Result<Self, KeysError> {
        fn step<T: Clone>(keys: &[T], new: T) -> Vec<T> {
            let mut keys = keys.to_vec();
            // INVARIANT: there are at least two; the second one takes the first one's place.
            keys.swap(0, 1);
            keys.insert(1, new);
            keys.truncate(MAX_KEYS);
            keys
        }
        Ok(Self {
            signing: step(&self.signing, SigningKey::new()?),
            sealing: step(&self.sealing, SealingKey::new()?),
        })
    }

    /// The keys in use and the next ones, without those that were: what these signed and sealed is
    /// no longer taken.
    #[must_use]
    pub fn retire(&self) -> Self {
        Self {
            signing: self.signing.iter().take(MIN_KEYS).cloned().collect(),
            sealing: self.sealing.iter().take(MIN_KEYS).cloned().collect(),
        }
    }

    /// The public keys in base64, with commas between them: the value of `FARMGATE_PUBLIC_KEY` and
    /// of `gate.public_key`. It is no secret.
    #[must_use]
    pub fn public(&self) -> String {
        let keys: Vec<String> = self.signing.iter().map(|key| standard(&key.public)).collect();
        keys.join(",")
    }

    /// The ids of the signing keys and those of the sealing keys, the ones in use first.
    #[must_use]
    pub fn ids(&self) -> (Vec<&str>, Vec<&str>) {
        (
            self.signing.iter().map(|key| key.id.as_str()).collect(),
            self.sealing.iter().map(|key| key.id.as_str()).collect(),
        )
    }

    /// What signs principals, with the key in use.
    #[must_use]
    pub fn signer(&self) -> Signer {
        let keys = self.signing.iter().map(|key| (key.id.clone(), Arc::clone(&key.pair)));
        Signer::new(keys)
    }

    /// The keys that seal, each with its id; the first is in use.
    pub(crate) fn ciphers(&self) -> impl Iterator<Item = (&str, &RandomizedNonceKey)> {
        self.sealing.iter().map(|key| (key.id.as_str(), &*key.cipher))
    }

    /// What seals sessions with the key in use, and opens those of all.
    #[must_use]
    pub fn sealer(&self) -> Sealer {
        let keys = self.sealing.iter().map(|key| (key.id.clone(), Arc::clone(&key.cipher)));
        Sealer::new(keys.collect())
    }
}

/// Reads the keys of a kind.
fn read_all<T>(
    kind: &'static str,
    written: &[WrittenKey],
    seen: &mut BTreeSet<[u8; 32]>,
    make: impl Fn(Zeroizing<[u8; 32]>) -> Option<T>,
    id: impl Fn(&T) -> &String,
) -> Result<Vec<T>, KeysError> {
    let count = written.len();
    if !(MIN_KEYS..=MAX_KEYS).contains(&count) {
        return Err(KeysError::Count { kind, count });
    }
    let mut keys = Vec::new();
    for (number, written) in (1..).zip(written) {
        let bytes = written.bytes(kind, number)?;
        if !seen.insert(crate::encode::sha256(bytes.as_slice())) {
            return Err(KeysError::Twice { kind, number });
        }
        let key = make(bytes).ok_or(KeysError::NotAKey { kind, number })?;
        if *id(&key) != written.id {
            return Err(KeysError::WrongId { kind, number });
        }
        keys.push(key);
    }
    Ok(keys)
}

impl fmt::Debug for GateKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, seal) = self.ids();
        f.debug_struct("GateKeys").field("sign", &sign).field("seal", &seal).finish()
    }
}

impl From<NoRandomness> for KeysError {
    fn from(_: NoRandomness) -> Self {
        Self::Randomness
    }
}

#[cfg(test)]
mod tests;
