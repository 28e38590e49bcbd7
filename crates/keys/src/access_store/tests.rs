//! The store of access keys: what is sealed opens for its gate alone, and only as it was sealed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::encode::url;
use crate::{ApiKeys, Weakness};

const NOW: i64 = 1_795_000_000;
const DAY: i64 = 86_400;

fn parse(text: &str) -> Result<AccessKeys, StoreError> {
    AccessKeys::parse(&SecretString::from(text))
}

fn new(name: &str) -> NewKey {
    NewKey { name: Some(name.to_owned()), group: Some("researchers".to_owned()), expires: None }
}

fn gate() -> GateKeys {
    GateKeys::generate().unwrap()
}

/// A store with an access key of alice's, and the gate that opens it.
fn alice() -> (AccessKeys, AccessKeyPair, GateKeys) {
    let (gate, mut store) = (gate(), AccessKeys::default());
    let (pair, _) = store.issue(&new("alice"), &gate, NOW).unwrap();
    (store, pair, gate)
}

/// A store of one key, of which a field is changed.
fn changed(store: &AccessKeys, field: &str, value: Value) -> Result<AccessKeys, StoreError> {
    let mut text: Value = serde_json::from_str(&store.text()).unwrap();
    text["keys"][0][field] = value;
    parse(&text.to_string())
}

fn fault<T: std::fmt::Debug>(result: Result<T, StoreError>) -> KeyFault {
    match result {
        Err(StoreError::Key { number: 1, fault }) => fault,
        other => panic!("{other:?}"),
    }
}

/// The secret that an id has, if it is taken.
fn secret(open: &OpenKeys, id: &str, now: i64) -> Result<String, NotAccepted> {
    open.look_up(id, now).map(|(secret, _)| secret.expose_secret().to_owned())
}

#[test]
fn a_secret_is_opened_by_its_gate() {
    let (store, pair, gate) = alice();
    let again = parse(&store.text()).unwrap();
    assert_eq!(again, store);
    let open = again.open(&gate).unwrap();
    let (found, key) = open.look_up(&pair.id, NOW + 1000 * DAY).unwrap();
    assert_eq!(found.expose_secret(), pair.secret.expose_secret());
    let principal = key.principal();
    let names: Vec<_> = principal.names().collect();
    assert_eq!(names, ["key:alice", "group:researchers"]);
    assert_eq!(principal.kind, "sigv4_issued_keys");
    for (id, why) in [
        ("FGAKABCDEFGHIJ234567", NotAccepted::Unknown),
        ("", NotAccepted::Malformed),
        ("alice", NotAccepted::Malformed),
        ("AKIDEXAMPLE", NotAccepted::Malformed),
        (&pair.id.to_lowercase(), NotAccepted::Malformed),
        (&format!("{}A", pair.id), NotAccepted::Malformed),
    ] {
        assert_eq!(secret(&open, id, NOW), Err(why), "{id}");
    }
}

#[test]
fn an_access_key_has_256_random_bits() {
    let (one, other) = (alice().1, alice().1);
    for pair in [&one, &other] {
        assert!(access_key::is_id(&pair.id) && pair.id.len() == 20, "{}", pair.id);
        let text = pair.secret.expose_secret().strip_prefix("fgsk_").unwrap();
        assert_eq!(crate::encode::from_url(text).map(|bytes| bytes.len()), Some(32));
    }
    assert_ne!(one.id, other.id);
    assert_ne!(one.secret.expose_secret(), other.secret.expose_secret());
}

#[test]
fn a_store_holds_no_secret() {
    let (mut store, one, gate) = alice();
    let (two, added) = store.rotate("alice", DAY, None, &gate, NOW).unwrap();
    assert_eq!(added.id, two.id);
    let open = store.open(&gate).unwrap();
    let shown = format!("{}{store:?}{open:?}{one:?}{two:?}{:?}", store.text(), store.keys());
    for pair in [one, two] {
        assert!(shown.contains(&pair.id));
        let secret = pair.secret.expose_secret();
        let bytes = crate::encode::from_url(&secret[5..]).unwrap();
        for hidden in [secret, &secret[5..], &url(secret.as_bytes()), &crate::encode::hex(&bytes)] {
            assert!(!shown.contains(hidden));
        }
    }
    assert!(!format!("{store:?}{open:?}").contains("k1."));
    // Sealed twice, the same secret is another text.
    let sealed: Vec<String> = store.keys().iter().map(|key| key.sealed.clone()).collect();
    store.reseal(&gate).unwrap();
    assert!(store.keys().iter().zip(&sealed).all(|(key, before)| key.sealed != *before));
}

