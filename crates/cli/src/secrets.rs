//! What a farm needs to keep on this machine, and the secrets that it is given here.
//!
//! Beside the farm file there is a folder `.farmgate`, which is made at first use: the gate's keys,
//! the local authority, the stores of API keys, the audit. What the farm calls `secretsmanager:NAME`
//! or `ssm:NAME` is answered from `farm.secrets` beside the farm file, or from the environment. All
//! of it is for its owner alone, or it is refused. Nothing here talks to AWS, and no value gets into
//! a message, a command line or another file.

mod given;
pub(crate) mod private;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use farmgate_farm::word::SecretRef;
use farmgate_keys::{AccessKeys, ApiKeys, GateKeys};
use farmgate_wire::{Authority, CertificateError};
use secrecy::{ExposeSecret as _, SecretString};

use crate::problem::{Failure, Problem};
use given::Given;

pub use given::{Missing, variable};

/// The folder beside the farm file.
const FOLDER: &str = ".farmgate";

/// The file beside the farm file that holds secrets.
const SECRETS: &str = "farm.secrets";

/// What stands before the names of the local authority in the file with its certificate; readers of
/// PEM skip what is outside of its blocks.
const NAMES: &str = "farmgate's authority for this machine: localhost and ";

/// The longest file that is read.
const MAX_BYTES: u64 = 4 << 20;

/// What a farm keeps on this machine.
#[derive(Debug)]
pub struct Local {
    folder: PathBuf,
    given: Given,
}

// === impl Local ===

impl Local {
    /// Opens what is kept for the farm file at `farm`; makes the folder if there is none.
    ///
    /// # Errors
    /// If the folder or `farm.secrets` is open to others, or can't be read or written; if
    /// `farm.secrets` is wrong, with every problem and its place.
    pub fn open(farm: &Path) -> Result<Self, Failure> {
        let beside = farm.parent().filter(|parent| !parent.as_os_str().is_empty());
        let beside = beside.unwrap_or(Path::new("."));
        let folder = join(beside, FOLDER);
        private::folder(&folder)?;
        let ignore = folder.join(".gitignore");
        if private::read(&ignore, private::Others::Read, MAX_BYTES)?.is_none() {
            private::write(&ignore, "*\n")?;
        }
        let given = Given::read(&join(beside, SECRETS))?;
        Ok(Self { folder, given })
    }

    /// The folder itself: `.farmgate` beside the farm file.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file with the gate's own keys; they are made if there are none.
    ///
    /// # Errors
    /// If they can't be read or written, or are refused.
    pub fn gate_keys_file(&self) -> Result<PathBuf, Failure> {
        self.gate_keys().map(|_| self.folder.join("gate-keys.json"))
    }

    /// The gate's own keys; they are made if there are none.
    ///
    /// # Errors
    /// As [`Local::gate_keys_file`].
    pub fn gate_keys(&self) -> Result<GateKeys, Failure> {
        let file = self.folder.join("gate-keys.json");
        let _lock = private::lock(&self.folder)?;
        if let Some(keys) = read_gate_keys(&file)? {
            return Ok(keys);
        }
        let keys = GateKeys::generate().map_err(|error| wrong_file(&file, "bad-keys", &error))?;
        private::write(&file, &format!("{}\n", keys.text().expose_secret()))?;
        Ok(keys)
    }

    /// The file with the certificate of the local authority, for clients to trust.
    #[must_use]
    pub fn authority_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The authority that signs the gate's certificates on this machine: for `localhost`, loopback
    /// and these names, and for nothing else. It is made if there is none, or none for all of them;
    /// then clients have to trust the new one.
    ///
    /// # Errors
    /// If it can't be read, made or written.
    pub fn authority(&self, names: &[String]) -> Result<Authority, Failure> {
        let (certificate, key) = (self.authority_file(), self.folder.join("ca-key.pem"));
        let failed = |error: CertificateError| wrong_file(&certificate, "bad-authority", &error);
        let _lock = private::lock(&self.folder)?;
        let known = private::read(&certificate, private::Others::Nothing, MAX_BYTES)?;
        let secret = private::read(&key, private::Others::Nothing, MAX_BYTES)?;
        let mut all = names.to_vec();
        if let (Some(known), Some(secret)) = (known, secret) {
            let for_names: Vec<String> = names_of(&known);
            if names.iter().all(|name| for_names.contains(name)) {
                let secret = SecretString::from(secret.as_str());
                return Authority::parse(&known, &secret).map_err(failed);
            }
            all.extend(for_names);
        }
        all.sort();
        all.dedup();
        let made = Authority::make("farmgate on this machine", &all).map_err(failed)?;
        // The certificate comes last: where it is, its key is too.
        private::write(&key, made.key_pem().expose_secret())?;
        let text = format!("{NAMES}{}\n{}", all.join(" "), made.certificate_pem());
        private::write(&certificate, &text)?;
        Ok(made)
    }

