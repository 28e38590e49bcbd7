//! A store of access keys for SigV4: JSON with their secrets sealed, read by the gate and changed by
//! `farmgate key`.
//!
//! ```json
//! {"version":1,"keys":[
//!   {"id":"FGAK...","name":"alice","group":"researchers","sealed":"k1....","created":"2026-11-22T08:00:00Z"}
//! ]}
//! ```
//!
//! Without the gate's keys it can be read and shortened, but nothing in it can be opened, changed or
//! added to. It knows no file, and verifies no signature.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::access_key::{self, AccessKey, AccessKeyPair};
use crate::encode::sha256;
use crate::gate_keys::GateKeys;
use crate::store::{
    KeyFault, MAX_STORE_KEYS, NewKey, NotAccepted, Owners, StoreError, Unchanged, check_names,
    check_new, chosen, newest, seconds, there, time, whole, written,
};

/// Access keys, with their secrets sealed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AccessKeys {
    keys: Vec<AccessKey>,
}

/// Access keys, with their secrets: what the gate verifies with.
pub struct OpenKeys {
    keys: HashMap<String, (AccessKey, SecretString)>,
}

/// A key as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    name: String,
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    sealed: String,
    created: String,
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

// === reading ===

impl AccessKeys {
    /// Reads a store. One without keys is a store: nobody gets in. Nothing is opened yet.
    ///
    /// # Errors
    /// If it isn't a store, a secret in it isn't sealed, or a key is there twice.
    pub fn parse(text: &SecretString) -> Result<Self, StoreError> {
        let mut owners = Owners::default();
        let keys = whole(text.expose_secret(), |number, line: Line| {
            let key = line.read()?;
            owners.see(number, &key).map(|()| key)
        });
        keys.map(|keys| Self { keys })
    }

    /// All keys, in the order in which they were made.
    #[must_use]
    pub fn keys(&self) -> &[AccessKey] {
        &self.keys
    }

    /// Whether nobody has a key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The store as JSON, one key a line, with a line's end. Its secrets are sealed.
    #[must_use]
    pub fn text(&self) -> String {
        written(self.keys.iter().map(|key| Line {
            id: key.id.clone(),
            name: key.name.clone(),
            group: key.group.clone(),
            sealed: key.sealed.clone(),
            created: time(key.created),
            expires: key.expires.map(time),
        }))
    }

    /// Opens all secrets with the gate's keys.
    ///
    /// # Errors
    /// If one is sealed with a key that isn't among them, its line was changed, or it is weak or
    /// another one's, too: then none is taken.
    pub fn open(&self, gate: &GateKeys) -> Result<OpenKeys, StoreError> {
        let mut seen = BTreeMap::new();
        let keys = (1..).zip(&self.keys).map(|(number, key)| {
            let secret = key.opened(gate).and_then(|secret| {
                match seen.insert(sha256(secret.expose_secret().as_bytes()), number) {
                    Some(first) => Err(KeyFault::SameSecret(first)),
                    None => Ok(secret),
                }
            });
            let secret = secret.map_err(|fault| StoreError::Key { number, fault })?;
            Ok((key.id.clone(), (key.clone(), secret)))
        });
        keys.collect::<Result<_, _>>().map(|keys| OpenKeys { keys })
    }

    /// Whether a secret is sealed with another key than the gate's in use: [`AccessKeys::reseal`]
    /// is due before that one is retired.
    #[must_use]
    pub fn is_behind(&self, gate: &GateKeys) -> bool {
        let in_use = gate.ciphers().next().map(|(id, _)| id);
        self.keys.iter().any(|key| key.sealing_key() != in_use)
    }
}

impl Line {
    fn read(self) -> Result<AccessKey, KeyFault> {
        if !access_key::is_id(&self.id) {
            return Err(KeyFault::AccessId);
        }
        check_names(&self.name, self.group.as_deref())?;
        if self.sealed.starts_with(access_key::SECRET_PREFIX) {
            return Err(KeyFault::PlainSecret);
        }
        let (_, sealed) = access_key::parts(&self.sealed).ok_or(KeyFault::NotSealed)?;
        if crate::encode::from_url(sealed).is_none() {
            return Err(KeyFault::NotSealed);
        }
        Ok(AccessKey {
            created: seconds(&self.created, "created")?,
            expires: self.expires.map(|text| seconds(&text, "expires")).transpose()?,
            id: self.id,
            name: self.name,
            group: self.group,
            sealed: self.sealed,
        })
    }
}

// === changing ===

impl AccessKeys {
    /// Makes an access key, and gives it for the only time.
    ///
    /// # Errors
    /// If its name is taken or is none, or it would have expired.
    pub fn issue(
        &mut self,
        new: &NewKey,
        gate: &GateKeys,
        now: i64,
    ) -> Result<(AccessKeyPair, &AccessKey), Unchanged> {
        check_new(&self.keys, new, now)?;
        let pair = self.new_pair()?;
        let name = new.name.clone().unwrap_or_else(|| pair.id.clone());
        let key = unsealed(&pair.id, name, new.group.clone(), now, new.expires);
        self.push(key, &pair.secret, gate)?;
        self.last().map(|added| (pair, added))
    }