/// Whoever has the store alone can't give a key another name, group or life, nor put one in.
#[test]
fn a_changed_line_does_not_open() {
    let (mut store, pair, gate) = alice();
    let expires = Some(NOW + 90 * DAY);
    store.issue(&NewKey { expires, ..new("bob") }, &gate, NOW).unwrap();
    for (field, value) in [
        ("id", json!("FGAKABCDEFGHIJ234567")),
        ("name", json!("alicia")),
        ("group", json!("admins")),
        ("created", json!("2026-11-22T08:00:01Z")),
        ("expires", json!("2037-02-20T08:00:00Z")),
        ("sealed", json!(store.keys()[1].sealed)),
    ] {
        let other =
            changed(&store, field, value).unwrap_or_else(|error| panic!("{field}: {error}"));
        assert_eq!(fault(other.open(&gate)), KeyFault::Changed, "{field}");
    }
    let mut text: Value = serde_json::from_str(&store.text()).unwrap();
    text["keys"][1].as_object_mut().unwrap().remove("expires");
    let other = parse(&text.to_string()).unwrap();
    let number = match other.open(&gate) {
        Err(StoreError::Key { number, fault: KeyFault::Changed }) => number,
        other => panic!("{other:?}"),
    };
    assert_eq!(number, 2);
    // A bit of what is sealed.
    let sealed = store.keys()[0].sealed.clone();
    let end = if sealed.ends_with('A') { 'Q' } else { 'A' };
    let other = changed(&store, "sealed", json!(format!("{}{end}", &sealed[..sealed.len() - 1])));
    let fault = match other {
        Ok(other) => fault(other.open(&gate)),
        refused => fault(refused),
    };
    assert!(matches!(fault, KeyFault::Changed | KeyFault::NotSealed), "{fault:?}");
    assert!(store.open(&gate).unwrap().look_up(&pair.id, NOW).is_ok());
}

#[test]
fn another_gate_opens_nothing() {
    let (mut store, _, gate) = alice();
    let other = self::gate();
    assert_eq!(fault(store.open(&other)), KeyFault::OtherGate);
    let said = store.open(&other).map(drop).unwrap_err().to_string();
    assert!(said.contains("not among the gate's keys"), "{said}");
    assert!(matches!(store.reseal(&other), Err(Unchanged::Closed { .. })));
    let before = store.clone();
    let rotated = store.rotate("alice", DAY, None, &other, NOW).map(drop);
    assert!(matches!(rotated, Err(Unchanged::Closed { .. })));
    assert_eq!(store, before);
    assert!(store.open(&gate).is_ok());
    // Revoking needs no gate.
    assert_eq!(store.revoke("alice", false).map(|gone| gone.len()), Ok(1));
}

#[test]
fn a_store_follows_the_gates_keys() {
    let (mut store, pair, first) = alice();
    assert!(!store.is_behind(&first));
    let second = first.rotate().unwrap();
    assert!(store.is_behind(&second));
    assert!(store.open(&second).is_ok(), "what was sealed before the rotation still opens");
    let retired = second.rotate().unwrap().retire();
    assert_eq!(fault(store.open(&retired)), KeyFault::OtherGate, "sealed anew too late");
    store.reseal(&second).unwrap();
    assert!(!store.is_behind(&second));
    let open = parse(&store.text()).unwrap().open(&second.retire()).unwrap();
    assert_eq!(secret(&open, &pair.id, NOW).as_deref(), Ok(pair.secret.expose_secret()));
    // A replica that has the keys of before the rotation knows the one that is in use now, as next.
    assert!(store.open(&first).is_ok());
}

