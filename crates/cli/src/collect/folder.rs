//! Writes a collection to its folder: all of it or nothing, for its owner alone, and only over what
//! was a collection before.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use farmgate_live::collect::Collected;
use tempfile::TempDir;

use crate::input::unreadable;
use crate::problem::{Failure, Problem};
use crate::staged::cannot_write;

/// The file that says what a folder is. It is no source, so it has no ending of one.
const MARK: &str = ".farmgate-collection";

/// Whether a folder may be written.
///
/// # Errors
/// If something is there that is no collection, or a collection and `force` isn't given.
pub(super) fn check(folder: &Path, force: bool) -> Result<(), Failure> {
    let refused = |message: &str, help: &str| {
        Err(Failure::input(vec![Problem::Plain {
            code: "would-overwrite",
            file: Some(folder.to_string_lossy().into_owned()),
            message: message.to_owned(),
            help: Some(help.to_owned()),
        }]))
    };
    let entries = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return refused("this is no folder", "name a folder that isn't there yet");
        }
        Err(error) => {
            return Err(Failure::environment(vec![unreadable(&folder.to_string_lossy(), &error)]));
        }
    };
    if !entries {
        return Ok(());
    }
    if !folder.join(MARK).is_file() {
        return refused(
            "the folder has files that `farmgate collect` didn't write",
            "name a folder that isn't there yet",
        );
    }
    if !force {
        return refused("the folder holds an earlier collection", "give --force to replace it");
    }
    Ok(())
}

/// Writes a collection beside the folder, and then in its place.
///
/// # Errors
/// As [`check`]; or if it can't be written.
pub(super) fn write(folder: &Path, collected: &Collected, force: bool) -> Result<(), Failure> {
    check(folder, force)?;
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let failed = |error: io::Error| cannot_write(folder, &error);
    fs::create_dir_all(&parent).map_err(failed)?;
    let made = filled(&parent, collected).map_err(failed)?;
    // A folder can't be put over one that isn't empty.
    let before = match fs::symlink_metadata(folder) {
        Ok(_) => {
            let aside = tempfile::Builder::new().prefix(".farmgate-").tempdir_in(&parent);
            let aside = aside.map_err(failed)?;
            fs::rename(folder, aside.path().join("before")).map_err(failed)?;
            Some(aside)
        }
        Err(_) => None,
    };
    if let Err(error) = fs::rename(made.path(), folder) {
        if let Some(aside) = &before {
            fs::rename(aside.path().join("before"), folder).map_err(failed)?;
        }
        return Err(failed(error));
    }
    // It is where it belongs, and no longer temporary.
    let _moved = made.keep();
    if let Some(aside) = before {
        aside.close().map_err(failed)?;
    }
    Ok(())
}

/// A temporary folder with all that was collected in it.
fn filled(parent: &Path, collected: &Collected) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let made = builder.prefix(".farmgate-").tempdir_in(parent)?;
    for document in &collected.documents {
        let folder = made.path().join(&document.folder);
        make(&folder)?;
        put(&folder.join(&document.file), &document.text())?;
    }
    let said = format!(
        "farmgate {}\naccount {}\nregions {}\n",
        env!("CARGO_PKG_VERSION"),
        collected.account.as_deref().unwrap_or("unknown"),
        collected.regions.join(" ")
    );
    put(&made.path().join(MARK), &said)?;
    Ok(made)
}

/// A folder for its owner alone; the temporary one around it is such already.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A file for its owner alone.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
