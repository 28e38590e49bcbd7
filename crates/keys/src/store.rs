//! A store of API keys: JSON with their hashes, read by the gate and changed by `farmgate key`.
//!
//! ```json
//! {"version":1,"keys":[
//!   {"id":"...","name":"alice","group":"researchers","sha256":"...","created":"2026-11-22T08:00:00Z"}
//! ]}
//! ```
//!
//! It knows no file: who writes it where, and safely, is the command line's.

mod naming;
mod read;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use thiserror::Error;

use crate::api_key::{self, ApiKey, NotAKey};
use crate::encode::{NoRandomness, hex, sha256};

pub(crate) use naming::{Named, check_new, chosen, newest};
pub use read::{KeyFault, StoreError};
pub(crate) use read::{Owners, check_names, seconds, there, whole};

/// The version of the format.
const VERSION: u32 = 1;

/// A store has no more keys than this.
pub const MAX_STORE_KEYS: usize = 10_000;

/// The longest name of a key or a group.
pub const MAX_NAME: usize = 64;

/// API keys by their hashes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ApiKeys {
    keys: Vec<ApiKey>,
    /// Where each id is.
    by_id: BTreeMap<String, usize>,
}

/// What a new key is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Whose it is; its id if absent.
    pub name: Option<String>,
    /// The group to which it is bound.
    pub group: Option<String>,
    /// From when on it is no longer taken, in seconds since 1970.
    pub expires: Option<i64>,
}

/// Why a presented key isn't taken. Clients aren't told which; the audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAccepted {
    /// It isn't written as a key.
    #[error("this is not written as a key")]
    Malformed,
    /// The store doesn't have it.
    #[error("the key is not known")]
    Unknown,
    /// It was good.
    #[error("the key has expired")]
    Expired,
}

/// Why a store stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unchanged {
    /// A name has characters that it can't have.
    #[error("`{0}` is not a name: letters, digits and `.`, `_`, `-`, `@`, at most {MAX_NAME}")]
    Name(String),
    /// Somebody has this name.
    #[error("there is a key of the name `{0}` already")]
    Taken(String),
    /// The name's keys are bound to another group.
    #[error("the keys of `{name}` are bound to {}, and one name has one group", group_words(.group.as_deref()))]
    OtherGroup {
        /// The name.
        name: String,
        /// The group of its keys.
        group: Option<String>,
    },
    /// No key has this name or id.
    #[error("no key has the name or the id `{0}`")]
    Nobody(String),
    /// Several keys have this name.
    #[error("{count} keys have the name `{name}`")]
    Several {
        /// The name.
        name: String,
        /// How many.
        count: usize,
    },
    /// It would have expired already.
    #[error("the key would have expired already")]
    Past,
    /// The store is full.
    #[error("a store has at most {MAX_STORE_KEYS} keys")]
    Full,
    /// The key to take is there.
    #[error("the store has this key already")]
    Known,
    /// The key to take isn't fit to be one.
    #[error("{0}")]
    NotAKey(NotAKey),
    /// An access key can't be sealed anew, since it can't be opened.
    #[error("the key of the id `{id}` can't be opened: {fault}")]
    Closed {
        /// The key's id.
        id: String,
        /// Why.
        fault: KeyFault,
    },
    /// The library failed to seal a secret, which happens on no healthy machine.
    #[error("the secret could not be sealed")]
    Broken,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Randomness,
}

/// The store as it is written.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    sha256: String,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

// === reading ===

impl ApiKeys {
    /// Reads a store. One without keys is a store: nobody gets in.
    ///
    /// # Errors
    /// If it isn't a store, or a key in it is known to others, is no hash, or is there twice.
    pub fn parse(text: &SecretString) -> Result<Self, StoreError> {
        read::keys(text.expose_secret()).map(Self::of)
    }

    fn of(keys: Vec<ApiKey>) -> Self {
        let ids = keys.iter().map(|key| key.id.clone());
        Self { by_id: ids.zip(0..).collect(), keys }
    }

    /// The key that is presented, if the store has it and it holds at `now` (seconds since 1970).
    #[must_use]
    pub fn verify(&self, presented: &str, now: i64) -> Option<&ApiKey> {
        self.look_up(presented, now).ok()
    }

    /// As [`ApiKeys::verify`], with the reason for the audit.
    ///
    /// A key that isn't known costs what a wrong one does: the hash and one comparison.
    ///
    /// # Errors
    /// Why it isn't taken.
    pub fn look_up(&self, presented: &str, now: i64) -> Result<&ApiKey, NotAccepted> {
        const NOBODY: [u8; 32] = [0; 32];
        let id = api_key::id_of(presented).ok_or(NotAccepted::Malformed)?;
        let hash = sha256(presented.as_bytes());
        let key = self.by_id.get(id).and_then(|at| self.keys.get(*at));
        let equal = api_key::equal(key.map_or(&NOBODY, |key| &key.hash), &hash);
        match key {
            Some(key) if equal && key.holds(now) => Ok(key),
            Some(_) if equal => Err(NotAccepted::Expired),
            _ => Err(NotAccepted::Unknown),
        }
    }

    /// All keys, in the order in which they were made.
    #[must_use]
    pub fn keys(&self) -> &[ApiKey] {
        &self.keys
    }

