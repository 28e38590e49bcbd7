//! Reads the text of a store, and refuses what would let somebody in who shouldn't be.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use zeroize::Zeroizing;

use super::naming::{Named, is_name};
use super::{MAX_STORE_KEYS, VERSION, group_words};
use crate::api_key::{ApiKey, is_id};
use crate::encode::from_hex;
use crate::json::{self, JsonFault};
use crate::weak::{self, Weakness};

/// A text over this many bytes is no store.
const MAX_BYTES: usize = 4 << 20;

/// Why a text is refused as a store. It never says what stands where a hash belongs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// There is nothing, not even a store without keys.
    #[error("the store is empty; without keys it is `{{\"version\":1,\"keys\":[]}}`")]
    Empty,
    /// It is longer than any store.
    #[error("the store is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// It isn't JSON of the shape.
    #[error("the store can't be read: {0}")]
    Malformed(JsonFault),
    /// Its version isn't known.
    #[error("version {0} of a store is not known to this farmgate")]
    Version(u32),
    /// There are too many keys.
    #[error("the store has {0} keys, and at most {MAX_STORE_KEYS} are taken")]
    Count(usize),
    /// Something is wrong with a key.
    #[error("key {number} of the store: {fault}")]
    Key {
        /// Which one, from 1.
        number: usize,
        /// What is wrong.
        fault: KeyFault,
    },
}

/// What is wrong with a key of a store.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyFault {
    /// Its id isn't one.
    #[error("the id is not 12 digits of base32 (a-z, 2-7)")]
    Id,
    /// Another key has the id.
    #[error("key {0} has this id already")]
    SameId(usize),
    /// Its name or group isn't one.
    #[error("the {0} is not letters, digits and `.`, `_`, `-`, `@`")]
    Name(&'static str),
    /// Another key of the name has another group.
    #[error("another key of `{name}` is bound to {}, and one name has one group", group_words(.group.as_deref()))]
    Group {
        /// The name.
        name: String,
        /// The other group.
        group: Option<String>,
    },
    /// A time isn't one.
    #[error("`{0}` is not a time as `2026-11-22T08:00:00Z`")]
    Time(&'static str),
    /// The key itself stands where its hash belongs.
    #[error(
        "the key itself stands under `sha256`: it is no secret any more; revoke it and make another one with `farmgate key add`"
    )]
    Plain,
    /// It isn't a hash.
    #[error("`sha256` is not 64 digits of hex in lower case")]
    Hash,
    /// It is a hash that nobody's secret has.
    #[error("`sha256` is no hash of a key: {0}")]
    NoHash(Weakness),
    /// It is the hash of something that anybody tries.
    #[error(
        "`sha256` is the hash of a default or an example that anybody tries first; `farmgate key add` makes a key"
    )]
    Guessed,
    /// Another key has the hash.
    #[error("key {0} has this hash already")]
    SameHash(usize),
    /// The id of an access key isn't one.
    #[error("the id is not `FGAK` and 16 digits of base32 (A-Z, 2-7)")]
    AccessId,
    /// The secret itself stands where it belongs sealed.
    #[error(
        "the secret itself stands under `sealed`: it is no secret any more; revoke the key and make another one with `farmgate key issue-sigv4`"
    )]
    PlainSecret,
    /// It isn't a sealed secret.
    #[error("`sealed` is not a sealed secret, as `farmgate key issue-sigv4` writes it")]
    NotSealed,
    /// It is sealed with a key that the gate doesn't have.
    #[error(
        "the secret is sealed with a key that is not among the gate's keys: the store is another gate's, or that key was retired before the store was sealed anew"
    )]
    OtherGate,
    /// The line isn't the one that was sealed.
    #[error("the line is not as it was sealed: it was changed by hand, or damaged")]
    Changed,
    /// What was sealed isn't a secret of an access key.
    #[error("what is sealed is not the secret of an access key")]
    NotASecret,
    /// What was sealed is no secret.
    #[error("the secret is refused: {0}")]
    WeakSecret(Weakness),
    /// Another key has the secret.
    #[error("key {0} has this secret already")]
    SameSecret(usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Store<L> {
    version: u32,
    keys: Vec<L>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    name: String,
    #[serde(default, deserialize_with = "there")]
    group: Option<String>,
    sha256: String,
    created: String,
    #[serde(default, deserialize_with = "there")]
    expires: Option<String>,
}

/// A text, and not `null`: what isn't there is left out.
pub(crate) fn there<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    String::deserialize(from).map(Some)
}

