//! Where the gate's keys and stores come from: the environment, files that are watched, or whoever
//! starts it. Values are held as secrets and never shown.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use secrecy::SecretString;
use thiserror::Error;

/// What follows a variable's name in the name of the variable with a file's path:
/// `FARMGATE_KEYS_FILE`.
const FILE_SUFFIX: &str = "_FILE";

/// The longest secret: what ECS puts into a variable is at most 64 KiB.
const LONGEST: u64 = 1 << 20;

/// The gate's secrets by the names that its configuration has for them: [`KEYS_VARIABLE`] and the
/// stores.
///
/// [`KEYS_VARIABLE`]: farmgate_farm::gate::KEYS_VARIABLE
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    by_name: BTreeMap<String, Source>,
}

#[derive(Clone)]
enum Source {
    Text(SecretString),
    File(PathBuf),
}

/// Why a secret can't be had.
#[derive(Debug, Error)]
pub enum SecretError {
    /// Nobody says where it is.
    #[error("`{0}` is not set: give the secret in it, or the path of a file in `{0}_FILE`")]
    Missing(String),
    /// The file can't be read.
    #[error("`{path}` of `{name}` can't be read: {error}")]
    Unreadable {
        /// The secret's name.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is too long, or is no text.
    #[error("`{path}` of `{name}` is no text of at most {LONGEST} bytes")]
    NoText {
        /// The secret's name.
        name: String,
        /// The file.
        path: PathBuf,
    },
}

/// What files looked like when they were read last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamps(BTreeMap<PathBuf, Option<(SystemTime, u64)>>);

// === impl Source ===

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("a secret"),
            Self::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

// === impl Secrets ===

impl Secrets {
    /// Those of the process's environment: each in its variable, or in the file that the variable
    /// with `_FILE` behind its name names.
    #[must_use]
    pub fn from_environment() -> Self {
        let mut secrets = Self::default();
        for (name, value) in std::env::vars_os() {
            let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
            if !name.starts_with("FARMGATE_") {
                continue;
            }
            match name.strip_suffix(FILE_SUFFIX) {
                Some(name) => secrets = secrets.file(name, PathBuf::from(value)),
                None => secrets = secrets.text(name, SecretString::from(value)),
            }
        }
        secrets
    }

    /// With one more.
    #[must_use]
    pub fn text(mut self, name: &str, value: SecretString) -> Self {
        // A file can change, so it goes before.
        self.by_name.entry(name.to_owned()).or_insert(Source::Text(value));
        self
    }

    /// With one more, read from a file and read again when the file changes.
    #[must_use]
    pub fn file(mut self, name: &str, path: PathBuf) -> Self {
        self.by_name.insert(name.to_owned(), Source::File(path));
        self
    }

    /// The secret of this name.
    ///
    /// # Errors
    /// If there is none, or if its file can't be read.
    pub fn get(&self, name: &str) -> Result<SecretString, SecretError> {
        match self.by_name.get(name) {
            Some(Source::Text(text)) => Ok(text.clone()),
            Some(Source::File(path)) => read(name, path),
            None => Err(SecretError::Missing(name.to_owned())),
        }
    }

    /// What the files look like now.
    #[must_use]
    pub fn stamps(&self) -> Stamps {
        let files = self.by_name.values().filter_map(|source| match source {
            Source::File(path) => Some((path.clone(), stamp(path))),
            Source::Text(_) => None,
        });
        Stamps(files.collect())
    }
}

/// When a file was written last, and how long it is; none if it isn't there.
pub(crate) fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let data = fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}

fn read(name: &str, path: &Path) -> Result<SecretString, SecretError> {
    let no_text = || SecretError::NoText { name: name.to_owned(), path: path.to_owned() };
    let unreadable =
        |error| SecretError::Unreadable { name: name.to_owned(), path: path.to_owned(), error };
    let mut text = String::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => no_text(),
        _ => unreadable(error),
    })?;
    if text.len() as u64 > LONGEST {
        return Err(no_text());
    }
    Ok(SecretString::from(text.trim_end()))
}
