//! `farmgate key`: the gate's own keys, clients' API keys, and access keys for SigV4.
//!
//! A key goes to the standard output, once; what to do with it to the standard error. What is kept
//! are hashes, and secrets that are sealed with the gate's own keys. What a key may do is for the farm
//! file to say.

mod list;
mod rotate_gate;
mod say;
mod store;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use farmgate_farm::word::Duration;
use farmgate_keys::{GateKeys, KeysError, NewKey};
use secrecy::ExposeSecret as _;

use crate::args::{
    Color, Format, IssueFormat, Key, KeyAction, KeyAdd, KeyInit, KeyIssue, KeyRevoke, KeyRotate,
    StoreArgs,
};
use crate::exit::Exit;
use crate::farm::FarmFile;
use crate::problem::{Failure, Problem};
use crate::secrets::private;
use say::{Issued, Made};
use store::{Kind, Store, Wanted};

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
        KeyAction::IssueSigv4(issue) => self::issue(issue, color)?,
        KeyAction::Rotate(rotate) if rotate.gate => rotate_gate::run(rotate, color)?,
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

/// The secret in which a farm's gate finds its keys.
fn secret_of(farm: &FarmFile) -> String {
    let keys = farm.farm.gate.keys.as_ref();
    keys.map_or_else(|| format!("{}/gate-keys", farm.farm.farm.as_str()), |keys| keys.name.clone())
}

// === clients' keys ===

fn add(args: &KeyAdd, color: Color) -> Result<(), Failure> {
    let store = Store::find(&args.store, Wanted::Api, true)?;
    let now = now();
    let new = new_key(&args.group, args.name.as_deref(), args.expires.as_ref(), now);
    let (key, added) = store.change(|keys| {
        let (key, added) = keys.add(&new, now)?;
        Ok((key, added.clone()))
    })?;
    say::made(&Made { key: &key, added: &added, store: &store, old: None }, args.format, color)
}

fn issue(args: &KeyIssue, color: Color) -> Result<(), Failure> {
    let store = Store::find(&args.store, Wanted::Access, true)?.sealed_by(args.keys.as_deref());
    let now = now();
    let new = new_key(&args.group, args.name.as_deref(), args.expires.as_ref(), now);
    let (pair, added) = store.change_sealed(|keys, gate| {
        let (pair, added) = keys.issue(&new, gate, now)?;
        Ok((pair, added.clone()))
    })?;
    let issued = Issued { pair: &pair, added: &added, store: &store, old: None };
    say::issued(&issued, args.format, color)
}

fn new_key(group: &str, name: Option<&str>, expires: Option<&Duration>, now: i64) -> NewKey {
    let expires = expires.map(|time| now.saturating_add(seconds(time.as_seconds())));
    NewKey { name: name.map(str::to_owned), group: Some(group.to_owned()), expires }
}

fn rotate(args: &KeyRotate, color: Color) -> Result<(), Failure> {
    let which = args.key.as_deref().unwrap_or_default();
    let store = Store::with_key(&args.store, which)?.sealed_by(args.keys.as_deref());
    let now = now();
    let overlap = seconds(args.overlap.0);
    let expires = args.expires.map(|time| now.saturating_add(seconds(time.as_seconds())));
    let old = Some((overlap, now.saturating_add(overlap)));
    if let Kind::Access { .. } = store.kind {
        let (pair, added) = store.change_sealed(|keys, gate| {
            let (pair, added) = keys.rotate(which, overlap, expires, gate, now)?;
            Ok((pair, added.clone()))
        })?;
        let format = match args.format {
            Format::Text => IssueFormat::Env,
            Format::Json => IssueFormat::Json,
        };
        let issued = Issued { pair: &pair, added: &added, store: &store, old };
        return say::issued(&issued, format, color);
    }
    let (key, added) = store.change(|keys| {
        let (key, added) = keys.rotate(which, overlap, expires, now)?;
        Ok((key, added.clone()))
    })?;
    say::made(&Made { key: &key, added: &added, store: &store, old }, args.format, color)
}

fn revoke(args: &KeyRevoke, color: Color) -> Result<(), Failure> {
    let (which, all) = match (&args.key, &args.all_of) {
        (Some(key), _) => (key.as_str(), false),
        (None, name) => (name.as_deref().unwrap_or_default(), true),
    };
    let store = Store::with_key(&args.store, which)?;
    let gone: Vec<(String, String)> = match store.kind {
        Kind::Api { .. } => {
            let gone = store.change(|keys| keys.revoke(which, all))?;
            gone.into_iter().map(|key| (key.id, key.name)).collect()
        }
        Kind::Access { .. } => {
            let gone = store.change_access(|keys| keys.revoke(which, all))?;
            gone.into_iter().map(|key| (key.id, key.name)).collect()
        }
    };
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
