//! `farmgate key rotate --gate`: the gate's own keys one step on, and the access keys that are sealed
//! with them sealed anew.
//!
//! Each file is replaced as a whole, the stores before the keys. A store that is written is sealed with
//! the key that comes into use, which the old keys have as the next one. So whoever stops this in
//! between, and whichever of the files a gate has read, every store can be opened.

use std::path::{Path, PathBuf};

use farmgate_keys::{AccessKeys, GateKeys};
use secrecy::ExposeSecret as _;

use super::store::{Store, Wanted, lock, unchanged};
use super::{farm, no_file, no_keys, say, secret_of};
use crate::args::{Color, KeyRotate};
use crate::problem::Failure;
use crate::secrets::{Local, private, read_gate_keys};

/// Which keys are rotated, and what is sealed with them.
struct Place {
    file: PathBuf,
    /// Their name in Secrets Manager.
    secret: String,
    stores: Vec<Store>,
}

/// Rotates the keys, or retires the older ones.
///
/// # Errors
/// If a file can't be read or written, or a store can't be opened. Then nothing is changed, or what
/// was changed is still good.
pub(super) fn run(args: &KeyRotate, color: Color) -> Result<(), Failure> {
    let Place { file, secret, stores } = place(args)?;
    let files = stores.iter().map(|store| store.file.as_path());
    let _lock = lock(files.chain([file.as_path()]))?;
    let old = read_gate_keys(&file)?.ok_or_else(|| no_file(&file))?;
    let new = if args.retire { Ok(old.retire()) } else { old.rotate() };
    let new = new.map_err(|error| no_keys(&error))?;
    let mut sealed: Vec<(&Path, AccessKeys)> = Vec::new();
    for store in &stores {
        let keys = store.read_access()?;
        if !keys.is_empty() {
            sealed.push((&store.file, resealed(keys, &old, &new)?));
        }
    }
    for (file, keys) in &sealed {
        private::write(file, &keys.text())?;
    }
    private::write(&file, &format!("{}\n", new.text().expose_secret()))?;
    let sealed: Vec<&Store> =
        stores.iter().filter(|store| sealed.iter().any(|(file, _)| *file == store.file)).collect();
    say::gate_keys_rotated(&file, &new, &secret, &sealed, args.format, color)
}

fn place(args: &KeyRotate) -> Result<Place, Failure> {
    if let Some(file) = &args.keys {
        let stores = match &args.store.store {
            Some(_) => Store::all(&args.store, Wanted::Access, false)?,
            None => Vec::new(),
        };
        return Ok(Place { file: file.clone(), secret: "FARM/gate-keys".to_owned(), stores });
    }
    let (path, farm) = farm(&args.store)?;
    let file = Local::open(&path)?.gate_keys_file()?;
    let issues = super::store::issues(&farm.farm);
    let stores = if issues { Store::all(&args.store, Wanted::Access, false)? } else { Vec::new() };
    Ok(Place { file, secret: secret_of(&farm), stores })
}

/// Access keys sealed with the key of `new` that is in use. `old` may have keys that `new` drops.
fn resealed(mut keys: AccessKeys, old: &GateKeys, new: &GateKeys) -> Result<AccessKeys, Failure> {
    // First with the key that is in use, which both have: `new` may not open what is older.
    keys.reseal(old).and_then(|()| keys.reseal(new)).map_err(|error| unchanged(&error))?;
    Ok(keys)
}
