//! A certificate's files: read together, and seen to have changed.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use secrecy::SecretString;

use super::{CertificateError, Pair};

/// The two files.
#[derive(Debug)]
pub(super) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// What was read last and was good.
    read: Mutex<Option<Stamp>>,
}

/// What tells one version of the files from another, without reading them.
type Stamp = [(u64, u64, u64, i64, i64); 2];

impl Files {
    pub(super) fn new(certificate: &Path, key: &Path) -> Self {
        Self { certificate: certificate.into(), key: key.into(), read: Mutex::default() }
    }

    /// Reads them for the first time.
    pub(super) fn read(&self) -> Result<Pair, CertificateError> {
        let stamp = self.stamp();
        let pair = self.pair()?;
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = stamp.ok();
        Ok(pair)
    }

    /// Reads them again; if they can be used, they are what was read last.
    pub(super) fn reload(
        &self,
        take: impl FnOnce(&Pair) -> Result<bool, CertificateError>,
    ) -> Result<bool, CertificateError> {
        // From before reading: what changes meanwhile shows as a change afterwards.
        let stamp = self.stamp();
        // Held over all of it, so that of two reloads the later one's files are those that stay.
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = take(&self.pair()?)?;
        *read = stamp.ok();
        Ok(taken)
    }

    /// Whether they are others than those read last. If one of them is not there, they are: trying
    /// to read them says what is wrong.
    pub(super) fn changed(&self) -> bool {
        let stamp = self.stamp().ok();
        stamp.is_none() || stamp != *self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stamp(&self) -> io::Result<Stamp> {
        let of = |path: &Path| fs::metadata(path).map(|file| stamp(&file));
        Ok([of(&self.certificate)?, of(&self.key)?])
    }

    fn pair(&self) -> Result<Pair, CertificateError> {
        let read = |path: &Path| {
            fs::read_to_string(path)
                .map_err(|error| CertificateError::Read { path: path.display().to_string(), error })
        };
        Ok(Pair { chain: read(&self.certificate)?, key: SecretString::from(read(&self.key)?) })
    }
}

fn stamp(file: &Metadata) -> (u64, u64, u64, i64, i64) {
    (file.dev(), file.ino(), file.size(), file.mtime(), file.mtime_nsec())
}