    /// Makes a new key in the place of one (of a name: its newest), which holds for `overlap` more
    /// seconds. The new one holds until `expires`; if that is absent, for as long as the old one was
    /// made for. Keys of the name that have expired go.
    ///
    /// # Errors
    /// If no key has the name or id, the new one would have expired, or the old one can't be opened
    /// with these keys of the gate: its end is sealed with it.
    pub fn rotate(
        &mut self,
        which: &str,
        overlap: i64,
        expires: Option<i64>,
        gate: &GateKeys,
        now: i64,
    ) -> Result<(AccessKeyPair, &AccessKey), Unchanged> {
        let old = newest(&self.keys, which)?.clone();
        let life = old.expires.map(|end| end.saturating_sub(old.created));
        let expires = expires.or(life.map(|life| now.saturating_add(life)));
        if expires.is_some_and(|expires| expires <= now) {
            return Err(Unchanged::Past);
        }
        let pair = self.new_pair()?;
        let end = now.saturating_add(overlap);
        let mut changed = self.clone();
        changed.keys.retain(|key| key.name != old.name || key.holds(now));
        for key in changed.keys.iter_mut().filter(|key| key.id == old.id) {
            let secret = key.opened(gate).map_err(|fault| closed(key, fault))?;
            key.expires = Some(key.expires.map_or(end, |known| known.min(end)));
            *key = key.clone().sealed_with(&secret, gate).ok_or(Unchanged::Broken)?;
        }
        let new = unsealed(&pair.id, old.name, old.group, now, expires);
        changed.push(new, &pair.secret, gate)?;
        *self = changed;
        self.last().map(|added| (pair, added))
    }

    /// Removes the key of a name or id; with `all`, all keys of the name. They are no longer taken
    /// from when the gate reads the store. The gate's keys aren't needed.
    ///
    /// # Errors
    /// If there is none, or there are several and not all are meant.
    pub fn revoke(&mut self, which: &str, all: bool) -> Result<Vec<AccessKey>, Unchanged> {
        let ids = chosen(&self.keys, which, all)?;
        let keys = std::mem::take(&mut self.keys);
        let (gone, kept) = keys.into_iter().partition(|key| ids.contains(&key.id));
        self.keys = kept;
        Ok(gone)
    }

    /// Seals all secrets anew, with the gate's key in use, after the gate's keys were rotated and
    /// before the old ones are retired.
    ///
    /// # Errors
    /// If a secret can't be opened with these keys. Then nothing is changed.
    pub fn reseal(&mut self, gate: &GateKeys) -> Result<(), Unchanged> {
        let keys = self.keys.iter().map(|key| {
            let secret = key.opened(gate).map_err(|fault| closed(key, fault))?;
            key.clone().sealed_with(&secret, gate).ok_or(Unchanged::Broken)
        });
        self.keys = keys.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// A pair whose id nobody has.
    fn new_pair(&self) -> Result<AccessKeyPair, Unchanged> {
        loop {
            let pair = access_key::generate()?;
            if self.keys.iter().all(|key| key.id != pair.id) {
                return Ok(pair);
            }
        }
    }

    fn push(
        &mut self,
        key: AccessKey,
        secret: &SecretString,
        gate: &GateKeys,
    ) -> Result<(), Unchanged> {
        if self.keys.len() >= MAX_STORE_KEYS {
            return Err(Unchanged::Full);
        }
        self.keys.push(key.sealed_with(secret, gate).ok_or(Unchanged::Broken)?);
        Ok(())
    }

    fn last(&self) -> Result<&AccessKey, Unchanged> {
        self.keys.last().ok_or(Unchanged::Full)
    }
}

fn unsealed(
    id: &str,
    name: String,
    group: Option<String>,
    created: i64,
    expires: Option<i64>,
) -> AccessKey {
    AccessKey { id: id.to_owned(), name, group, created, expires, sealed: String::new() }
}

fn closed(key: &AccessKey, fault: KeyFault) -> Unchanged {
    Unchanged::Closed { id: key.id.clone(), fault }
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.keys).finish()
    }
}

// === impl OpenKeys ===

impl OpenKeys {
    /// The secret of an id and whose it is, if the key holds at `now` (seconds since 1970).
    ///
    /// That it answers proves nothing: the caller still has to verify a signature, for an id that
    /// isn't known at the same cost, and tells the client of neither.
    ///
    /// # Errors
    /// Why it isn't taken, for the audit.
    pub fn look_up(&self, id: &str, now: i64) -> Result<(&SecretString, &AccessKey), NotAccepted> {
        match self.keys.get(id) {
            Some((key, secret)) if key.holds(now) => Ok((secret, key)),
            Some(_) => Err(NotAccepted::Expired),
            None if access_key::is_id(id) => Err(NotAccepted::Unknown),
            None => Err(NotAccepted::Malformed),
        }
    }

    /// All keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &AccessKey> {
        self.keys.values().map(|(key, _)| key)
    }

    /// Whether nobody has a key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl fmt::Debug for OpenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