#[test]
fn two_access_keys_of_a_name_hold_during_a_rotation() {
    let (mut store, old, gate) = alice();
    let (fresh, added) = store.rotate("alice", DAY, None, &gate, NOW + 10).unwrap();
    assert_eq!((added.name.as_str(), added.group.as_deref()), ("alice", Some("researchers")));
    let mut store = parse(&store.text()).unwrap();
    let open = store.open(&gate).unwrap();
    for (pair, until) in [(&old, DAY + 10), (&fresh, 1000 * DAY)] {
        let found = secret(&open, &pair.id, NOW + until - 1);
        assert_eq!(found.as_deref(), Ok(pair.secret.expose_secret()));
    }
    assert_eq!(secret(&open, &old.id, NOW + DAY + 10), Err(NotAccepted::Expired));
    let several = Unchanged::Several { name: "alice".to_owned(), count: 2 };
    assert_eq!(store.revoke("alice", false), Err(several));
    // By its id any is replaced, and a longer overlap doesn't lengthen its life.
    let (_, added) = store.rotate(&old.id, 1000 * DAY, None, &gate, NOW + 30).unwrap();
    assert_eq!(added.expires, Some(NOW + 30 + 10 + DAY), "as long as the old one was made for");
    assert_eq!(store.keys()[0].expires, Some(NOW + 10 + DAY));
    // What has expired goes.
    store.rotate("alice", 0, Some(NOW + 9 * DAY), &gate, NOW + 3 * DAY).unwrap();
    assert!(store.keys().iter().all(|key| key.id != old.id));
    let past = store.rotate("alice", 0, Some(NOW), &gate, NOW).map(drop);
    assert_eq!(past, Err(Unchanged::Past));
    let nobody = store.rotate("bob", 0, None, &gate, NOW).map(drop);
    assert_eq!(nobody, Err(Unchanged::Nobody("bob".to_owned())));
    assert_eq!(store.revoke("alice", true).map(|gone| gone.len()), Ok(2));
    assert!(store.is_empty() && store.open(&gate).unwrap().is_empty());
    assert_eq!(store.revoke(&fresh.id, false), Err(Unchanged::Nobody(fresh.id)));
}

#[test]
fn an_access_key_expires() {
    let (gate, mut store) = (gate(), AccessKeys::default());
    let expires = Some(NOW + 90 * DAY);
    let (pair, _) = store.issue(&NewKey { expires, ..new("alice") }, &gate, NOW).unwrap();
    let open = parse(&store.text()).unwrap().open(&gate).unwrap();
    assert!(secret(&open, &pair.id, NOW + 90 * DAY - 1).is_ok());
    assert_eq!(secret(&open, &pair.id, NOW + 90 * DAY), Err(NotAccepted::Expired));
    let past = NewKey { expires: Some(NOW), ..new("bob") };
    assert_eq!(store.issue(&past, &gate, NOW).map(drop), Err(Unchanged::Past));
}

#[test]
fn a_name_is_one_principal() {
    let (mut store, pair, gate) = alice();
    let taken = |name: &str| Err(Unchanged::Taken(name.to_owned()));
    assert_eq!(store.issue(&new("alice"), &gate, NOW).map(drop), taken("alice"));
    assert_eq!(store.issue(&new(&pair.id), &gate, NOW).map(drop), taken(&pair.id));
    let other = NewKey { group: Some("admins".to_owned()), ..new("alice") };
    let error = store.issue(&other, &gate, NOW).map(drop).unwrap_err();
    assert!(error.to_string().contains("bound to the group `researchers`"), "{error}");
    for name in ["", "a b", "group:x", "*", "alice\n"] {
        let error = Err(Unchanged::Name(name.to_owned()));
        assert_eq!(store.issue(&new(name), &gate, NOW).map(drop), error);
    }
    let unnamed = NewKey { name: None, group: None, expires: None };
    let (pair, added) = store.issue(&unnamed, &gate, NOW).unwrap();
    assert_eq!((&added.name, &added.group), (&pair.id, &None));
}

