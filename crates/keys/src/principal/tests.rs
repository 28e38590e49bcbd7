//! The signed principal: what is taken back, and every way in which it is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::GateKeys;
use crate::encode::standard;

const NOW: i64 = 1_795_000_000;

fn keys() -> GateKeys {
    GateKeys::generate().unwrap()
}

fn alice() -> Principal {
    Principal {
        subject: "key:alice".to_owned(),
        groups: vec!["researchers".to_owned(), "night shift".to_owned()],
        kind: "api_key",
    }
}

fn verifier(keys: &GateKeys) -> Verifier {
    Verifier::parse(&keys.public()).unwrap()
}

/// A header with these claims, signed as a gate signs.
fn signed_claims(keys: &GateKeys, change: impl Fn(&mut Value)) -> String {
    let signer = keys.signer();
    let (id, pair) = signer.key.as_ref().unwrap();
    let mut claims = json!({
        "kid": id, "sub": "key:alice", "kind": "api_key", "groups": [], "aud": "python",
        "iat": NOW, "exp": NOW + 30,
    });
    change(&mut claims);
    let payload = url(claims.to_string().as_bytes());
    let signature = pair.sign(&signed(&payload));
    format!("v1.{payload}.{}", url(signature.as_ref()))
}

#[test]
fn names_are_what_rules_speak_of() {
    let alice = alice();
    let names: Vec<_> = alice.names().collect();
    assert_eq!(names, ["key:alice", "group:researchers", "group:night shift"]);
}

#[test]
fn what_is_signed_is_verified() {
    let keys = keys();
    let header = keys.signer().sign(&alice(), "python", NOW, 60).unwrap();
    assert!(header.bytes().all(|byte| byte.is_ascii_graphic()));
    let verifier = verifier(&keys);
    assert_eq!(verifier.verify(&header, Some("python"), NOW), Ok(alice()));
    assert_eq!(verifier.verify(&header, None, NOW), Ok(alice()));
}

#[test]
fn a_header_holds_for_a_minute_at_most() {
    let keys = keys();
    let verifier = verifier(&keys);
    for (life, end) in [(0, 1), (1, 1), (30, 30), (60, 60), (u32::MAX, 60)] {
        let header = keys.signer().sign(&alice(), "python", NOW, life).unwrap();
        for (at, expected) in [
            (-SKEW - 1, Err(Refused::Future)),
            (-SKEW, Ok(alice())),
            (0, Ok(alice())),
            (end + SKEW - 1, Ok(alice())),
            (end + SKEW, Err(Refused::Expired)),
        ] {
            assert_eq!(verifier.verify(&header, None, NOW + at), expected, "{life} {at}");
        }
    }
}

#[test]
fn a_header_is_for_one_server() {
    let keys = keys();
    let header = keys.signer().sign(&alice(), "python", NOW, 60).unwrap();
    for other in ["nova-act", "", "pytho", "python2"] {
        let refused = verifier(&keys).verify(&header, Some(other), NOW);
        assert_eq!(refused, Err(Refused::Server), "{other}");
    }
}

#[test]
fn another_farm_s_gate_is_nobody() {
    let header = keys().signer().sign(&alice(), "python", NOW, 60).unwrap();
    assert_eq!(verifier(&keys()).verify(&header, None, NOW), Err(Refused::UnknownKey));
}

/// Somebody signs with a key of their own and names the gate's.
#[test]
fn a_forged_signature_is_refused() {
    let (ours, theirs) = (keys(), keys());
    let id = ours.ids().0[0].to_owned();
    let header = signed_claims(&theirs, |claims| claims["kid"] = json!(id));
    assert_eq!(verifier(&ours).verify(&header, None, NOW), Err(Refused::Signature));
}

#[test]
fn claims_that_no_gate_makes_are_refused() {
    let keys = keys();
    let verify = |change: &dyn Fn(&mut Value)| {
        verifier(&keys).verify(&signed_claims(&keys, change), Some("python"), NOW)
    };
    assert!(verify(&|_| {}).is_ok());
    assert_eq!(verify(&|c| c["exp"] = json!(NOW + 61)), Err(Refused::TooLongLived));
    assert_eq!(verify(&|c| c["exp"] = json!(NOW)), Err(Refused::TooLongLived));
    assert_eq!(verify(&|c| c["exp"] = json!(i64::MAX)), Err(Refused::TooLongLived));
    let ends = |c: &mut Value| {
        c["iat"] = json!(i64::MIN);
        c["exp"] = json!(i64::MAX);
    };
    assert_eq!(verify(&ends), Err(Refused::TooLongLived));
    assert_eq!(verify(&|c| c["kind"] = json!("root")), Err(Refused::Malformed));
    assert_eq!(verify(&|c| c["more"] = json!(1)), Err(Refused::Malformed));
    assert_eq!(verify(&|c| c["sub"] = json!(["key:alice"])), Err(Refused::Malformed));
    assert_eq!(verify(&|c| c["kid"] = json!("")), Err(Refused::UnknownKey));
    // `alg: none` and its like have no place to stand.
    assert_eq!(verify(&|c| c["alg"] = json!("none")), Err(Refused::Malformed));
}

#[test]
fn a_duplicate_claim_is_refused() {
    let keys = keys();
    let signer = keys.signer();
    let (id, pair) = signer.key.as_ref().unwrap();
    let payload = url(format!(
        r#"{{"kid":"{id}","sub":"key:alice","sub":"key:root","kind":"api_key","groups":[],"aud":"python","iat":{NOW},"exp":{}}}"#,
        NOW + 30
    )
    .as_bytes());
    let header = format!("v1.{payload}.{}", url(pair.sign(&signed(&payload)).as_ref()));
    assert_eq!(verifier(&keys).verify(&header, None, NOW), Err(Refused::Malformed));
}

