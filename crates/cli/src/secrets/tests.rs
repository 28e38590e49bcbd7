//! What a farm keeps on this machine: made once, private, the same the next time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::thread;

use farmgate_farm::record::Word as _;
use tempfile::TempDir;

use super::*;

fn farm() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let farm = folder.path().join("farm.yaml");
    (folder, farm)
}

fn open(farm: &Path) -> Local {
    Local::open(farm).map_err(|failure| failure.problems).expect("open")
}

fn fine<T>(result: Result<T, Failure>) -> T {
    result.map_err(|failure| failure.problems).expect("fine")
}

fn said<T>(result: Result<T, Failure>) -> String {
    let failure = result.map(drop).expect_err("refused");
    failure.problems.iter().map(Problem::render).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn what_is_made_once_is_there_the_next_time() {
    let (_folder, farm) = farm();
    let local = open(&farm);
    let keys = fine(local.gate_keys());
    let authority = fine(local.authority(&[]));
    let again = open(&farm);
    assert_eq!(fine(again.gate_keys()).public(), keys.public());
    let block = |authority: &Authority| {
        let pem = authority.certificate_pem();
        pem[pem.find("-----BEGIN").expect("a block")..].to_owned()
    };
    assert_eq!(block(&fine(again.authority(&[]))), block(&authority));
    let store = SecretRef::parse("secretsmanager:tools/web/keys").map_err(|bad| bad.title).unwrap();
    let file = fine(again.store_file(&store));
    assert_eq!(fs::read_to_string(&file).unwrap(), "{\"version\":1,\"keys\":[]}\n");
    assert_eq!(file, fine(local.store_file(&store)));
    let folders = [local.folder().to_owned(), fine(local.audit_folder())];
    for folder in folders.iter().chain([&local.folder().join("stores")]) {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    for file in ["gate-keys.json", "ca.pem", "ca-key.pem"] {
        assert_eq!(mode(&local.folder().join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn an_authority_is_for_the_names_that_are_wanted() {
    let (_folder, farm) = farm();
    let local = open(&farm);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let pem = |wanted: &[&str]| {
        fine(local.authority(&names(wanted)));
        fs::read_to_string(local.authority_file()).unwrap()
    };
    let first = pem(&["mcp.example.com"]);
    assert!(first.starts_with(NAMES) && first.contains("mcp.example.com\n-----BEGIN CERTIFICATE"));
    // For fewer names it stays; for others it is made anew, for all.
    assert_eq!(pem(&[]), first);
    let second = pem(&["b.example.com"]);
    assert_ne!(second, first);
    assert_eq!(pem(&["mcp.example.com", "b.example.com"]), second);
}

#[test]
fn two_at_once_make_one() {
    let (_folder, farm) = farm();
    let public: Vec<String> = thread::scope(|scope| {
        let make = || fine(open(&farm).gate_keys()).public();
        let running: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        running.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(public.iter().all(|it| *it == public[0]));
}

#[test]
fn what_is_damaged_is_refused_and_kept() {
    let (_folder, farm) = farm();
    let local = open(&farm);
    fine(local.gate_keys());
    let file = local.folder().join("gate-keys.json");
    fs::write(&file, "hunter2\n").unwrap();
    let said = said(local.gate_keys());
    assert!(said.contains("error[bad-keys]") && said.contains("gate-keys.json"), "{said}");
    assert!(!said.contains("hunter2"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "hunter2\n");
}

#[test]
fn what_is_no_private_folder_is_refused() {
    for bad in [0o750, 0o701, 0o777] {
        let (_folder, farm) = farm();
        let local = open(&farm);
        fs::set_permissions(local.folder(), Permissions::from_mode(bad)).unwrap();
        let said = said(Local::open(&farm));
        assert!(said.contains("chmod 700 "), "{said}");
        assert!(said.contains(&format!("mode {bad:04o}")), "{said}");
    }
    let (folder, farm) = farm();
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    symlink("elsewhere", folder.path().join(".farmgate")).unwrap();
    assert!(said(Local::open(&farm)).contains("is no folder"));
    fs::remove_file(folder.path().join(".farmgate")).unwrap();
    fs::write(folder.path().join(".farmgate"), "").unwrap();
    assert!(said(Local::open(&farm)).contains("is no folder"));
}

#[test]
fn a_key_that_is_open_to_others_is_refused() {
    let (_folder, farm) = farm();
    let local = open(&farm);
    fine(local.gate_keys());
    fine(local.authority(&[]));
    for name in ["gate-keys.json", "ca-key.pem"] {
        let file = local.folder().join(name);
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let said = match name {
            "ca-key.pem" => said(local.authority(&[])),
            _ => said(local.gate_keys()),
        };
        assert!(said.contains("error[not-private]") && said.contains("chmod 600"), "{said}");
    }
}

/// Only root can give files away, so only root can try this.
#[test]
fn what_belongs_to_somebody_else_is_refused() {
    const NOBODY: u32 = 65_534;
    let (folder, farm) = farm();
    let local = open(&farm);
    fine(local.gate_keys());
    if chown(local.folder().join("gate-keys.json"), Some(NOBODY), None).is_err() {
        return;
    }
    assert!(said(local.gate_keys()).contains("this belongs to another user"));
    chown(local.folder(), Some(NOBODY), None).unwrap();
    assert!(said(Local::open(&farm)).contains(".farmgate: this belongs to another user"));
    drop(folder);
}

/// A pipe or a folder of the name isn't waited for, or read.
#[test]
fn what_is_no_file_is_refused() {
    let (folder, farm) = farm();
    fs::create_dir(folder.path().join("farm.secrets")).unwrap();
    assert!(said(Local::open(&farm)).contains("farm.secrets: this is no file"));
    fs::remove_dir(folder.path().join("farm.secrets")).unwrap();
    let pipe = folder.path().join("farm.secrets");
    let made = std::process::Command::new("mkfifo").arg("-m").arg("600").arg(&pipe).status();
    if made.is_ok_and(|made| made.success()) {
        assert!(said(Local::open(&farm)).contains("farm.secrets: this is a pipe"));
    }
}