    /// The file of a store of API keys. It is made, without keys, if there is none.
    ///
    /// # Errors
    /// If it can't be read or written, or is refused.
    pub fn store_file(&self, store: &SecretRef) -> Result<PathBuf, Failure> {
        let (folder, file) = self.store_path(store)?;
        let _lock = private::lock(&folder)?;
        if read_store(&file, private::Others::Nothing)?.is_none() {
            private::write(&file, &ApiKeys::default().text())?;
        }
        Ok(file)
    }

    /// The file of a store of access keys for SigV4, whose secrets are sealed with the gate's keys. It
    /// is made, without keys, if there is none.
    ///
    /// # Errors
    /// If it can't be read or written, or is refused.
    pub fn access_keys_file(&self, store: &SecretRef) -> Result<PathBuf, Failure> {
        let (folder, file) = self.store_path(store)?;
        let _lock = private::lock(&folder)?;
        if read_access_keys(&file, private::Others::Nothing)?.is_none() {
            private::write(&file, &AccessKeys::default().text())?;
        }
        Ok(file)
    }

    /// Where a store is: its folder, which is made, and its file, which may not be there.
    fn store_path(&self, store: &SecretRef) -> Result<(PathBuf, PathBuf), Failure> {
        let folder = self.folder.join("stores");
        private::folder(&folder)?;
        // No secret's name has `~` in it, so two names never are one file.
        let file = folder.join(format!("{}.json", store.name.replace('/', "~")));
        Ok((folder, file))
    }

    /// The folder for the audit.
    ///
    /// # Errors
    /// If it can't be made, or is open to others.
    pub fn audit_folder(&self) -> Result<PathBuf, Failure> {
        let folder = self.folder.join("audit");
        private::folder(&folder)?;
        Ok(folder)
    }

    /// The value of a secret: from `farm.secrets`, else from the environment.
    ///
    /// # Errors
    /// If nobody gives it, with where to put it.
    pub fn secret(&self, secret: &SecretRef) -> Result<SecretString, Missing> {
        self.given.secret(secret)
    }

    /// The values of many secrets.
    ///
    /// # Errors
    /// All that are missing; and two that would be answered from one environment variable.
    pub fn secrets<'a>(
        &self,
        wanted: impl IntoIterator<Item = &'a SecretRef>,
    ) -> Result<BTreeMap<SecretRef, SecretString>, Failure> {
        self.given.secrets(wanted)
    }
}

/// The keys of a file; none if it isn't there.
///
/// # Errors
/// If it can't be read, is open to others, or is refused.
pub(crate) fn read_gate_keys(file: &Path) -> Result<Option<GateKeys>, Failure> {
    let Some(text) = private::read(file, private::Others::Nothing, MAX_BYTES)? else {
        return Ok(None);
    };
    let text = SecretString::from(text.as_str());
    GateKeys::parse(&text).map(Some).map_err(|error| wrong_file(file, "bad-keys", &error))
}

/// The store of a file; none if it isn't there.
///
/// # Errors
/// If it can't be read, is open to others, or is refused.
pub(crate) fn read_store(file: &Path, others: private::Others) -> Result<Option<ApiKeys>, Failure> {
    let Some(text) = private::read(file, others, MAX_BYTES)? else {
        return Ok(None);
    };
    let text = SecretString::from(text.as_str());
    ApiKeys::parse(&text).map(Some).map_err(|error| wrong_file(file, "bad-store", &error))
}

/// The store of access keys in a file; none if it isn't there.
///
/// # Errors
/// If it can't be read, is open to others, or is refused.
pub(crate) fn read_access_keys(
    file: &Path,
    others: private::Others,
) -> Result<Option<AccessKeys>, Failure> {
    let Some(text) = private::read(file, others, MAX_BYTES)? else {
        return Ok(None);
    };
    let text = SecretString::from(text.as_str());
    AccessKeys::parse(&text).map(Some).map_err(|error| wrong_file(file, "bad-store", &error))
}

/// The names for which a certificate of ours is.
fn names_of(certificate: &str) -> Vec<String> {
    let line = certificate.lines().find_map(|line| line.strip_prefix(NAMES));
    line.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// A path in a folder, without the `./` of the current one: people read it.
fn join(folder: &Path, name: &str) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
}

fn wrong_file(file: &Path, code: &'static str, error: &dyn std::error::Error) -> Failure {
    Failure::input(vec![Problem::Plain {
        code,
        file: Some(file.to_string_lossy().into_owned()),
        message: error.to_string(),
        help: None,
    }])
}

#[cfg(test)]
mod tests;