/// A signature over the same bytes for something else is none of a principal.
#[test]
fn a_signature_is_for_principals_only() {
    let keys = keys();
    let signer = keys.signer();
    let header = signer.sign(&alice(), "python", NOW, 60).unwrap();
    let (payload, _) = header.strip_prefix("v1.").unwrap().split_once('.').unwrap();
    let (_, pair) = signer.key.as_ref().unwrap();
    let bare = format!("v1.{payload}.{}", url(pair.sign(payload.as_bytes()).as_ref()));
    assert_eq!(verifier(&keys).verify(&bare, None, NOW), Err(Refused::Signature));
}

#[test]
fn what_is_no_header_is_refused() {
    let keys = keys();
    let good = keys.signer().sign(&alice(), "python", NOW, 60).unwrap();
    let (payload, signature) = good.strip_prefix("v1.").unwrap().split_once('.').unwrap();
    for header in [
        "",
        "v1.",
        "v1..",
        "key:alice",
        &good.replace("v1.", "v2."),
        &good.replace("v1.", ""),
        &format!("{good}."),
        &format!("{good}="),
        &format!(" {good}"),
        &format!("v1.{signature}"),
        &format!("v1.{payload}.{payload}.{signature}"),
    ] {
        assert_eq!(verifier(&keys).verify(header, None, NOW), Err(Refused::Malformed), "{header}");
    }
    assert_eq!(
        verifier(&keys).verify(&format!("v1.{payload}."), None, NOW),
        Err(Refused::Signature)
    );
    let long = "v1.".to_owned() + &"a".repeat(MAX_HEADER_BYTES);
    assert_eq!(verifier(&keys).verify(&long, None, NOW), Err(Refused::TooLong));
}

#[test]
fn a_principal_that_does_not_fit_is_not_signed() {
    let mut alice = alice();
    alice.groups = vec!["g".repeat(64); 200];
    assert_eq!(keys().signer().sign(&alice, "python", NOW, 60), Err(Unsigned::TooLong));
    alice = Principal { kind: "root", ..self::alice() };
    assert_eq!(keys().signer().sign(&alice, "python", NOW, 60), Err(Unsigned::Kind("root")));
}

#[test]
fn public_keys_are_read_strictly() {
    let keys = keys();
    let one = keys.public().split(',').next().unwrap().to_owned();
    assert!(Verifier::parse(&one).is_ok());
    assert!(Verifier::parse(&format!(" {} \n", keys.public().replace(',', ", "))).is_ok());
    let not_public = |number| Some(KeysError::NotPublic { number });
    for (text, error) in [
        ("", Some(KeysError::PublicCount(0))),
        (" ", Some(KeysError::PublicCount(0))),
        (",", not_public(1)),
        ("changeme", not_public(1)),
        (&format!("{one},"), not_public(2)),
        (one.trim_end_matches('='), not_public(1)),
        (&format!("{one},{one}"), Some(KeysError::Twice { kind: "public", number: 2 })),
        (&[one.as_str(); 9].join(","), Some(KeysError::PublicCount(9))),
        (&standard(&[7; 31]), not_public(1)),
        (
            &standard(&[0; 32]),
            Some(KeysError::Weak { kind: "public", number: 1, why: weak::Weakness::AllEqual }),
        ),
        // The one of RFC 8032 whose secret key is printed beside it, and the blueprints'.
        (
            "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            Some(KeysError::Weak { kind: "public", number: 1, why: weak::Weakness::Published }),
        ),
        (
            "/9SiZkjohyXtohKJjUoVGSqDwTAjtWbdODPypKE8X6w=",
            Some(KeysError::Weak { kind: "public", number: 1, why: weak::Weakness::Published }),
        ),
    ] {
        assert_eq!(Verifier::parse(text).err(), error, "{text}");
    }
}

proptest! {
    #[test]
    fn any_principal_comes_back(
        subject in ".{0,200}",
        groups in prop::collection::vec(".{0,40}", 0..10),
        server in ".{0,40}",
        kind in prop::sample::select(&KINDS[..]),
    ) {
        let keys = keys();
        let principal = Principal { subject, groups, kind };
        let header = keys.signer().sign(&principal, &server, NOW, 60).unwrap();
        prop_assert!(header.len() <= MAX_HEADER_BYTES);
        prop_assert_eq!(verifier(&keys).verify(&header, Some(&server), NOW), Ok(principal));
    }

    #[test]
    fn a_changed_header_is_refused(at in any::<prop::sample::Index>(), by in 1_u8..95) {
        let keys = keys();
        let mut header = keys.signer().sign(&alice(), "python", NOW, 60).unwrap().into_bytes();
        let at = at.index(header.len());
        header[at] = (header[at] - 0x20 + by) % 95 + 0x20;
        let header = String::from_utf8(header).unwrap();
        prop_assert!(verifier(&keys).verify(&header, None, NOW).is_err());
    }

    #[test]
    fn a_cut_header_is_refused(at in any::<prop::sample::Index>()) {
        let keys = keys();
        let header = keys.signer().sign(&alice(), "python", NOW, 60).unwrap();
        let cut = &header[..at.index(header.len())];
        prop_assert!(verifier(&keys).verify(cut, None, NOW).is_err());
    }

    #[test]
    fn any_text_is_refused(text in ".{0,300}") {
        prop_assert!(verifier(&keys()).verify(&text, None, NOW).is_err());
    }
}