/// CVE-2026-53709: secrets that anybody could have.
#[test]
fn a_weak_secret_is_refused() {
    let (store, _, gate) = alice();
    let sealed = |secret: &str| {
        let key = store.keys()[0].clone();
        let key = key.sealed_with(&SecretString::from(secret), &gate).unwrap();
        fault(AccessKeys { keys: vec![key] }.open(&gate))
    };
    let of = |bytes: &[u8]| format!("fgsk_{}", url(bytes));
    let weak = KeyFault::WeakSecret;
    assert_eq!(sealed(&of(&[0; 32])), weak(Weakness::AllEqual));
    assert_eq!(sealed(&of(b"correct horse battery staple 123")), weak(Weakness::Text));
    assert_eq!(sealed(&of(&sha256(b"changeme"))), weak(Weakness::Word));
    for other in
        ["", "changeme", "fgsk_", &of(&[7; 31]), "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"]
    {
        assert_eq!(sealed(other), KeyFault::NotASecret, "{other}");
    }
}

#[test]
fn two_ids_have_two_secrets() {
    let (mut store, pair, gate) = alice();
    store.issue(&new("bob"), &gate, NOW).unwrap();
    let bob = store.keys()[1].clone().sealed_with(&pair.secret, &gate).unwrap();
    store.keys[1] = bob;
    match store.open(&gate) {
        Err(StoreError::Key { number: 2, fault: KeyFault::SameSecret(1) }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_secret_in_the_place_of_the_sealed_one_is_refused_and_not_told() {
    let (store, pair, _) = alice();
    let secret = pair.secret.expose_secret();
    let error = changed(&store, "sealed", json!(secret)).unwrap_err();
    assert!(matches!(error, StoreError::Key { fault: KeyFault::PlainSecret, .. }));
    let said = format!("{error} {error:?}");
    assert!(said.contains("revoke the key"), "{said}");
    assert!(!said.contains(secret));
    for text in [
        format!(r#"{{"version":1,"keys":[{{"{secret}":1}}]}}"#),
        format!(r#"{{"version":1,"keys":"{secret}"}}"#),
        format!(r#"{{"version":"{secret}","keys":[]}}"#),
        secret.to_owned(),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
}

#[test]
fn what_is_no_store_is_refused_in_words() {
    assert_eq!(parse(""), Err(StoreError::Empty));
    assert_eq!(parse(r#"{"version":2,"keys":[]}"#), Err(StoreError::Version(2)));
    assert!(parse(r#"{"version":1,"keys":[]}"#).unwrap().is_empty());
    assert_eq!(parse(&AccessKeys::default().text()), Ok(AccessKeys::default()));
    let (store, _, _) = alice();
    for (field, value, expected) in [
        ("id", json!("abcdefghijkl"), KeyFault::AccessId),
        ("id", json!("FGAKABCDEFGHIJ23456"), KeyFault::AccessId),
        ("id", json!("FGAKABCDEFGHIJ234561"), KeyFault::AccessId),
        ("id", json!("AKIAABCDEFGHIJ234567"), KeyFault::AccessId),
        ("name", json!("*"), KeyFault::Name("name")),
        ("group", json!("a b"), KeyFault::Name("group")),
        ("sealed", json!(""), KeyFault::NotSealed),
        ("sealed", json!("k1."), KeyFault::NotSealed),
        ("sealed", json!("k1.abcdefgh.~"), KeyFault::NotSealed),
        ("sealed", json!("s1.abcdefgh.AAAA"), KeyFault::NotSealed),
        ("created", json!("yesterday"), KeyFault::Time("created")),
        ("expires", json!("2027-02-30T00:00:00Z"), KeyFault::Time("expires")),
    ] {
        let found = fault(changed(&store, field, value.clone()));
        assert_eq!(found, expected, "{field} {value}");
    }
    for (field, value) in [
        ("more", json!(1)),
        ("sha256", json!("00")),
        ("expires", json!(null)),
        ("group", json!(null)),
        ("sealed", json!(1)),
    ] {
        let error = changed(&store, field, value).unwrap_err();
        assert!(matches!(error, StoreError::Malformed(_)), "{field}");
    }
    // Neither store is the other.
    assert!(ApiKeys::parse(&SecretString::from(store.text())).is_err());
}

#[test]
fn what_differs_between_keys_must_differ() {
    let (mut store, _, gate) = alice();
    store.rotate("alice", DAY, None, &gate, NOW).unwrap();
    let text: Value = serde_json::from_str(&store.text()).unwrap();
    let second = |field: &str, value: Value| {
        let mut text = text.clone();
        text["keys"][1][field] = value;
        match parse(&text.to_string()) {
            Err(StoreError::Key { number: 2, fault }) => fault,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(second("id", text["keys"][0]["id"].clone()), KeyFault::SameId(1));
    let other = KeyFault::Group { name: "alice".into(), group: Some("researchers".into()) };
    assert_eq!(second("group", json!("admins")), other);
}

#[test]
fn a_store_has_a_bound() {
    let (mut store, _, gate) = alice();
    let key = store.keys[0].clone();
    let keys = (0..MAX_STORE_KEYS).map(|n| AccessKey { id: format!("{n}"), ..key.clone() });
    store.keys = keys.collect();
    assert_eq!(store.issue(&new("bob"), &gate, NOW).map(drop), Err(Unchanged::Full));
    let full = store.text();
    assert!(full.len() < 4 << 20, "a full store is still short enough to be read: {}", full.len());
    store.keys.push(key);
    assert_eq!(parse(&store.text()), Err(StoreError::Count(MAX_STORE_KEYS + 1)));
}

/// The words of each fault, as whoever runs the farm reads them.
#[test]
fn faults_are_told_in_words() {
    let faults = [
        KeyFault::AccessId,
        KeyFault::PlainSecret,
        KeyFault::NotSealed,
        KeyFault::OtherGate,
        KeyFault::Changed,
        KeyFault::NotASecret,
        KeyFault::WeakSecret(Weakness::Text),
        KeyFault::SameSecret(1),
    ];
    let lines = faults.map(|fault| StoreError::Key { number: 2, fault }.to_string());
    insta::assert_snapshot!(lines.join("\n"), @r"
    key 2 of the store: the id is not `FGAK` and 16 digits of base32 (A-Z, 2-7)
    key 2 of the store: the secret itself stands under `sealed`: it is no secret any more; revoke the key and make another one with `farmgate key issue-sigv4`
    key 2 of the store: `sealed` is not a sealed secret, as `farmgate key issue-sigv4` writes it
    key 2 of the store: the secret is sealed with a key that is not among the gate's keys: the store is another gate's, or that key was retired before the store was sealed anew
    key 2 of the store: the line is not as it was sealed: it was changed by hand, or damaged
    key 2 of the store: what is sealed is not the secret of an access key
    key 2 of the store: the secret is refused: it is a text that somebody typed, and not random
    key 2 of the store: key 1 has this secret already
    ");
}

proptest! {
    #[test]
    fn any_text_is_a_store_or_refused(text in ".{0,200}") {
        if let Ok(store) = parse(&text) {
            prop_assert!(store.is_empty());
        }
    }

    #[test]
    fn any_sealed_text_is_opened_or_refused(text in "k1\\.[a-z2-7]{8}\\.[A-Za-z0-9_-]{0,120}") {
        let (store, _, gate) = alice();
        let (id, _) = gate.ciphers().next().unwrap();
        let text = format!("k1.{id}{}", &text[11..]);
        if let Ok(other) = changed(&store, "sealed", json!(text)) {
            prop_assert!(other.open(&gate).is_err());
        }
    }

    #[test]
    fn every_access_key_is_its_own(count in 1_usize..20) {
        let (gate, mut store) = (gate(), AccessKeys::default());
        let pairs: Vec<AccessKeyPair> = (0..count)
            .map(|n| store.issue(&new(&format!("n{n}")), &gate, NOW).unwrap().0)
            .collect();
        let open = parse(&store.text()).unwrap().open(&gate).unwrap();
        for (n, pair) in pairs.iter().enumerate() {
            let (secret, key) = open.look_up(&pair.id, NOW).unwrap();
            prop_assert_eq!(secret.expose_secret(), pair.secret.expose_secret());
            prop_assert_eq!(&key.name, &format!("n{n}"));
        }
        prop_assert_eq!(open.keys().count(), count);
    }
}
