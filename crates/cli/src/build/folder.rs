//! Writes a generated module to a folder: all of it or nothing, and never over a person's changes.
//!
//! What was written is listed with its hash in [`MANIFEST`]. A listed file whose hash differs was
//! changed by hand; a file that is there and isn't listed is the person's own. Files are written to
//! temporary names first, and then renamed, the manifest last.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::problem::{Failure, Problem};
use crate::staged::{cannot_write, staged};

/// The list of what was written.
pub const MANIFEST: &str = ".farmgate.json";

/// The version of the list's format.
const VERSION: u32 = 1;

/// What was written.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    version: u32,
    /// The release that wrote it.
    farmgate: String,
    /// Files, with the SHA-256 of their content in hexadecimal digits.
    files: BTreeMap<String, String>,
}

/// What became of the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// How many are new or differ from before.
    pub written: usize,
    /// How many were as they are.
    pub unchanged: usize,
    /// How many were taken away, as the farm has no use for them any more.
    pub removed: usize,
    /// The release that wrote the folder before, if any did.
    pub before: Option<String>,
}

/// Writes a module.
///
/// # Errors
/// If files would be overwritten that farmgate didn't write, or that were changed since; if the
/// folder can't be read or written.
pub fn write(
    folder: &Path,
    files: &BTreeMap<String, String>,
    force: bool,
) -> Result<Written, Failure> {
    let before = read_manifest(folder, force)?;
    if !force {
        refuse_changes(folder, files, &before)?;
    }
    fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    let mut done = Written {
        before: Some(before.farmgate.clone()).filter(|release| !release.is_empty()),
        ..Written::default()
    };
    let mut pending = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            done.unchanged += 1;
            continue;
        }
        pending.push((staged(folder, name, text)?, path));
        done.written += 1;
    }
    for (temporary, path) in pending {
        temporary.persist(&path).map_err(|error| cannot_write(&path, &error.error))?;
    }
    for name in before.files.keys().filter(|name| !files.contains_key(*name)) {
        match fs::remove_file(folder.join(name)) {
            Ok(()) => done.removed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot_write(&folder.join(name), &error)),
        }
    }
    write_manifest(folder, files)?;
    Ok(done)
}

fn read_manifest(folder: &Path, force: bool) -> Result<Manifest, Failure> {
    let path = folder.join(MANIFEST);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Manifest::default()),
        Err(error) => return Err(cannot_write(&path, &error)),
    };
    let manifest: Option<Manifest> = serde_json::from_slice(&bytes).ok();
    // A name with a folder in it is none that was ever written; it could lead out of the folder.
    let plain = |manifest: &Manifest| {
        manifest.version == VERSION && manifest.files.keys().all(|name| !name.contains(['/', '\\']))
    };
    match manifest.filter(plain) {
        Some(manifest) => Ok(manifest),
        None if force => Ok(Manifest::default()),
        None => Err(Failure::input(vec![Problem::Plain {
            code: "bad-manifest",
            file: Some(path.to_string_lossy().into_owned()),
            message: "this is not a list that farmgate wrote, or another version did".to_owned(),
            help: Some("take another folder, or --force to overwrite what is there".to_owned()),
        }])),
    }
}

fn write_manifest(folder: &Path, files: &BTreeMap<String, String>) -> Result<(), Failure> {
    let manifest = Manifest {
        version: VERSION,
        farmgate: env!("CARGO_PKG_VERSION").to_owned(),
        files: files.iter().map(|(name, text)| (name.clone(), hash(text.as_bytes()))).collect(),
    };
    // A tree of texts can always be written.
    let mut text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    text.push('\n');
    let path = folder.join(MANIFEST);
    if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    let file = staged(folder, MANIFEST, &text)?;
    file.persist(&path).map_err(|error| cannot_write(&path, &error.error))?;
    Ok(())
}

/// One problem for every file that a person made or changed and that would be overwritten.
fn refuse_changes(
    folder: &Path,
    files: &BTreeMap<String, String>,
    before: &Manifest,
) -> Result<(), Failure> {
    let mut problems = Vec::new();
    let names: std::collections::BTreeSet<&String> =
        files.keys().chain(before.files.keys()).collect();
    for name in names {
        let path = folder.join(name);
        let there = match fs::read(&path) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(cannot_write(&path, &error)),
        };
        if files.get(name).is_some_and(|text| text.as_bytes() == there) {
            continue;
        }
        let message = match before.files.get(name) {
            Some(known) if *known == hash(&there) => continue,
            Some(_) => "this was changed by hand since farmgate wrote it",
            None => "this is there, and farmgate didn't write it",
        };
        problems.push(Problem::Plain {
            code: "changed-by-hand",
            file: Some(path.to_string_lossy().into_owned()),
            message: message.to_owned(),
            help: Some(
                "keep what is yours in a file of its own, or take --force to overwrite it".into(),
            ),
        });
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::input(problems)) }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
