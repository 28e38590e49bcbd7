//! `farmgate key`: the gate's own keys, and clients' API keys.
//!
//! A key goes to the standard output, once; what to do with it to the standard error. What is kept
//! are hashes. What a key may do is for the farm file to say.

mod list;
mod say;
mod store;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use farmgate_keys::{GateKeys, KeysError, NewKey};
use secrecy::ExposeSecret as _;

use crate::args::{Color, Key, KeyAction, KeyAdd, KeyInit, KeyRevoke, KeyRotate, StoreArgs};
use crate::exit::Exit;
use crate::farm::FarmFile;
use crate::problem::{Failure, Problem};
use crate::secrets::{Local, private, read_gate_keys};
use say::Made;
use store::Store;

/// The farm file, if none is named.
const FARM: &str = "farm.yaml";

/// Does what the arguments ask for.
///
/// # Errors
/// If an input is wrong, or a file can't be read or written.
pub fn run(args: &Key, color: Color) -> Result<Exit, Failure> {
    match &args.action {
        KeyAction::Init(init) => self::init(init, color)?,
        KeyAction::Add(add) => self::add(add, color)?,
        KeyAction::List(list) => list::run(list, color)?,
        KeyAction::Rotate(rotate) if rotate.gate => rotate_gate(rotate, color)?,
        KeyAction::Rotate(rotate) => self::rotate(rotate, color)?,
        KeyAction::Revoke(revoke) => self::revoke(revoke, color)?,
    }
    Ok(Exit::Fine)
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn seconds(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

// === the gate's own keys ===

fn init(args: &KeyInit, color: Color) -> Result<(), Failure> {
    let secret = match &args.farm {
        Some(farm) => secret_of(&FarmFile::open(farm, args.env.as_deref())?),
        None => "FARM/gate-keys".to_owned(),
    };
    let keys = GateKeys::generate().map_err(|error| no_keys(&error))?;
    let text = keys.text();
    let line = format!("{}\n", text.expose_secret());
    match &args.out {
        None => say::gate_keys(&line, &keys, &secret, color),
        Some(file) => {
            if args.force {
                private::write(file, &line)?;
            } else {
                private::write_new(file, &line)?;
            }
            say::gate_keys_in(file, &keys, &secret, color)
        }
    }
}

fn rotate_gate(args: &KeyRotate, color: Color) -> Result<(), Failure> {
    let (file, secret) = match &args.keys {
        Some(file) => (file.clone(), "FARM/gate-keys".to_owned()),
        None => {
            let (path, farm) = farm(&args.store)?;
            (Local::open(&path)?.gate_keys_file()?, secret_of(&farm))
        }
    };
    let _lock = private::lock(private::folder_of(&file))?;
    let keys = read_gate_keys(&file)?.ok_or_else(|| no_file(&file))?;
    let keys = if args.retire { Ok(keys.retire()) } else { keys.rotate() };
    let keys = keys.map_err(|error| no_keys(&error))?;
    private::write(&file, &format!("{}\n", keys.text().expose_secret()))?;
    say::gate_keys_rotated(&file, &keys, &secret, args.format, color)
}

/// The secret in which a farm's gate finds its keys.
fn secret_of(farm: &FarmFile) -> String {
    let keys = farm.farm.gate.keys.as_ref();
    keys.map_or_else(|| format!("{}/gate-keys", farm.farm.farm.as_str()), |keys| keys.name.clone())
}

// === API keys ===

fn add(args: &KeyAdd, color: Color) -> Result<(), Failure> {
    let store = Store::find(&args.store, true)?;
    let now = now();
    let expires = args.expires.map(|time| now.saturating_add(seconds(time.as_seconds())));
    let new = NewKey { name: args.name.clone(), group: Some(args.group.clone()), expires };
    let (key, added) = store.change(|keys| {
        let (key, added) = keys.add(&new, now)?;
        Ok((key, added.clone()))
    })?;
    say::made(&Made { key: &key, added: &added, store: &store, old: None }, args.format, color)
}

fn rotate(args: &KeyRotate, color: Color) -> Result<(), Failure> {
    let which = args.key.as_deref().unwrap_or_default();
    let store = Store::find(&args.store, false)?;
    let now = now();
    let overlap = seconds(args.overlap.0);
    let expires = args.expires.map(|time| now.saturating_add(seconds(time.as_seconds())));
    let (key, added) = store.change(|keys| {
        let (key, added) = keys.rotate(which, overlap, expires, now)?;
        Ok((key, added.clone()))
    })?;
    let old = Some((overlap, now.saturating_add(overlap)));
    say::made(&Made { key: &key, added: &added, store: &store, old }, args.format, color)
}

fn revoke(args: &KeyRevoke, color: Color) -> Result<(), Failure> {
    let (which, all) = match (&args.key, &args.all_of) {
        (Some(key), _) => (key.as_str(), false),
        (None, name) => (name.as_deref().unwrap_or_default(), true),
    };
    let store = Store::find(&args.store, false)?;
    let gone = store.change(|keys| keys.revoke(which, all))?;
    say::revoked(&gone, &store, color)
}

// === what several do ===

/// The farm file of the arguments, and where it is.
fn farm(args: &StoreArgs) -> Result<(PathBuf, FarmFile), Failure> {
    let path = args.farm.clone().unwrap_or_else(|| PathBuf::from(FARM));
    if args.farm.is_none() && !path.is_file() {
        return Err(input(
            "no-farm",
            "there is no farm.yaml here".to_owned(),
            "name the farm file with `--farm`, or the store's file with `--store`",
        ));
    }
    let file = FarmFile::open(&path, args.env.as_deref())?;
    Ok((path, file))
}

fn input(code: &'static str, message: String, help: &str) -> Failure {
    let help = Some(help.to_owned()).filter(|help| !help.is_empty());
    Failure::input(vec![Problem::Plain { code, file: None, message, help }])
}

fn no_keys(error: &KeysError) -> Failure {
    let message = error.to_string();
    Failure::environment(vec![Problem::Plain { code: "no-keys", file: None, message, help: None }])
}

fn no_file(file: &Path) -> Failure {
    Failure::environment(vec![Problem::Plain {
        code: "cannot-read",
        file: Some(file.to_string_lossy().into_owned()),
        message: "there is no such file".to_owned(),
        help: None,
    }])
}
