//! Which store of API keys is meant, and how it is changed: read, changed and replaced as a whole
//! under a lock, so that two at once lose nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use farmgate_farm::farm::{Auth, Farm};
use farmgate_farm::gate;
use farmgate_farm::word::SecretRef;
use farmgate_keys::{ApiKeys, Unchanged};

use super::{farm, input, no_file};
use crate::args::StoreArgs;
use crate::problem::Failure;
use crate::secrets::private::{self, Others};
use crate::secrets::{Local, read_store};

/// The header with the key, where no farm says it.
const HEADER: &str = "x-api-key";

/// A store's file, and what is known of it.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) file: PathBuf,
    /// The header in which clients send the key.
    pub(super) header: String,
    /// The header in which they name their group.
    pub(super) group_header: Option<String>,
    /// Its name in Secrets Manager, if a farm says it.
    pub(super) secret: Option<SecretRef>,
    others: Others,
}

// === impl Store ===

impl Store {
    /// The store that the arguments mean. With `make`, a file of that name needn't be there.
    ///
    /// # Errors
    /// If the farm is wrong, has no store or several, or there is no such file.
    pub(super) fn find(args: &StoreArgs, make: bool) -> Result<Self, Failure> {
        if let Some(file) = &args.store {
            let store = Self::of_file(file);
            if !make && store.read_if_there()?.is_none() {
                return Err(no_file(file));
            }
            return Ok(store);
        }
        let (path, farm) = farm(args)?;
        let ways = stores(&farm.farm);
        let names: BTreeSet<&SecretRef> = ways.iter().map(|(store, ..)| store).collect();
        let listed = || {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        let found = match (&args.of, ways.as_slice()) {
            (Some(of), ways) => ways.iter().find(|(store, ..)| store == of).ok_or_else(|| {
                let message = format!("the farm has no API keys in `{of}`");
                input("no-store", message, &format!("it has: {}", listed()))
            })?,
            (None, [first, ..]) if names.len() == 1 => first,
            (None, []) => {
                return Err(input(
                    "no-store",
                    "the farm takes no API keys".to_owned(),
                    "write under `auth`: `- api_keys: { store: \"secretsmanager:FARM/api-keys\" }`",
                ));
            }
            (None, _) => {
                let message = format!("the farm has several stores: {}", listed());
                return Err(input("several-stores", message, "say which with `--of`"));
            }
        };
        let (secret, header, group_header) = found;
        Ok(Self {
            file: Local::open(&path)?.store_file(secret)?,
            header: header.clone(),
            group_header: group_header.clone(),
            secret: Some(secret.clone()),
            others: Others::Nothing,
        })
    }

    /// A file that somebody names: others may read it, as it holds hashes.
    fn of_file(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            header: HEADER.to_owned(),
            group_header: None,
            secret: None,
            others: Others::Read,
        }
    }

    fn read_if_there(&self) -> Result<Option<ApiKeys>, Failure> {
        read_store(&self.file, self.others)
    }

    /// Its keys.
    ///
    /// # Errors
    /// If it can't be read, or is refused.
    pub(super) fn read(&self) -> Result<ApiKeys, Failure> {
        self.read_if_there().map(Option::unwrap_or_default)
    }

    /// Changes it.
    ///
    /// # Errors
    /// If it can't be read or written, or stays as it is.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut ApiKeys) -> Result<T, Unchanged>,
    ) -> Result<T, Failure> {
        let _lock = private::lock(private::folder_of(&self.file))?;
        let mut keys = self.read()?;
        let result = change(&mut keys).map_err(|error| unchanged(&error))?;
        private::write(&self.file, &keys.text())?;
        Ok(result)
    }
}

/// The farm's stores of API keys, each with its headers; servers that are off have none.
fn stores(farm: &Farm) -> Vec<(SecretRef, String, Option<String>)> {
    let own = gate::enabled(farm).filter_map(|(_, server)| server.auth.as_ref());
    let ways = std::iter::once(&farm.auth).chain(own).flatten();
    ways.filter_map(|way| match way {
        Auth::ApiKeys(keys) => Some((
            keys.store.clone(),
            keys.header.as_str().to_owned(),
            keys.group_header.as_ref().map(|header| header.as_str().to_owned()),
        )),
        _ => None,
    })
    .collect()
}

fn unchanged(error: &Unchanged) -> Failure {
    let help = match error {
        Unchanged::Taken(name) => format!(
            "`farmgate key rotate {name}` makes a new key for the same principal; take another \
             `--name` for another one"
        ),
        Unchanged::OtherGroup { .. } => "take another `--name`".to_owned(),
        Unchanged::Nobody(_) => "`farmgate key list` lists them".to_owned(),
        Unchanged::Several { name, .. } => format!(
            "name it by its id, which `farmgate key list` shows; `farmgate key revoke --all-of \
             {name}` removes all"
        ),
        _ => String::new(),
    };
    input("key-unchanged", error.to_string(), &help)
}
