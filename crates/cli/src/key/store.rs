//! Which store of keys is meant, and how it is changed: read, changed and replaced as a whole under a
//! lock, so that two at once lose nothing.

mod lock;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use farmgate_farm::farm::{Auth, Farm};
use farmgate_farm::gate;
use farmgate_farm::word::SecretRef;
use farmgate_keys::{AccessKeys, ApiKeys, GateKeys, Unchanged};

use super::{farm, input, no_file};
use crate::args::StoreArgs;
use crate::problem::Failure;
use crate::secrets::private::{self, Others};
use crate::secrets::{Local, read_access_keys, read_gate_keys, read_store};

pub(super) use lock::lock;

/// The header with the key, where no farm says it.
const HEADER: &str = "x-api-key";

/// A store's file, and what is known of it.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) file: PathBuf,
    pub(super) kind: Kind,
    /// Its name in Secrets Manager, if a farm says it.
    pub(super) secret: Option<SecretRef>,
    /// The URL of the farm, if one says it.
    pub(super) url: Option<String>,
    /// The file with the keys of the gate, with which access keys are sealed.
    gate_keys: Option<PathBuf>,
    others: Others,
}

/// What keys a store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// API keys.
    Api {
        /// The header in which clients send the key.
        header: String,
        /// The header in which they name their group.
        group_header: Option<String>,
    },
    /// Access keys for SigV4.
    Access {
        /// The region and the service for which clients sign, if a farm says it.
        scope: Option<(String, String)>,
    },
}

/// Keys of which kind are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Api,
    Access,
    Any,
}

/// What a store has.
pub(super) enum Keys {
    Api(ApiKeys),
    Access(AccessKeys),
}

// === impl Wanted ===

impl Wanted {
    fn fits(self, kind: &Kind) -> bool {
        match self {
            Self::Any => true,
            Self::Api => matches!(kind, Kind::Api { .. }),
            Self::Access => matches!(kind, Kind::Access { .. }),
        }
    }

    /// That a farm has no such store.
    fn none(self) -> Failure {
        let api_keys =
            "write under `auth`: `- api_keys: { store: \"secretsmanager:FARM/api-keys\" }`";
        let (what, help) = match self {
            Self::Any | Self::Api => ("takes no API keys", api_keys),
            Self::Access => (
                "takes no SigV4 with keys that it issued",
                "write under `auth`: `- sigv4_issued_keys: { store: \
                 \"secretsmanager:FARM/access-keys\" }`",
            ),
        };
        input("no-store", format!("the farm {what}"), help)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Any => "keys",
            Self::Api => "API keys",
            Self::Access => "access keys",
        }
    }
}

// === impl Store ===

impl Store {
    /// The stores that the arguments may mean: a farm's, or the one file that they name. With `make`,
    /// that needn't be there.
    ///
    /// # Errors
    /// If the farm is wrong, has no such store, or there is no such file.
    pub(super) fn all(args: &StoreArgs, wanted: Wanted, make: bool) -> Result<Vec<Self>, Failure> {
        if let Some(file) = &args.store {
            let store = Self::of_file(file, wanted)?;
            if !make && !file.exists() {
                return Err(no_file(file));
            }
            return Ok(vec![store]);
        }
        let (path, farm) = farm(args)?;
        let mut stores = stores(&farm.farm);
        stores.retain(|_, kind| wanted.fits(kind));
        if stores.is_empty() {
            return Err(wanted.none());
        }
        if let Some(of) = &args.of {
            let listed = listed(stores.keys());
            stores.retain(|store, _| store == of);
            if stores.is_empty() {
                let message = format!("the farm has no {} in `{of}`", wanted.words());
                return Err(input("no-store", message, &format!("it has: {listed}")));
            }
        }
        let local = Local::open(&path)?;
        let url = format!("https://{}", farm.farm.ingress.domain.name);
        let store = |(secret, kind): (SecretRef, Kind)| {
            let (file, gate_keys) = match &kind {
                Kind::Api { .. } => (local.store_file(&secret)?, None),
                Kind::Access { .. } => {
                    (local.access_keys_file(&secret)?, Some(local.gate_keys_file()?))
                }
            };
            let (secret, url, others) = (Some(secret), Some(url.clone()), Others::Nothing);
            Ok(Self { file, kind, secret, url, gate_keys, others })
        };
        stores.into_iter().map(store).collect()
    }

