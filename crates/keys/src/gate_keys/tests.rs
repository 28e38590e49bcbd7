//! The gate's keys: what is read, what is refused and why, what rotation keeps.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Principal, Session, Verifier};

fn parse(text: &str) -> Result<GateKeys, KeysError> {
    GateKeys::parse(&SecretString::from(text))
}

fn made() -> (GateKeys, Value) {
    let keys = GateKeys::generate().unwrap();
    let text = serde_json::from_str(keys.text().expose_secret()).unwrap();
    (keys, text)
}

/// Keys with one of their values changed.
fn changed(pointer: &str, value: Value) -> KeysError {
    let (_, mut text) = made();
    *text.pointer_mut(pointer).expect("a place in the text") = value;
    parse(&text.to_string()).expect_err("refused")
}

#[test]
fn what_is_written_is_read() {
    let (keys, _) = made();
    let text = keys.text();
    assert!(!text.expose_secret().contains('\n'));
    // Secrets Manager takes 64 KiB, and ECS hands that on in one variable.
    assert!(text.expose_secret().len() < 512);
    let again = parse(&format!("\n{}\n", text.expose_secret())).unwrap();
    assert_eq!(again.text().expose_secret(), text.expose_secret());
    assert_eq!(again.public(), keys.public());
}

#[test]
fn no_two_are_alike() {
    let (one, other) = (made().0, made().0);
    assert_ne!(one.public(), other.public());
    let mut public: Vec<String> = one.public().split(',').map(str::to_owned).collect();
    public.dedup();
    assert_eq!(public.len(), 2);
}

/// CVE-2026-53709: a gateway that runs with a default or hard-coded signing key.
#[test]
fn default_weak_and_published_keys_are_refused() {
    let rfc8032 = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    for (key, why) in [
        (url(&[0; 32]), Weakness::AllEqual),
        (url(&[0xab; 32]), Weakness::AllEqual),
        (url(b"changeme-changeme-changeme-chang"), Weakness::Repeats),
        (url(b"this is my very secret value 001"), Weakness::Text),
        (url(&[1; 16]), Weakness::Length),
        (url(&[1; 64]), Weakness::Length),
        (String::new(), Weakness::Length),
        (rfc8032.to_owned(), Weakness::Published),
        (url(&crate::encode::sha256(b"secret")), Weakness::Word),
    ] {
        for (kind, other) in [("sign", "seal"), ("seal", "sign")] {
            let error = changed(&format!("/{kind}/0/key"), json!(key));
            assert_eq!(error, KeysError::Weak { kind, number: 1, why }, "{other}");
            assert!(error.to_string().contains("farmgate key init"), "{error}");
        }
    }
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let (_, text) = made();
    for (from, to, kind, number) in [
        ("/sign/0", "/sign/1", "sign", 2),
        ("/seal/0", "/seal/1", "seal", 2),
        // One key for two purposes, too.
        ("/sign/1", "/seal/0", "seal", 1),
    ] {
        let mut text = text.clone();
        *text.pointer_mut(to).unwrap() = text.pointer(from).unwrap().clone();
        assert_eq!(parse(&text.to_string()).unwrap_err(), KeysError::Twice { kind, number });
    }
}

#[test]
fn what_is_no_set_of_keys_is_refused_in_words() {
    assert_eq!(parse(" \n").unwrap_err(), KeysError::Empty);
    assert_eq!(parse(&"x".repeat(20_000)).unwrap_err(), KeysError::TooLong);
    assert_eq!(changed("/version", json!(2)), KeysError::Version(2));
    assert_eq!(changed("/seal", json!([])), KeysError::Count { kind: "seal", count: 0 });
    let (_, text) = made();
    let one = text["sign"][0].clone();
    assert_eq!(changed("/sign", json!([one])), KeysError::Count { kind: "sign", count: 1 });
    let many = json!(vec![text["sign"][0].clone(); 9]);
    assert_eq!(changed("/sign", many), KeysError::Count { kind: "sign", count: 9 });
    let not_a_key = KeysError::NotAKey { kind: "sign", number: 2 };
    for wrong in ["not base64!", "AAA=", "AB"] {
        assert_eq!(changed("/sign/1/key", json!(wrong)), not_a_key);
    }
    let damaged = KeysError::WrongId { kind: "sign", number: 1 };
    assert_eq!(changed("/sign/0/id", json!("abcdefgh")), damaged);
    for text in ["changeme", "{}", "[]", "null", "\"secret\"", "{\"version\":1}"] {
        assert!(matches!(parse(text), Err(KeysError::Malformed(_))), "{text}");
    }
    let (_, mut text) = made();
    text["more"] = json!("hunter2");
    let error = parse(&text.to_string()).unwrap_err().to_string();
    assert!(error.contains("an unknown field") && !error.contains("hunter2"), "{error}");
}