/// The keys of a store.
pub(super) fn keys(text: &str) -> Result<Vec<ApiKey>, StoreError> {
    let mut seen = Owners::default();
    let mut hashes = BTreeMap::new();
    whole(text, |number, line: Line| {
        let key = line.read()?;
        seen.see(number, &key)?;
        match hashes.insert(key.hash, number) {
            Some(first) => Err(KeyFault::SameHash(first)),
            None => Ok(key),
        }
    })
}

/// Reads a whole store of any kind, a line after the other.
pub(crate) fn whole<L: DeserializeOwned, K>(
    text: &str,
    mut read: impl FnMut(usize, L) -> Result<K, KeyFault>,
) -> Result<Vec<K>, StoreError> {
    if text.trim().is_empty() {
        return Err(StoreError::Empty);
    }
    if text.len() > MAX_BYTES {
        return Err(StoreError::TooLong);
    }
    let store: Store<L> = json::read(text).map_err(StoreError::Malformed)?;
    if store.version != VERSION {
        return Err(StoreError::Version(store.version));
    }
    if store.keys.len() > MAX_STORE_KEYS {
        return Err(StoreError::Count(store.keys.len()));
    }
    let lines = (1..).zip(store.keys);
    lines
        .map(|(number, line)| read(number, line).map_err(|fault| StoreError::Key { number, fault }))
        .collect()
}

/// What must differ between keys of any kind, and what must not.
#[derive(Default)]
pub(crate) struct Owners {
    ids: BTreeMap<String, usize>,
    groups: BTreeMap<String, Option<String>>,
}

impl Owners {
    /// Looks at the next key.
    pub(crate) fn see(&mut self, number: usize, key: &impl Named) -> Result<(), KeyFault> {
        if let Some(first) = self.ids.insert(key.id().to_owned(), number) {
            return Err(KeyFault::SameId(first));
        }
        let group = || key.group().map(str::to_owned);
        let known = self.groups.entry(key.name().to_owned()).or_insert_with(group);
        if known.as_deref() == key.group() {
            return Ok(());
        }
        Err(KeyFault::Group { name: key.name().to_owned(), group: known.clone() })
    }
}

/// Whether the names of a line are names.
pub(crate) fn check_names(name: &str, group: Option<&str>) -> Result<(), KeyFault> {
    for (name, field) in [(Some(name), "name"), (group, "group")] {
        if name.is_some_and(|name| !is_name(name)) {
            return Err(KeyFault::Name(field));
        }
    }
    Ok(())
}

/// A time of a line, in seconds since 1970.
pub(crate) fn seconds(text: &str, field: &'static str) -> Result<i64, KeyFault> {
    text.parse::<Timestamp>().map(Timestamp::as_second).map_err(|_| KeyFault::Time(field))
}

impl Line {
    fn read(self) -> Result<ApiKey, KeyFault> {
        if !is_id(&self.id) {
            return Err(KeyFault::Id);
        }
        check_names(&self.name, self.group.as_deref())?;
        Ok(ApiKey {
            hash: hash(&Zeroizing::new(self.sha256))?,
            created: seconds(&self.created, "created")?,
            expires: self.expires.map(|text| seconds(&text, "expires")).transpose()?,
            id: self.id,
            name: self.name,
            group: self.group,
        })
    }
}

/// The bytes of a hash, if it may be that of a secret that one client alone has.
fn hash(text: &Zeroizing<String>) -> Result<[u8; 32], KeyFault> {
    if text.starts_with("fg_") {
        return Err(KeyFault::Plain);
    }
    let hash = from_hex(text).ok_or(KeyFault::Hash)?;
    if weak::guessed_hash(&hash) {
        return Err(KeyFault::Guessed);
    }
    weak::random(&hash).map_err(KeyFault::NoHash)?;
    Ok(hash)
}