    /// The one store that the arguments mean.
    ///
    /// # Errors
    /// As [`Store::all`]; and if there are several.
    pub(super) fn find(args: &StoreArgs, wanted: Wanted, make: bool) -> Result<Self, Failure> {
        Self::only(Self::all(args, wanted, make)?)
    }

    /// The one store that has a key of this name or id, among several; the first, if there is but one.
    ///
    /// # Errors
    /// As [`Store::find`]; and if none of several has it.
    pub(super) fn with_key(args: &StoreArgs, which: &str) -> Result<Self, Failure> {
        let mut all = Self::all(args, Wanted::Any, false)?;
        if all.len() == 1 {
            return Self::only(all);
        }
        let mut has = Vec::new();
        for store in &all {
            has.push(store.read()?.has(which));
        }
        let mut has = has.into_iter();
        all.retain(|_| has.next().unwrap_or_default());
        if all.is_empty() {
            return Err(unchanged(&Unchanged::Nobody(which.to_owned())));
        }
        Self::only(all)
    }

    fn only(mut all: Vec<Self>) -> Result<Self, Failure> {
        match (all.len(), all.pop()) {
            (1, Some(store)) => Ok(store),
            (_, last) => {
                let names = all.iter().chain(&last).filter_map(|store| store.secret.as_ref());
                let message = format!("the farm has several stores: {}", listed(names));
                Err(input("several-stores", message, "say which with `--of`"))
            }
        }
    }

    /// A file that somebody names: others may read it, as it holds hashes, or secrets that are sealed.
    fn of_file(file: &Path, wanted: Wanted) -> Result<Self, Failure> {
        let access = match wanted {
            Wanted::Api => false,
            Wanted::Access => true,
            // What isn't a store of access keys is read as one of API keys, whose errors then say why.
            Wanted::Any => matches!(
                read_access_keys(file, Others::Read), Ok(Some(keys)) if !keys.is_empty()
            ),
        };
        let kind = match access {
            true => Kind::Access { scope: None },
            false => Kind::Api { header: HEADER.to_owned(), group_header: None },
        };
        let file = file.to_owned();
        let others = Others::Read;
        Ok(Self { file, kind, secret: None, url: None, gate_keys: None, others })
    }

    /// With the keys of this gate, in place of those of the farm on this machine.
    pub(super) fn sealed_by(mut self, keys: Option<&Path>) -> Self {
        self.gate_keys = keys.map(Path::to_owned).or(self.gate_keys);
        self
    }

    /// Its keys.
    ///
    /// # Errors
    /// If it can't be read, or is refused.
    pub(super) fn read(&self) -> Result<Keys, Failure> {
        match self.kind {
            Kind::Api { .. } => {
                read_store(&self.file, self.others).map(|it| Keys::Api(it.unwrap_or_default()))
            }
            Kind::Access { .. } => self.read_access().map(Keys::Access),
        }
    }

