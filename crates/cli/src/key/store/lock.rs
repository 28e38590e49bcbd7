//! Locks of several files' folders, always in one order, so that two commands never wait for each
//! other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::problem::Failure;
use crate::secrets::private::{self, Lock};

/// Locks the folders of these files, each once, until what this gives is dropped.
///
/// # Errors
/// If one can't be locked.
pub(in crate::key) fn lock<'a>(
    files: impl IntoIterator<Item = &'a Path>,
) -> Result<Vec<Lock>, Failure> {
    let folder = |file: &Path| -> PathBuf {
        let folder = private::folder_of(file);
        // Two ways to write a folder are one folder, and a lock that is asked for twice is waited for.
        std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
    };
    let folders: BTreeSet<PathBuf> = files.into_iter().map(folder).collect();
    folders.iter().map(|folder| private::lock(folder)).collect()
}
