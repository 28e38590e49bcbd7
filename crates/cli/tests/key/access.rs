//! Access keys for SigV4: issued once, sealed in the store, rotated with both valid, revoked, and sealed
//! anew when the gate's own keys are rotated.

use std::fs;
use std::process::Output;

use farmgate_keys::{AccessKeys, GateKeys};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::{Place, err, files, mode, out, set_mode};

const FARM: &str = "\
farm: tools
region: eu-central-1
ingress:
  allow: [203.0.113.0/24]
  domain: { name: mcp.example.com, zone: Z0123456789ABCDEFGHIJ }
auth:
  - sigv4_issued_keys: { store: \"secretsmanager:tools/access-keys\", region: eu-west-1 }
servers:
  python: { route: /python/* }
";

const STORE: &str = ".farmgate/stores/tools~access-keys.json";
const GATE_KEYS: &str = ".farmgate/gate-keys.json";

/// A farm that takes both kinds of keys.
fn both() -> String {
    FARM.replace("servers:", "  - api_keys: { store: \"secretsmanager:tools/api-keys\" }\nservers:")
}

fn text(place: &Place, name: &str) -> SecretString {
    SecretString::from(fs::read_to_string(place.path(name)).unwrap())
}

/// The secret of an id, as the gate finds it.
fn opened(place: &Place, store: &str, keys: &str, id: &str) -> Option<String> {
    let gate = GateKeys::parse(&text(place, keys)).unwrap();
    let open = AccessKeys::parse(&text(place, store)).unwrap().open(&gate).ok()?;
    let (secret, _) = open.look_up(id, 0).ok()?;
    Some(secret.expose_secret().to_owned())
}

/// What is behind `NAME=` on the standard output.
fn variable(output: &str, name: &str) -> String {
    let line = output.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
    line.unwrap_or_else(|| panic!("no {name} in: {output}")).to_owned()
}

fn pair(output: &str) -> (String, String) {
    (variable(output, "AWS_ACCESS_KEY_ID"), variable(output, "AWS_SECRET_ACCESS_KEY"))
}

fn issue(place: &Place, more: &[&str]) -> (String, String) {
    pair(&place.fine(&[&["key", "issue-sigv4", "--group", "researchers"], more].concat()))
}

fn id_of(output: &Output) -> String {
    pair(&out(output)).0
}

#[test]
fn a_pair_is_printed_once_and_its_secret_is_sealed() {
    let place = Place::with(FARM);
    let output = place.run(&["key", "issue-sigv4", "--group", "researchers", "--name", "alice"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let (id, secret) = pair(&out(&output));
    assert!(id.starts_with("FGAK") && id.len() == 20, "{id}");
    assert!(secret.starts_with("fgsk_") && secret.len() == 48);
    assert_eq!(variable(&out(&output), "AWS_REGION"), "eu-west-1");
    let said = err(&output);
    let stored =
        format!("put-secret-value --secret-id tools/access-keys --secret-string file://{STORE}");
    for words in [
        "key:alice, group researchers",
        &id,
        STORE,
        "eu-west-1 and the service execute-api",
        "farmgate connect https://mcp.example.com/PATH --sigv4",
        &stored,
        // Only a gate with these keys opens the store.
        GATE_KEYS,
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains(&secret), "{said}");
    // No file holds the secret, and the gate opens it.
    let mut all = Vec::new();
    files(&place.path("."), &mut all);
    assert!(all.len() >= 4);
    for file in all {
        assert!(!fs::read_to_string(&file).unwrap().contains(&secret[5..]), "{}", file.display());
    }
    assert_eq!(mode(&place.path(STORE)), 0o600);
    assert_eq!(opened(&place, STORE, GATE_KEYS, &id), Some(secret));
}

#[test]
fn a_pair_is_printed_as_programs_and_awss_tools_take_it() {
    let place = Place::with(FARM);
    let args = ["key", "issue-sigv4", "--group", "g", "--expires", "90d", "--format"];
    let json: Value = serde_json::from_str(&place.fine(&[&args[..], &["json"]].concat())).unwrap();
    assert_eq!((&json["region"], &json["service"]), (&"eu-west-1".into(), &"execute-api".into()));
    assert_eq!((&json["group"], &json["access_key_id"]), (&"g".into(), &json["id"]));
    let id = json["id"].as_str().unwrap();
    assert_eq!(opened(&place, STORE, GATE_KEYS, id).as_deref(), json["secret_access_key"].as_str());
    // AWS CLI User Guide, "Sourcing credentials with an external process".
    let process = place.fine(&[&args[..], &["credential-process"]].concat());
    let process: Value = serde_json::from_str(&process).unwrap();
    let names: std::collections::BTreeSet<&str> =
        process.as_object().unwrap().keys().map(String::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    assert_eq!(names, ["AccessKeyId", "Expiration", "SecretAccessKey", "Version"]);
    assert_eq!(process["Version"], 1);
    assert!(process["Expiration"].as_str().unwrap().ends_with('Z'), "{}", process["Expiration"]);
}

#[test]
fn a_store_of_ones_own_needs_the_keys_of_its_gate() {
    let place = Place::with(FARM);
    let add = ["key", "issue-sigv4", "--group", "g", "--store", "pairs.json"];
    assert!(place.refused(&add, 2).contains("error[no-gate-keys]"));
    assert!(!place.path("pairs.json").exists());
    let with = [&add[..], &["--keys", "keys.json"]].concat();
    assert!(place.refused(&with, 3).contains("keys.json: there is no such file"));
    place.fine(&["key", "init", "-o", "keys.json"]);
    let made = place.fine(&with);
    assert!(!made.contains("AWS_REGION"), "nobody says it: {made}");
    let (id, secret) = pair(&made);
    assert_eq!(opened(&place, "pairs.json", "keys.json", &id), Some(secret));
    assert!(!place.path(".farmgate").exists());
    // Others may read what is sealed, and nobody else may change it.
    set_mode(&place.path("pairs.json"), 0o644);
    let listed = place.listed(&["--store", "pairs.json"]);
    assert_eq!((&listed[0]["id"], &listed[0]["kind"]), (&id.clone().into(), &"access_key".into()));
    let said = place.refused(&["key", "rotate", &id, "--store", "pairs.json"], 2);
    assert!(said.contains("error[no-gate-keys]"), "{said}");
    place.fine(&["key", "revoke", &id, "--store", "pairs.json"]);
    set_mode(&place.path("pairs.json"), 0o664);
    assert!(place.refused(&with, 3).contains("chmod go-w pairs.json"));
}

#[test]
fn a_rotation_lets_both_pairs_in_for_a_while() {
    let place = Place::with(FARM);
    let (old, secret) = issue(&place, &["--name", "alice", "--expires", "90d"]);
    let output = place.run(&["key", "rotate", "alice", "--overlap", "2h"]);
    assert!(err(&output).contains("the old one holds for 2 h more"), "{}", err(&output));
    let (new, other) = pair(&out(&output));
    assert!(old != new && secret != other);
    let listed = place.listed(&[]);
    let shown: Vec<(&str, &str)> = listed
        .iter()
        .map(|key| (key["id"].as_str().unwrap(), key["state"].as_str().unwrap()))
        .collect();
    assert_eq!(shown, [(old.as_str(), "ends"), (new.as_str(), "holds")]);
    for (id, secret) in [(&old, secret), (&new, other)] {
        assert_eq!(opened(&place, STORE, GATE_KEYS, id), Some(secret), "{id}");
    }
    // By its id, and at once; and both are gone when all of the name are.
    place.fine(&["key", "rotate", &new, "--overlap", "0"]);
    place.fine(&["key", "revoke", "--all-of", "alice"]);
    assert!(place.listed(&[]).is_empty());
    assert!(place.fine(&["key", "list"]).contains("farmgate key issue-sigv4"));
}

#[test]
fn of_both_kinds_a_key_is_found_by_its_name_or_id() {
    let place = Place::with(&both());
    let (id, _) = issue(&place, &["--name", "signer"]);
    place.fine(&["key", "add", "--group", "g", "--name", "sender"]);
    place.fine(&["key", "add", "--group", "researchers", "--name", "twice"]);
    issue(&place, &["--name", "twice"]);
    let listed = place.listed(&[]);
    let shown: Vec<(&str, &str)> = listed
        .iter()
        .map(|key| (key["name"].as_str().unwrap(), key["kind"].as_str().unwrap()))
        .collect();
    assert_eq!(
        shown,
        [
            ("signer", "access_key"),
            ("twice", "access_key"),
            ("sender", "api_key"),
            ("twice", "api_key")
        ]
    );
    let table = place.fine(&["key", "list"]);
    assert!(table.contains(STORE) && table.contains("tools~api-keys.json"), "{table}");
    assert_eq!(place.listed(&["--of", "secretsmanager:tools/access-keys"]).len(), 2);
    let rotated = place.run(&["key", "rotate", "signer"]);
    assert!(id_of(&rotated).starts_with("FGAK"), "{}", err(&rotated));
    assert!(place.fine(&["key", "rotate", "sender"]).starts_with("fg_"));
    assert_eq!(place.fine(&["key", "revoke", &id]), format!("revoked {id} of signer\n"));
    let said = place.refused(&["key", "revoke", "twice"], 2);
    assert!(said.contains("several stores") && said.contains("`--of`"), "{said}");
    place.fine(&["key", "revoke", "twice", "--of", "secretsmanager:tools/api-keys"]);
    assert!(place.refused(&["key", "revoke", "nobody"], 2).contains("no key has the name"));
    // A farm that takes one kind alone makes no other.
    assert!(
        Place::with(FARM).refused(&["key", "add", "--group", "g"], 2).contains("takes no API keys")
    );
    let said = Place::new().refused(&["key", "issue-sigv4", "--group", "g"], 2);
    assert!(said.contains("takes no SigV4") && said.contains("sigv4_issued_keys"), "{said}");
}

#[test]
fn rotated_keys_of_the_gate_seal_the_stores_anew() {
    let place = Place::with(&both());
    let (id, secret) = issue(&place, &[]);
    let before = fs::read_to_string(place.path(GATE_KEYS)).unwrap();
    let output = place.run(&["key", "rotate", "--gate"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains(&format!("sealed anew: {STORE}")), "{}", err(&output));
    assert!(err(&output).contains("--secret-id tools/access-keys"), "{}", err(&output));
    assert_eq!(opened(&place, STORE, GATE_KEYS, &id).as_ref(), Some(&secret));
    // A gate that has the keys of before opens it too: the new one was next there.
    fs::write(place.path("before.json"), &before).unwrap();
    assert_eq!(opened(&place, STORE, "before.json", &id).as_ref(), Some(&secret));
    // After very many rotations too, when the first keys are long gone.
    for _ in 0..farmgate_keys::MAX_KEYS {
        place.fine(&["key", "rotate", "--gate"]);
    }
    assert_eq!(opened(&place, STORE, "before.json", &id), None);
    place.fine(&["key", "rotate", "--gate", "--retire"]);
    assert_eq!(opened(&place, STORE, GATE_KEYS, &id), Some(secret));
    let json = place.fine(&["key", "rotate", "--gate", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sealed_anew"], serde_json::json!([STORE]));
}

/// What can't be opened is told before anything is written.
#[test]
fn a_store_of_another_gate_stops_a_rotation() {
    let place = Place::with(FARM);
    issue(&place, &[]);
    place.fine(&["key", "init", "-o", "other.json"]);
    fs::copy(place.path("other.json"), place.path(GATE_KEYS)).unwrap();
    let before = [STORE, GATE_KEYS].map(|name| fs::read_to_string(place.path(name)).unwrap());
    for args in [&["key", "rotate", "--gate"][..], &["key", "rotate", "--gate", "--retire"]] {
        let said = place.refused(args, 2);
        assert!(said.contains("can't be opened") && said.contains("--keys"), "{said}");
    }
    let after = [STORE, GATE_KEYS].map(|name| fs::read_to_string(place.path(name)).unwrap());
    assert_eq!(before, after);
}

#[test]
fn a_store_elsewhere_is_sealed_anew_with_its_gates_keys() {
    let place = Place::with(FARM);
    place.fine(&["key", "init", "-o", "keys.json"]);
    let own = ["--store", "pairs.json", "--keys", "keys.json"];
    let (id, secret) = issue(&place, &own);
    place.fine(&[&["key", "rotate", "--gate"], &own[..]].concat());
    place.fine(&[&["key", "rotate", "--gate", "--retire"], &own[..]].concat());
    assert_eq!(opened(&place, "pairs.json", "keys.json", &id), Some(secret));
    let rotated = place.fine(&[&["key", "rotate", &id], &own[..]].concat());
    let (new, other) = pair(&rotated);
    assert_eq!(opened(&place, "pairs.json", "keys.json", &new), Some(other));
}

/// A leaked store gives nothing: its lines are bound to what they say.
#[test]
fn a_line_that_was_changed_by_hand_is_not_opened() {
    let place = Place::with(FARM);
    let (id, _) = issue(&place, &["--name", "alice"]);
    let store = fs::read_to_string(place.path(STORE)).unwrap();
    fs::write(place.path(STORE), store.replace("researchers", "administrators")).unwrap();
    assert_eq!(opened(&place, STORE, GATE_KEYS, &id), None);
    assert!(place.refused(&["key", "rotate", "alice"], 2).contains("can't be opened"));
}