#[test]
fn nothing_secret_is_shown() {
    let (keys, text) = made();
    let shown = format!("{keys:?} {:#?} {:?} {:?}", keys, keys.signer(), keys.sealer());
    for kind in ["sign", "seal"] {
        for key in text[kind].as_array().unwrap() {
            assert!(shown.contains(key["id"].as_str().unwrap()));
            assert!(!shown.contains(key["key"].as_str().unwrap()));
        }
    }
    // An error about a key doesn't quote it.
    let error = changed("/sign/0/key", json!("hunter2hunter2hunter2hunter2"));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

fn principal() -> Principal {
    Principal {
        subject: "key:alice".to_owned(),
        groups: vec!["researchers".to_owned()],
        kind: "api_key",
    }
}

fn session() -> Session {
    Session {
        server: "python".to_owned(),
        target: "10.0.3.7:8443".to_owned(),
        upstream: "5d0a3c1e".to_owned(),
        opened: 1_795_000_000,
    }
}

/// Replicas and bridges get the new version one after the other: nothing breaks between two
/// versions that follow each other, whoever is first.
#[test]
fn a_rotation_may_arrive_in_any_order() {
    let now = 1_795_000_000;
    let mut old = GateKeys::generate().unwrap();
    for _ in 0..MAX_KEYS + 2 {
        let new = old.rotate().unwrap();
        for (signs, verifies) in [(&old, &new), (&new, &old), (&new, &new)] {
            let header = signs.signer().sign(&principal(), "python", now, 60).unwrap();
            let verifier = Verifier::parse(&verifies.public()).unwrap();
            assert_eq!(verifier.verify(&header, Some("python"), now), Ok(principal()));
            let id = signs.sealer().seal(&session(), "key:alice").unwrap();
            assert_eq!(verifies.sealer().open(&id, "key:alice"), Some(session()));
        }
        assert_ne!(old.ids().0[0], new.ids().0[0]);
        assert_eq!(old.ids().0[1], new.ids().0[0]);
        // It can be read again.
        old = parse(new.text().expose_secret()).unwrap();
        assert!(old.ids().0.len() <= MAX_KEYS);
    }
    assert_eq!(old.ids().0.len(), MAX_KEYS);
}

#[test]
fn what_was_in_use_still_opens_until_it_is_retired() {
    let first = GateKeys::generate().unwrap();
    let id = first.sealer().seal(&session(), "key:alice").unwrap();
    let header = first.signer().sign(&principal(), "python", 0, 60).unwrap();
    let third = first.rotate().unwrap().rotate().unwrap();
    assert_eq!(third.sealer().open(&id, "key:alice"), Some(session()));
    assert!(Verifier::parse(&third.public()).unwrap().verify(&header, None, 0).is_ok());
    let retired = third.retire();
    assert_eq!(retired.sealer().open(&id, "key:alice"), None);
    let refused = Verifier::parse(&retired.public()).unwrap().verify(&header, None, 0);
    assert_eq!(refused, Err(crate::Refused::UnknownKey));
    assert_eq!(retired.ids().0, third.ids().0[..2]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        prop_assert!(parse(&text).is_err());
    }

    /// A text with one character changed is never other keys.
    #[test]
    fn a_changed_text_gives_no_other_keys(at in any::<prop::sample::Index>(), by in 1_u8..95) {
        let (keys, text) = made();
        let mut text = text.to_string().into_bytes();
        let at = at.index(text.len());
        text[at] = (text[at] - 0x20 + by) % 95 + 0x20;
        if let Ok(again) = parse(std::str::from_utf8(&text).unwrap()) {
            prop_assert_eq!(again.ids(), keys.ids());
        }
    }
}
