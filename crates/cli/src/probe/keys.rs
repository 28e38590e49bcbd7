//! Keys of two principals that are made for one probe in a farm's own stores on this machine, hold
//! for minutes, and go with it.

use std::path::{Path, PathBuf};

use farmgate_client::probe::target::{AccessKey, ApiKey};
use farmgate_farm::word::SecretRef;
use farmgate_keys::{AccessKeys, ApiKeys, NewKey, Unchanged};

use crate::key::now;
use crate::problem::{Failure, environment};
use crate::secrets::private::{self, Others};
use crate::secrets::{Local, read_access_keys, read_store};

/// For how long the keys hold, in seconds, if nobody comes to revoke them.
const LIFE: i64 = 600;

/// The groups of the two principals. Neither is one that a farm's rules name.
const GROUPS: [&str; 2] = ["farmgate-probe-a", "farmgate-probe-b"];

/// Keys that were made, and are revoked at the latest when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Minted {
    made: Vec<Made>,
}

#[derive(Debug)]
struct Made {
    store: PathBuf,
    id: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Api,
    Access,
}

// === impl Minted ===

impl Minted {
    /// Two API keys in the store of this name.
    pub(super) fn api_keys(
        &mut self,
        local: &Local,
        store: &SecretRef,
    ) -> Result<Vec<ApiKey>, Failure> {
        let file = local.store_file(store)?;
        let mut made = Vec::new();
        for group in GROUPS {
            let (key, id) = change_api(&file, |keys| {
                let (key, added) = keys.add(&new(group), now())?;
                Ok((key, added.id.clone()))
            })?;
            self.made.push(Made { store: file.clone(), id, kind: Kind::Api });
            made.push(ApiKey { key, group: Some(group.to_owned()) });
        }
        Ok(made)
    }

    /// Two access keys in the store of this name, sealed with the gate's keys.
    pub(super) fn access_keys(
        &mut self,
        local: &Local,
        store: &SecretRef,
    ) -> Result<Vec<AccessKey>, Failure> {
        let (file, gate) = (local.access_keys_file(store)?, local.gate_keys()?);
        let mut made = Vec::new();
        for group in GROUPS {
            let pair = change_access(&file, |keys| {
                keys.issue(&new(group), &gate, now()).map(|(pair, _)| pair)
            })?;
            self.made.push(Made { store: file.clone(), id: pair.id.clone(), kind: Kind::Access });
            made.push(AccessKey { id: pair.id, secret: pair.secret, token: None });
        }
        Ok(made)
    }

    /// Revokes them.
    ///
    /// # Errors
    /// If a store can't be changed; then the rest was tried all the same.
    pub(super) fn revoke(&mut self) -> Result<(), Failure> {
        let mut failed = None;
        for made in std::mem::take(&mut self.made) {
            let revoked = match made.kind {
                Kind::Api => change_api(&made.store, |keys| keys.revoke(&made.id, false).map(drop)),
                Kind::Access => {
                    change_access(&made.store, |keys| keys.revoke(&made.id, false).map(drop))
                }
            };
            failed = failed.or(revoked.err());
        }
        failed.map_or(Ok(()), Err)
    }
}

impl Drop for Minted {
    fn drop(&mut self) {
        // They end by themselves in minutes where this fails, and there is nobody left to tell.
        let _ = self.revoke();
    }
}

/// Named by their ids, which no other key has.
fn new(group: &str) -> NewKey {
    NewKey { name: None, group: Some(group.to_owned()), expires: Some(now().saturating_add(LIFE)) }
}

fn change_api<T>(
    file: &Path,
    change: impl FnOnce(&mut ApiKeys) -> Result<T, Unchanged>,
) -> Result<T, Failure> {
    let _lock = private::lock(private::folder_of(file))?;
    let mut keys = read_store(file, Others::Nothing)?.unwrap_or_default();
    let result = change(&mut keys).map_err(|why| environment("no-keys", why.to_string()))?;
    private::write(file, &keys.text())?;
    Ok(result)
}

fn change_access<T>(
    file: &Path,
    change: impl FnOnce(&mut AccessKeys) -> Result<T, Unchanged>,
) -> Result<T, Failure> {
    let _lock = private::lock(private::folder_of(file))?;
    let mut keys = read_access_keys(file, Others::Nothing)?.unwrap_or_default();
    let result = change(&mut keys).map_err(|why| environment("no-keys", why.to_string()))?;
    private::write(file, &keys.text())?;
    Ok(result)
}
