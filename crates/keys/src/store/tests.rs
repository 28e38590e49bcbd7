//! Stores of API keys: who gets in, until when, and what is refused as a store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{EXAMPLE_KEY, Weakness};

const NOW: i64 = 1_795_000_000;
const DAY: i64 = 86_400;

fn parse(text: &str) -> Result<ApiKeys, StoreError> {
    ApiKeys::parse(&SecretString::from(text))
}

fn new(name: &str) -> NewKey {
    NewKey { name: Some(name.to_owned()), group: Some("researchers".to_owned()), expires: None }
}

/// A store with a key of alice's.
fn alice() -> (ApiKeys, SecretString) {
    let mut store = ApiKeys::default();
    let (key, _) = store.add(&new("alice"), NOW).unwrap();
    (store, key)
}

/// A store of one key, of which a field is changed.
fn changed(field: &str, value: Value) -> StoreError {
    let mut text: Value = serde_json::from_str(&alice().0.text()).unwrap();
    text["keys"][0][field] = value;
    parse(&text.to_string()).expect_err("refused")
}

fn fault(field: &str, value: Value) -> KeyFault {
    match changed(field, value) {
        StoreError::Key { number: 1, fault } => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_gets_its_owner_in() {
    let (store, key) = alice();
    let key = key.expose_secret();
    let found = store.verify(key, NOW).unwrap();
    assert_eq!((found.name.as_str(), found.group.as_deref()), ("alice", Some("researchers")));
    let principal = found.principal();
    let names: Vec<_> = principal.names().collect();
    assert_eq!(names, ["key:alice", "group:researchers"]);
    assert_eq!(principal.kind, "api_key");
    // Written down and read again, it is the same.
    let again = parse(&store.text()).unwrap();
    assert_eq!(again, store);
    assert!(again.verify(key, NOW + 1000 * DAY).is_some());
}

#[test]
fn a_key_has_256_random_bits() {
    let (one, other) = (alice().1, alice().1);
    let parts = |key: &SecretString| -> Vec<String> {
        key.expose_secret().splitn(3, '_').map(str::to_owned).collect()
    };
    let (one, other) = (parts(&one), parts(&other));
    assert_eq!((one[0].as_str(), one[1].len(), one[2].len()), ("fg", 12, 43));
    assert_eq!(crate::encode::from_url(&one[2]).map(|bytes| bytes.len()), Some(32));
    assert_ne!(one[1], other[1]);
    assert_ne!(one[2], other[2]);
}

#[test]
fn only_the_whole_key_gets_in() {
    let (store, key) = alice();
    let key = key.expose_secret().to_owned();
    let id = &store.keys()[0].id;
    let hash = hex(&store.keys()[0].hash);
    let mut last = key.clone();
    let end = if last.pop() == Some('A') { 'B' } else { 'A' };
    for (presented, why) in [
        ("", NotAccepted::Malformed),
        ("alice", NotAccepted::Malformed),
        (id, NotAccepted::Malformed),
        (&hash, NotAccepted::Malformed),
        (&format!("fg_{id}_"), NotAccepted::Malformed),
        (&format!("{key} "), NotAccepted::Malformed),
        (&key.to_uppercase(), NotAccepted::Malformed),
        (&key[..58], NotAccepted::Malformed),
        (&format!("{last}{end}"), NotAccepted::Unknown),
        (&format!("fg_{id}_{}", "A".repeat(43)), NotAccepted::Unknown),
        (&key.replace(id.as_str(), "aaaaaaaaaaaa"), NotAccepted::Unknown),
        (EXAMPLE_KEY, NotAccepted::Unknown),
        (alice().1.expose_secret(), NotAccepted::Unknown),
    ] {
        assert_eq!(store.look_up(presented, NOW), Err(why), "{presented}");
        assert_eq!(store.verify(presented, NOW), None);
    }
    assert_eq!(ApiKeys::default().look_up(&key, NOW), Err(NotAccepted::Unknown));
}

#[test]
fn a_key_expires() {
    let mut store = ApiKeys::default();
    let expires = Some(NOW + 90 * DAY);
    let (key, added) = store.add(&NewKey { expires, ..new("alice") }, NOW).unwrap();
    assert_eq!(added.expires, expires);
    let key = key.expose_secret();
    let store = parse(&store.text()).unwrap();
    assert!(store.verify(key, NOW + 90 * DAY - 1).is_some());
    assert_eq!(store.look_up(key, NOW + 90 * DAY), Err(NotAccepted::Expired));
    // Whoever hasn't the key isn't told that it was there.
    let wrong = key[..58].to_owned() + if key.ends_with('A') { "B" } else { "A" };
    assert_eq!(store.look_up(&wrong, NOW + 91 * DAY), Err(NotAccepted::Unknown));
    let past = NewKey { expires: Some(NOW), ..new("bob") };
    assert_eq!(ApiKeys::default().add(&past, NOW).map(drop), Err(Unchanged::Past));
}

#[test]
fn two_keys_of_a_name_hold_during_a_rotation() {
    let (mut store, old) = alice();
    let (fresh, added) = store.rotate("alice", DAY, None, NOW + 10).unwrap();
    assert_eq!((added.name.as_str(), added.group.as_deref()), ("alice", Some("researchers")));
    let mut store = parse(&store.text()).unwrap();
    for (key, until) in [(&old, DAY + 10), (&fresh, 1000 * DAY)] {
        let key = key.expose_secret();
        assert_eq!(store.verify(key, NOW + until - 1).map(|key| key.name.as_str()), Some("alice"));
    }
    let over = store.look_up(old.expose_secret(), NOW + DAY + 10);
    assert_eq!(over, Err(NotAccepted::Expired));
    // While both hold, the name alone doesn't say which is to go at once.
    let several = Unchanged::Several { name: "alice".to_owned(), count: 2 };
    assert_eq!(store.revoke("alice", false), Err(several));
    // Another rotation replaces the newest, and leaves the older ones their ends.
    store.rotate("alice", 1000 * DAY, None, NOW + 20).unwrap();
    let ends: Vec<_> = store.keys().iter().map(|key| key.expires).collect();
    assert_eq!(ends, [Some(NOW + 10 + DAY), Some(NOW + 20 + 1000 * DAY), None]);
    // By its id any is replaced, and a longer overlap doesn't lengthen its life.
    let first = store.keys()[0].id.clone();
    let (_, added) = store.rotate(&first, 1000 * DAY, None, NOW + 30).unwrap();
    assert_eq!(added.expires, Some(NOW + 30 + 10 + DAY), "as long as the old one was made for");
    assert_eq!(store.keys()[0].expires, Some(NOW + 10 + DAY));
    // What has expired goes.
    store.rotate("alice", 0, Some(NOW + 9 * DAY), NOW + 2 * DAY).unwrap();
    assert!(store.keys().iter().all(|key| key.id != first));
    let ends: Vec<_> = store.keys().iter().map(|key| key.expires).collect();
    assert_eq!(ends, [Some(NOW + 20 + 1000 * DAY), None, Some(NOW + 9 * DAY)]);
    assert_eq!(store.rotate("alice", 0, Some(NOW), NOW).map(drop), Err(Unchanged::Past));
    assert_eq!(store.rotate("bob", 0, None, NOW).map(drop), Err(Unchanged::Nobody("bob".into())));
}

#[test]
fn a_revoked_key_is_nobodys() {
    let (mut store, key) = alice();
    let id = store.keys()[0].id.clone();
    let gone = store.revoke("alice", false).unwrap();
    assert_eq!(gone.iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), [id.as_str()]);
    assert_eq!(store.look_up(key.expose_secret(), NOW), Err(NotAccepted::Unknown));
    assert_eq!(store.revoke("alice", false), Err(Unchanged::Nobody("alice".to_owned())));
    assert_eq!(store.revoke(&id, true), Err(Unchanged::Nobody(id)));
    let (mut store, _) = alice();
    store.rotate("alice", DAY, None, NOW).unwrap();
    let id = store.keys()[0].id.clone();
    assert_eq!(store.clone().revoke(&id, false).map(|gone| gone.len()), Ok(1));
    assert_eq!(store.revoke("alice", true).map(|gone| gone.len()), Ok(2));
    assert!(store.is_empty());
}

#[test]
fn a_name_is_one_principal() {
    let (mut store, _) = alice();
    let taken = Unchanged::Taken("alice".to_owned());
    assert_eq!(store.add(&new("alice"), NOW).map(drop), Err(taken));
    let other = NewKey { group: Some("admins".to_owned()), ..new("alice") };
    let error = store.add(&other, NOW).map(drop).unwrap_err();
    assert!(error.to_string().contains("bound to the group `researchers`"), "{error}");
    for name in ["", "a b", "group:x", "*", "alice\n", &"a".repeat(65), "ä"] {
        let error = Err(Unchanged::Name(name.to_owned()));
        assert_eq!(store.add(&new(name), NOW).map(drop), error);
        let grouped = NewKey { group: Some(name.to_owned()), ..new("bob") };
        assert_eq!(store.add(&grouped, NOW).map(drop), error);
    }
    // Nobody's name is another key's id.
    let id = store.keys()[0].id.clone();
    assert_eq!(store.add(&new(&id), NOW).map(drop), Err(Unchanged::Taken(id)));
    // Without a name, a key is its own.
    let (_, unnamed) = store.add(&NewKey { name: None, ..new("") }, NOW).unwrap();
    assert_eq!(unnamed.name, unnamed.id);
}

#[test]
fn a_key_that_somebody_else_made_is_taken_if_it_is_one() {
    let mut store = ApiKeys::default();
    let take = |store: &mut ApiKeys, key: &str| {
        store.take(&SecretString::from(key), &new("ci"), NOW).map(|key| key.id.clone())
    };
    let example = NotAKey::Weak(Weakness::Published);
    assert_eq!(take(&mut store, EXAMPLE_KEY), Err(Unchanged::NotAKey(example)));
    let zeros = format!("fg_aaaaaaaaaaaa_{}", "A".repeat(43));
    let weak = NotAKey::Weak(Weakness::AllEqual);
    assert_eq!(take(&mut store, &zeros), Err(Unchanged::NotAKey(weak)));
    for wrong in ["", "secret", "fg_short", &format!("fg_aaaaaaaaaaaa_{}", "z".repeat(43))] {
        assert_eq!(take(&mut store, wrong), Err(Unchanged::NotAKey(NotAKey::Form)));
    }
    let (_, key) = alice();
    let id = take(&mut store, key.expose_secret()).unwrap();
    assert_eq!(store.verify(key.expose_secret(), NOW).map(|key| &key.id), Some(&id));
    assert_eq!(take(&mut store, key.expose_secret()), Err(Unchanged::Known));
}

/// Default and example credentials, as other gateways ship them.
#[test]
fn a_store_with_a_default_or_weak_key_is_refused() {
    for word in ["", "changeme", "secret", "password", "test", "default", "sk-1234", EXAMPLE_KEY] {
        let hash = hex(&sha256(word.as_bytes()));
        assert_eq!(fault("sha256", json!(hash)), KeyFault::Guessed, "{word}");
    }
    for (hash, why) in [
        ("00".repeat(32), Weakness::AllEqual),
        ("ff".repeat(32), Weakness::AllEqual),
        ("deadbeef".repeat(8), Weakness::Repeats),
    ] {
        assert_eq!(fault("sha256", json!(hash)), KeyFault::NoHash(why));
    }
}

#[test]
fn a_key_in_the_place_of_its_hash_is_refused_and_not_told() {
    let (_, key) = alice();
    let error = changed("sha256", json!(key.expose_secret()));
    assert!(matches!(error, StoreError::Key { fault: KeyFault::Plain, .. }));
    let said = format!("{error} {error:?}");
    assert!(said.contains("revoke it"), "{said}");
    assert!(!said.contains(key.expose_secret()));
    // As the name of a field, and as a value of the wrong type, neither.
    let secret = key.expose_secret();
    for text in [
        format!(r#"{{"version":1,"keys":[{{"{secret}":1}}]}}"#),
        format!(r#"{{"version":1,"keys":"{secret}"}}"#),
        format!(r#"{{"version":"{secret}","keys":[]}}"#),
        format!(r#"{{"version":1,"keys":["{secret}"]}}"#),
        secret.to_owned(),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
}

#[test]
fn what_is_no_store_is_refused_in_words() {
    assert_eq!(parse(""), Err(StoreError::Empty));
    assert_eq!(parse(" \n"), Err(StoreError::Empty));
    assert_eq!(parse(r#"{"version":2,"keys":[]}"#), Err(StoreError::Version(2)));
    assert!(parse(r#"{"version":1,"keys":[]}"#).unwrap().is_empty());
    for text in ["{}", "[]", "null", "{", r#"{"version":1,"keys":[],"more":1}"#] {
        assert!(matches!(parse(text), Err(StoreError::Malformed(_))), "{text}");
    }
    for (field, value, expected) in [
        ("id", json!("ABCDEFGHIJKL"), KeyFault::Id),
        ("id", json!("short"), KeyFault::Id),
        ("name", json!(""), KeyFault::Name("name")),
        ("name", json!("*"), KeyFault::Name("name")),
        ("group", json!("a b"), KeyFault::Name("group")),
        ("sha256", json!("abc"), KeyFault::Hash),
        ("sha256", json!("AB".repeat(32)), KeyFault::Hash),
        ("sha256", json!("zz".repeat(32)), KeyFault::Hash),
        ("created", json!("yesterday"), KeyFault::Time("created")),
        ("expires", json!("2027-02-30T00:00:00Z"), KeyFault::Time("expires")),
    ] {
        assert_eq!(fault(field, value.clone()), expected, "{field} {value}");
    }
    for (field, value) in [
        ("more", json!(1)),
        ("expires", json!(null)),
        ("group", json!(null)),
        ("name", json!(1)),
        ("created", json!(1_795_000_000)),
    ] {
        assert!(matches!(changed(field, value), StoreError::Malformed(_)), "{field}");
    }
}

#[test]
fn what_differs_between_keys_must_differ() {
    let (mut store, _) = alice();
    store.rotate("alice", DAY, None, NOW).unwrap();
    let text: Value = serde_json::from_str(&store.text()).unwrap();
    let second = |field: &str, value: Value| {
        let mut text = text.clone();
        text["keys"][1][field] = value;
        match parse(&text.to_string()) {
            Err(StoreError::Key { number: 2, fault }) => fault,
            other => panic!("{other:?}"),
        }
    };
    let first = &text["keys"][0];
    assert_eq!(second("id", first["id"].clone()), KeyFault::SameId(1));
    assert_eq!(second("sha256", first["sha256"].clone()), KeyFault::SameHash(1));
    let other = KeyFault::Group { name: "alice".into(), group: Some("researchers".into()) };
    assert_eq!(second("group", json!("admins")), other);
}

#[test]
fn a_store_holds_no_key() {
    let (mut store, one) = alice();
    let (two, _) = store.rotate("alice", DAY, None, NOW).unwrap();
    let shown = format!("{}{store:?}", store.text());
    for key in [one, two] {
        let secret = key.expose_secret().splitn(3, '_').nth(2).unwrap();
        assert!(!shown.contains(secret));
    }
    assert!(!format!("{store:?}").contains(&hex(&store.keys()[0].hash)));
}

#[test]
fn a_store_has_a_bound() {
    let (store, _) = alice();
    let key = store.keys()[0].clone();
    let keys = (0..MAX_STORE_KEYS).map(|n| ApiKey { id: format!("{n}"), ..key.clone() });
    let mut full = ApiKeys::of(keys.collect());
    assert_eq!(full.add(&new("bob"), NOW).map(drop), Err(Unchanged::Full));
    let lines = ["{}"; 11].join(",");
    assert!(parse(&format!(r#"{{"version":1,"keys":[{lines}]}}"#)).is_err());
    assert_eq!(parse(&" x".repeat(3 << 20)), Err(StoreError::TooLong));
}

proptest! {
    #[test]
    fn any_text_is_a_store_or_refused(text in ".{0,200}") {
        if let Ok(store) = parse(&text) {
            prop_assert!(store.is_empty());
        }
    }

    #[test]
    fn any_presented_text_is_looked_at(text in ".{0,100}") {
        prop_assert!(alice().0.verify(&text, NOW).is_none());
    }

    /// Of many keys each gets its owner in, and nobody else.
    #[test]
    fn every_key_is_its_own(count in 1_usize..40) {
        let mut store = ApiKeys::default();
        let keys: Vec<SecretString> =
            (0..count).map(|n| store.add(&new(&format!("n{n}")), NOW).unwrap().0).collect();
        let store = parse(&store.text()).unwrap();
        for (n, key) in keys.iter().enumerate() {
            let found = store.verify(key.expose_secret(), NOW).unwrap();
            prop_assert_eq!(&found.name, &format!("n{n}"));
        }
    }
}
