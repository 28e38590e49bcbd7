//! `farmgate key`, as a process: what it prints, what it keeps, what it refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "key/access.rs"]
mod access;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a farm in it.
struct Place(TempDir);

const FARM: &str = "\
farm: tools
region: eu-central-1
ingress:
  allow: [203.0.113.0/24]
  domain: { name: mcp.example.com, zone: Z0123456789ABCDEFGHIJ }
auth:
  - api_keys:
      { store: \"secretsmanager:tools/api-keys\", header: x-tools-key, group_header: x-group-name }
servers:
  python: { route: /python/* }
";

impl Place {
    fn new() -> Self {
        Self::with(FARM)
    }

    fn with(farm: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("farm.yaml"), farm).expect("written");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_farmgate"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null());
        command.env_remove("CLICOLOR_FORCE").env("NO_COLOR", "1");
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("farmgate runs")
    }

    /// What it prints when all is well.
    #[track_caller]
    fn fine(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
        out(&output)
    }

    /// What it says when it refuses.
    #[track_caller]
    fn refused(&self, args: &[&str], code: i32) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}{}", out(&output), err(&output));
        assert_eq!(out(&output), "", "{args:?}");
        err(&output)
    }

    fn listed(&self, more: &[&str]) -> Vec<Value> {
        let args = [&["key", "list", "--format", "json"], more].concat();
        serde_json::from_str(&self.fine(&args)).expect("JSON")
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("changed");
}

/// All files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

const STORE: &str = ".farmgate/stores/tools~api-keys.json";

// === API keys ===

#[test]
fn a_key_is_printed_once_and_its_hash_is_kept() {
    let place = Place::new();
    let output = place.run(&["key", "add", "--group", "researchers", "--name", "alice"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    // The standard output is the key alone, for scripts.
    let key = out(&output);
    let key = key.strip_suffix('\n').expect("one line");
    let parts: Vec<&str> = key.splitn(3, '_').collect();
    assert_eq!((parts[0], parts[1].len(), parts[2].len()), ("fg", 12, 43));
    let said = err(&output);
    for word in ["key:alice", "group researchers", parts[1], "x-tools-key: KEY", STORE] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(said.contains("x-group-name: researchers"), "{said}");
    assert!(said.contains("put-secret-value --secret-id tools/api-keys"), "{said}");
    assert!(!said.contains(parts[2]), "{said}");
    // No file holds the key, or its secret part.
    let mut all = Vec::new();
    files(place.0.path(), &mut all);
    assert!(all.len() >= 3);
    for file in all {
        let text = fs::read_to_string(&file).expect("text");
        assert!(!text.contains(parts[2]), "{}", file.display());
    }
    let store: Value =
        serde_json::from_str(&fs::read_to_string(place.path(STORE)).unwrap()).unwrap();
    let kept = store["keys"][0].as_object().unwrap();
    assert_eq!(kept["id"], parts[1]);
    assert_eq!(kept["sha256"].as_str().map(str::len), Some(64));
    assert!(!kept.contains_key("expires"));
}

#[test]
fn files_and_folders_are_their_owners_alone() {
    let place = Place::new();
    place.fine(&["key", "add", "--group", "g"]);
    for folder in [".farmgate", ".farmgate/stores"] {
        assert_eq!(mode(&place.path(folder)), 0o700, "{folder}");
    }
    assert_eq!(mode(&place.path(STORE)), 0o600);
    // The folder keeps itself out of repositories.
    assert_eq!(fs::read_to_string(place.path(".farmgate/.gitignore")).unwrap(), "*\n");
    // Nothing temporary is left.
    let mut all = Vec::new();
    files(&place.path(".farmgate"), &mut all);
    assert_eq!(all.len(), 2, "{all:?}");
}

#[test]
fn what_others_could_read_or_change_is_refused() {
    for (path, bad, help) in [
        (".farmgate", 0o755, "chmod 700 .farmgate"),
        (".farmgate/stores", 0o770, "chmod 700 .farmgate/stores"),
        (STORE, 0o640, "chmod 600 .farmgate/stores/tools~api-keys.json"),
        (STORE, 0o602, "chmod 600 .farmgate/stores/tools~api-keys.json"),
    ] {
        let place = Place::new();
        place.fine(&["key", "add", "--group", "g", "--name", "alice"]);
        set_mode(&place.path(path), bad);
        for args in
            [&["key", "list"][..], &["key", "add", "--group", "g"], &["key", "rotate", "alice"]]
        {
            let said = place.refused(args, 3);
            assert!(said.contains("error[not-private]"), "{said}");
            assert!(said.contains(help), "{said}");
        }
    }
    // A folder that is a link leads who knows where.
    let place = Place::new();
    fs::create_dir(place.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", place.path(".farmgate")).unwrap();
    assert!(place.refused(&["key", "list"], 3).contains("is no folder"));
}

#[test]
fn a_store_of_ones_own_may_be_read_by_others_and_not_changed() {
    let place = Place::new();
    let add = ["key", "add", "--group", "g", "--store", "store.json"];
    place.fine(&add);
    assert_eq!(mode(&place.path("store.json")), 0o600);
    assert!(!place.path(".farmgate").exists());
    set_mode(&place.path("store.json"), 0o644);
    assert_eq!(place.listed(&["--store", "store.json"]).len(), 1);
    set_mode(&place.path("store.json"), 0o664);
    let said = place.refused(&add, 3);
    assert!(said.contains("others may change this (mode 0664)"), "{said}");
    assert!(said.contains("chmod go-w store.json"), "{said}");
}

#[test]
fn keys_are_listed_without_what_lets_somebody_in() {
    let place = Place::new();
    let key = place.fine(&["key", "add", "--group", "g", "--name", "alice", "--expires", "90d"]);
    place.fine(&["key", "add", "--group", "h", "--name", "bob", "--expires", "3d"]);
    place.fine(&["key", "add", "--group", "h", "--name", "carol"]);
    let table = place.fine(&["key", "list"]);
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["id", "name", "group", "created", "expires", "state"]);
    assert_eq!((rows[1][1], rows[1][2], rows[1][5]), ("alice", "g", "holds"));
    assert_eq!(rows[2][5..], ["ends", "in", "3", "d"]);
    assert_eq!(rows[3][4..], ["-", "holds"]);
    let listed = place.listed(&[]);
    let states: Vec<&str> = listed.iter().map(|key| key["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["holds", "ends", "holds"]);
    let secret = key.trim().splitn(3, '_').nth(2).unwrap();
    assert!(!table.contains(secret) && !table.contains("sha256"));
    assert!(listed[0].get("sha256").is_none());
}

#[test]
fn a_store_without_keys_says_so() {
    let place = Place::new();
    assert!(place.fine(&["key", "list"]).starts_with("no keys in .farmgate/stores/"));
    assert_eq!(place.listed(&[]), Vec::<Value>::new());
}

#[test]
fn a_rotation_lets_both_keys_in_for_a_while() {
    let place = Place::new();
    let old = place.fine(&["key", "add", "--group", "g", "--name", "alice", "--expires", "90d"]);
    let output = place.run(&["key", "rotate", "alice", "--overlap", "2h"]);
    let new = out(&output);
    assert!(err(&output).contains("the old one holds for 2 h more"), "{}", err(&output));
    assert_ne!(old, new);
    let listed = place.listed(&[]);
    let ids = [&old, &new].map(|key| key.split('_').nth(1).unwrap().to_owned());
    assert_eq!(listed.iter().map(|key| key["id"].clone()).collect::<Vec<_>>(), ids);
    assert!(listed.iter().all(|key| key["name"] == "alice" && key["group"] == "g"));
    let states: Vec<&str> = listed.iter().map(|key| key["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["ends", "holds"]);
    // The new one holds for as long as the old one was made for.
    assert!(listed[1]["expires"].as_str().unwrap() > listed[0]["expires"].as_str().unwrap());
    // By its id, and at once.
    let output = place.run(&["key", "rotate", &ids[1], "--overlap", "0"]);
    assert!(err(&output).contains("the old one holds no longer"), "{}", err(&output));
    assert_eq!(place.listed(&[])[1]["state"], "expired");
}

#[test]
fn a_revoked_key_is_gone() {
    let place = Place::new();
    place.fine(&["key", "add", "--group", "g", "--name", "alice"]);
    place.fine(&["key", "rotate", "alice"]);
    place.fine(&["key", "add", "--group", "g", "--name", "bob"]);
    let said = place.refused(&["key", "revoke", "alice"], 2);
    assert!(said.contains("2 keys have the name `alice`"), "{said}");
    assert!(said.contains("--all-of alice"), "{said}");
    let id = place.listed(&[])[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(place.fine(&["key", "revoke", &id]), format!("revoked {id} of alice\n"));
    assert_eq!(place.listed(&[]).len(), 2);
    place.fine(&["key", "revoke", "--all-of", "alice"]);
    assert_eq!(place.listed(&[]).len(), 1);
    let said = place.refused(&["key", "revoke", "alice"], 2);
    assert!(said.contains("no key has the name or the id `alice`"), "{said}");
    assert!(place.refused(&["key", "revoke", "--all-of", &id], 2).contains("error[key-unchanged]"));
}

/// Two at once lose nothing, and neither do twelve.
#[test]
fn many_at_once_lose_nothing() {
    let place = Place::new();
    place.fine(&["key", "add", "--group", "g", "--name", "first"]);
    let outputs: Vec<Output> = thread::scope(|scope| {
        let add = |n: usize| {
            let name = format!("n{n}");
            place.command(&["key", "add", "--group", "g", "--name", &name]).output().unwrap()
        };
        let running: Vec<_> = (0..12).map(|n| scope.spawn(move || add(n))).collect();
        running.into_iter().map(|it| it.join().unwrap()).collect()
    });
    for output in &outputs {
        assert_eq!(output.status.code(), Some(0), "{}", err(output));
    }
    let listed = place.listed(&[]);
    assert_eq!(listed.len(), 13);
    for output in outputs {
        let id = out(&output).split('_').nth(1).unwrap().to_owned();
        assert!(listed.iter().any(|key| key["id"] == id), "{id} is lost");
    }
}

#[test]
fn wrong_words_are_explained() {
    let place = Place::new();
    place.fine(&["key", "add", "--group", "g", "--name", "alice"]);
    for (args, words) in [
        (&["key", "add", "--group", "g", "--name", "alice"][..], "farmgate key rotate alice"),
        (&["key", "add", "--group", "h", "--name", "alice"], "bound to the group `g`"),
        (&["key", "add", "--group", "a b"], "`a b` is not a name"),
        (&["key", "add", "--group", "*"], "`*` is not a name"),
        (&["key", "add"], "--group <GROUP>"),
        (&["key", "add", "--group", "g", "--expires", "90"], "write `90s`, `90m`, `90h` or `90d`"),
        (&["key", "rotate", "bob"], "no key has the name or the id `bob`"),
        (&["key", "rotate"], "<KEY"),
        (&["key", "rotate", "alice", "--gate"], "cannot be used with"),
        (&["key", "revoke"], "<KEY"),
        (
            &["key", "list", "--of", "secretsmanager:else"],
            "it has: `secretsmanager:tools/api-keys`",
        ),
        (&["key", "list", "--of", "tools"], "invalid value"),
        (&["key", "add", "--group", "g", "--store", "s", "--farm", "farm.yaml"], "cannot be used"),
    ] {
        let said = place.refused(args, 2);
        assert!(said.contains(words), "{args:?}: {said}");
    }
    let said = place.refused(&["key", "list", "--store", "nowhere.json"], 3);
    assert!(said.contains("nowhere.json: there is no such file"), "{said}");
    fs::remove_file(place.path("farm.yaml")).unwrap();
    let said = place.refused(&["key", "list"], 2);
    assert!(said.contains("there is no farm.yaml here") && said.contains("--store"), "{said}");
}

#[test]
fn of_several_stores_one_is_named() {
    let place = Place::with(&FARM.replace(
        "python: { route: /python/* }",
        "python: { route: /python/* }\n  web:\n    route: /web/*\n    auth: [{ api_keys: { store: \
         \"secretsmanager:tools/web/keys\" } }]",
    ));
    let said = place.refused(&["key", "add", "--group", "g"], 2);
    for word in ["several stores", "secretsmanager:tools/api-keys", "secretsmanager:tools/web/keys"]
    {
        assert!(said.contains(word), "{said}");
    }
    let of = ["--of", "secretsmanager:tools/web/keys"];
    place.fine(&[&["key", "add", "--group", "g"][..], &of].concat());
    assert!(place.path(".farmgate/stores/tools~web~keys.json").is_file());
    assert_eq!(place.listed(&of).len(), 1);
    let api_keys =
        FARM.find("  - api_keys").expect("a way in")..FARM.find("servers:").expect("servers");
    let oauth = "  - oauth: { issuer: \"https://id.example.com\" }\nnetwork: { nat: one }\n";
    let mut none = FARM.to_owned();
    none.replace_range(api_keys, oauth);
    let none = Place::with(&none);
    assert!(none.refused(&["key", "list"], 2).contains("the farm takes no API keys"));
}

#[test]
fn a_damaged_store_is_left_as_it_is() {
    let place = Place::new();
    let key = place.fine(&["key", "add", "--group", "g", "--name", "alice"]);
    let store = fs::read_to_string(place.path(STORE)).unwrap();
    let hash = store.split("\"sha256\":\"").nth(1).unwrap()[..64].to_owned();
    for (from, to, words) in [
        (&store[..], "", "the store is empty"),
        (&store, "{\"version\":1", "the text ends too soon"),
        (&hash, key.trim(), "the key itself stands under `sha256`"),
        (
            &hash,
            "057ba03d6c44104863dc7361fe4578965d1887360f90a0895882e58a6248fc86", // changeme
            "a default or an example",
        ),
        ("\"name\"", "\"hunter2\"", "an unknown field"),
    ] {
        let damaged = store.replace(from, to);
        fs::write(place.path(STORE), &damaged).unwrap();
        let said = place.refused(&["key", "add", "--group", "g"], 2);
        assert!(said.contains("error[bad-store]") && said.contains(words), "{said}");
        assert!(!said.contains(key.trim()) && !said.contains("hunter2"), "{said}");
        assert_eq!(fs::read_to_string(place.path(STORE)).unwrap(), damaged);
    }
}

// === the gate's own keys ===

#[test]
fn the_gates_keys_are_printed_or_written() {
    let place = Place::new();
    let output = place.run(&["key", "init"]);
    let keys: Value = serde_json::from_str(&out(&output)).expect("one line of JSON");
    assert_eq!((keys["version"].as_u64(), out(&output).lines().count()), (Some(1), 1));
    let public = |said: &str| {
        said.split("public_key: \"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    assert_eq!(public(&err(&output)).split(',').count(), 2);
    assert!(err(&output).contains("`FARM/gate-keys`"));

    let output = place.run(&["key", "init", "-o", "keys.json", "--farm", "farm.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(mode(&place.path("keys.json")), 0o600);
    assert_eq!(out(&output).trim(), public(&err(&output)));
    let command =
        "aws secretsmanager create-secret --name tools/gate-keys --secret-string file://keys.json";
    assert!(err(&output).contains(command), "{}", err(&output));
    // Neither printed nor said are the keys themselves.
    let written: Value =
        serde_json::from_str(&fs::read_to_string(place.path("keys.json")).unwrap()).unwrap();
    for kind in ["sign", "seal"] {
        for key in written[kind].as_array().unwrap() {
            let key = key["key"].as_str().unwrap();
            assert!(!out(&output).contains(key) && !err(&output).contains(key));
        }
    }
    // The farm file takes what is printed.
    fs::write(
        place.path("farm.yaml"),
        format!("{FARM}gate: {{ public_key: \"{}\" }}\n", out(&output).trim()),
    )
    .unwrap();
    place.fine(&["print", "farm.yaml"]);
}

#[test]
fn a_file_with_the_gates_keys_is_not_replaced_unasked() {
    let place = Place::new();
    place.fine(&["key", "init", "-o", "keys.json"]);
    let before = fs::read_to_string(place.path("keys.json")).unwrap();
    let said = place.refused(&["key", "init", "-o", "keys.json"], 2);
    assert!(said.contains("error[exists]") && said.contains("--force"), "{said}");
    assert_eq!(fs::read_to_string(place.path("keys.json")).unwrap(), before);
    place.fine(&["key", "init", "-o", "keys.json", "--force"]);
    assert_ne!(fs::read_to_string(place.path("keys.json")).unwrap(), before);
    assert_eq!(mode(&place.path("keys.json")), 0o600);
}

#[test]
fn the_gates_keys_are_rotated_and_retired() {
    let place = Place::new();
    let rotate = ["key", "rotate", "--gate", "--keys", "keys.json"];
    let said = place.refused(&rotate, 3);
    assert!(said.contains("keys.json: there is no such file"), "{said}");
    let first = place.fine(&["key", "init", "-o", "keys.json"]);
    let second = place.fine(&rotate);
    let keys = |text: &str| text.trim().split(',').map(str::to_owned).collect::<Vec<_>>();
    let (first, second) = (keys(&first), keys(&second));
    // The next one is in use, a new one is next, and what was in use is still known.
    assert_eq!((second.len(), &second[0], &second[2]), (3, &first[1], &first[0]));
    let third = keys(&place.fine(&[&rotate[..], &["--retire"]].concat()));
    assert_eq!(third, second[..2]);
    assert_eq!(mode(&place.path("keys.json")), 0o600);
    // Those of the farm on this machine are beside it.
    let own = keys(&place.fine(&["key", "rotate", "--gate"]));
    assert_eq!(own.len(), 3);
    assert_eq!(mode(&place.path(".farmgate/gate-keys.json")), 0o600);
    let json: Value =
        serde_json::from_str(&place.fine(&["key", "rotate", "--gate", "--format", "json"]))
            .unwrap();
    assert_eq!(
        keys(json["public_key"].as_str().unwrap())[1..].len(),
        json["sign"].as_array().unwrap().len() - 1
    );
    assert_eq!(keys(json["public_key"].as_str().unwrap())[0], own[1]);
}

/// CVE-2026-53709: a hard-coded signing key.
#[test]
fn default_keys_of_a_gate_are_refused() {
    let place = Place::new();
    place.fine(&["key", "init", "-o", "keys.json"]);
    let good = fs::read_to_string(place.path("keys.json")).unwrap();
    let key = good.split("\"key\":\"").nth(1).unwrap()[..43].to_owned();
    for (bad, words) in [
        ("A".repeat(43), "all its bytes are the same"),
        ("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A".to_owned(), "printed in a standard"),
        ("changeme".to_owned(), "not 32 bytes"),
    ] {
        fs::write(place.path("keys.json"), good.replace(&key, &bad)).unwrap();
        let said = place.refused(&["key", "rotate", "--gate", "--keys", "keys.json"], 2);
        assert!(said.contains("error[bad-keys]") && said.contains(words), "{said}");
    }
    fs::write(place.path("keys.json"), &good).unwrap();
    set_mode(&place.path("keys.json"), 0o644);
    let said = place.refused(&["key", "rotate", "--gate", "--keys", "keys.json"], 3);
    assert!(
        said.contains("chmod 600 keys.json") && said.contains("replace what is in it"),
        "{said}"
    );
}