    /// Whether nobody has a key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The store as JSON, one key a line, with a line's end. It holds hashes and no key.
    #[must_use]
    pub fn text(&self) -> String {
        written(self.keys.iter().map(|key| Line {
            id: &key.id,
            name: &key.name,
            group: key.group.as_deref(),
            sha256: hex(&key.hash),
            created: time(key.created),
            expires: key.expires.map(time),
        }))
    }
}

/// A store of these keys as JSON, one a line, with a line's end.
pub(crate) fn written(keys: impl Iterator<Item = impl Serialize>) -> String {
    // Texts can always be written.
    let lines = keys.map(|line| serde_json::to_string(&line).unwrap_or_default());
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return format!("{{\"version\":{VERSION},\"keys\":[]}}\n");
    }
    format!("{{\"version\":{VERSION},\"keys\":[\n  {}\n]}}\n", lines.join(",\n  "))
}

/// Seconds since 1970 as RFC 3339 has them.
pub(crate) fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

fn group_words(group: Option<&str>) -> String {
    group.map_or("no group".to_owned(), |group| format!("the group `{group}`"))
}

// === changing ===

impl ApiKeys {
    /// Makes a key, and gives it for the only time.
    ///
    /// # Errors
    /// If its name is taken or is none, or it would have expired.
    pub fn add(&mut self, new: &NewKey, now: i64) -> Result<(SecretString, &ApiKey), Unchanged> {
        let (id, key) = self.new_key()?;
        let hash = sha256(key.expose_secret().as_bytes());
        check_new(&self.keys, new, now)?;
        let name = new.name.clone().unwrap_or_else(|| id.clone());
        let group = new.group.clone();
        self.push(ApiKey { id, name, group, created: now, expires: new.expires, hash })
            .map(|added| (key, added))
    }

    /// Takes a key that was made elsewhere, as one of an environment variable.
    ///
    /// # Errors
    /// As [`ApiKeys::add`]; and if it isn't fit to be a key, or is here already.
    pub fn take(
        &mut self,
        key: &SecretString,
        new: &NewKey,
        now: i64,
    ) -> Result<&ApiKey, Unchanged> {
        let (id, hash) = api_key::judge(key).map_err(Unchanged::NotAKey)?;
        if self.by_id.contains_key(&id) {
            return Err(Unchanged::Known);
        }
        check_new(&self.keys, new, now)?;
        let name = new.name.clone().unwrap_or_else(|| id.clone());
        let group = new.group.clone();
        self.push(ApiKey { id, name, group, created: now, expires: new.expires, hash })
    }

    /// Makes a new key in the place of one (of a name: its newest), which holds for `overlap` more
    /// seconds. The new one holds until `expires`; if that is absent, for as long as the old one was
    /// made for. Keys of the name that have expired go.
    ///
    /// # Errors
    /// If no key has the name or id, or the new one would have expired.
    pub fn rotate(
        &mut self,
        which: &str,
        overlap: i64,
        expires: Option<i64>,
        now: i64,
    ) -> Result<(SecretString, &ApiKey), Unchanged> {
        let ApiKey { id: old, name, group, created, expires: known, .. } =
            newest(&self.keys, which)?.clone();
        let life = known.map(|end| end.saturating_sub(created));
        let expires = expires.or(life.map(|life| now.saturating_add(life)));
        if expires.is_some_and(|expires| expires <= now) {
            return Err(Unchanged::Past);
        }
        let end = now.saturating_add(overlap);
        let (id, key) = self.new_key()?;
        let mut keys = self.keys.clone();
        keys.retain(|key| key.name != name || key.holds(now));
        for key in keys.iter_mut().filter(|key| key.id == old) {
            key.expires = Some(key.expires.map_or(end, |known| known.min(end)));
        }
        let hash = sha256(key.expose_secret().as_bytes());
        *self = Self::of(keys);
        self.push(ApiKey { id, name, group, created: now, expires, hash }).map(|added| (key, added))
    }

    /// Removes the key of a name or id; with `all`, all keys of the name. They are no longer taken
    /// from when the gate reads the store.
    ///
    /// # Errors
    /// If there is none, or there are several and not all are meant.
    pub fn revoke(&mut self, which: &str, all: bool) -> Result<Vec<ApiKey>, Unchanged> {
        let ids = chosen(&self.keys, which, all)?;
        let (gone, kept) =
            self.keys.iter().cloned().partition(|key: &ApiKey| ids.contains(&key.id));
        *self = Self::of(kept);
        Ok(gone)
    }

    /// A key whose id nobody has.
    fn new_key(&self) -> Result<(String, SecretString), Unchanged> {
        loop {
            let (id, key) = api_key::generate()?;
            if !self.by_id.contains_key(&id) {
                return Ok((id, key));
            }
        }
    }

    fn push(&mut self, key: ApiKey) -> Result<&ApiKey, Unchanged> {
        if self.keys.len() >= MAX_STORE_KEYS {
            return Err(Unchanged::Full);
        }
        self.by_id.insert(key.id.clone(), self.keys.len());
        self.keys.push(key);
        self.keys.last().ok_or(Unchanged::Full)
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.keys).finish()
    }
}

impl From<NoRandomness> for Unchanged {
    fn from(_: NoRandomness) -> Self {
        Self::Randomness
    }
}

#[cfg(test)]
mod tests;