    /// Its access keys.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub(super) fn read_access(&self) -> Result<AccessKeys, Failure> {
        read_access_keys(&self.file, self.others).map(Option::unwrap_or_default)
    }

    /// Changes its API keys.
    ///
    /// # Errors
    /// If it can't be read or written, or stays as it is.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut ApiKeys) -> Result<T, Unchanged>,
    ) -> Result<T, Failure> {
        let _lock = lock([self.file.as_path()])?;
        let mut keys = read_store(&self.file, self.others)?.unwrap_or_default();
        let result = change(&mut keys).map_err(|error| unchanged(&error))?;
        private::write(&self.file, &keys.text())?;
        Ok(result)
    }

    /// Changes its access keys, without the gate's.
    ///
    /// # Errors
    /// As [`Store::change`].
    pub(super) fn change_access<T>(
        &self,
        change: impl FnOnce(&mut AccessKeys) -> Result<T, Unchanged>,
    ) -> Result<T, Failure> {
        let _lock = lock([self.file.as_path()])?;
        let mut keys = self.read_access()?;
        let result = change(&mut keys).map_err(|error| unchanged(&error))?;
        private::write(&self.file, &keys.text())?;
        Ok(result)
    }

    /// Changes its access keys, with the gate's keys, which stay as they are meanwhile.
    ///
    /// # Errors
    /// As [`Store::change`]; and if nobody says where the gate's keys are, or they can't be read.
    pub(super) fn change_sealed<T>(
        &self,
        change: impl FnOnce(&mut AccessKeys, &GateKeys) -> Result<T, Unchanged>,
    ) -> Result<T, Failure> {
        let gate_keys = self.gate_keys.as_deref().ok_or_else(no_gate_keys)?;
        let _lock = lock([gate_keys, self.file.as_path()])?;
        let gate = read_gate_keys(gate_keys)?.ok_or_else(|| no_file(gate_keys))?;
        let mut keys = self.read_access()?;
        let result = change(&mut keys, &gate).map_err(|error| unchanged(&error))?;
        private::write(&self.file, &keys.text())?;
        Ok(result)
    }

    /// The file with the gate's keys, if access keys are sealed with them.
    pub(super) fn gate_keys(&self) -> Option<&Path> {
        self.gate_keys.as_deref()
    }
}

// === impl Keys ===

impl Keys {
    /// Whether one has this name or id.
    fn has(&self, which: &str) -> bool {
        match self {
            Self::Api(keys) => keys.keys().iter().any(|key| key.id == which || key.name == which),
            Self::Access(keys) => {
                keys.keys().iter().any(|key| key.id == which || key.name == which)
            }
        }
    }

    /// As it is written.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Api(keys) => keys.text(),
            Self::Access(keys) => keys.text(),
        }
    }
}

/// Whether a farm issues access keys.
pub(super) fn issues(farm: &Farm) -> bool {
    stores(farm).values().any(|kind| Wanted::Access.fits(kind))
}

/// The farm's stores, each with what clients have to know; servers that are off have none.
fn stores(farm: &Farm) -> BTreeMap<SecretRef, Kind> {
    let own = gate::enabled(farm).filter_map(|(_, server)| server.auth.as_ref());
    let ways = std::iter::once(&farm.auth).chain(own).flatten();
    let mut stores = BTreeMap::new();
    for way in ways {
        let (store, kind) = match way {
            Auth::ApiKeys(keys) => {
                let header = keys.header.as_str().to_owned();
                let group = keys.group_header.as_ref();
                let group_header = group.map(|header| header.as_str().to_owned());
                (&keys.store, Kind::Api { header, group_header })
            }
            Auth::SigV4IssuedKeys(keys) => {
                let region = keys.region.as_ref().unwrap_or(&farm.region);
                let scope = (region.as_str().to_owned(), keys.service.as_str().to_owned());
                (&keys.store, Kind::Access { scope: Some(scope) })
            }
            Auth::StsProof(_) | Auth::ApigwIam(_) | Auth::Oauth(_) => continue,
        };
        // Where several servers name a store, the first says how.
        stores.entry(store.clone()).or_insert(kind);
    }
    stores
}

fn listed<'a>(names: impl Iterator<Item = &'a SecretRef>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn no_gate_keys() -> Failure {
    input(
        "no-gate-keys",
        "access keys are sealed with the keys of the gate that takes them".to_owned(),
        "name the file with these, which `farmgate key init` made, with `--keys`",
    )
}

pub(super) fn unchanged(error: &Unchanged) -> Failure {
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
        Unchanged::Closed { .. } => {
            "name the keys of the gate that sealed it with `--keys`; or revoke it and issue another"
                .to_owned()
        }
        _ => String::new(),
    };
    input("key-unchanged", error.to_string(), &help)
}
