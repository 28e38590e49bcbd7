//! Sealed sessions: what opens, and for whom; what doesn't.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::GateKeys;

fn sealer() -> Sealer {
    GateKeys::generate().unwrap().sealer()
}

fn session() -> Session {
    Session {
        server: "python".to_owned(),
        target: "10.0.3.7:8443".to_owned(),
        upstream: "5d0a3c1e-4f1b-4a6e-9a38-0f5c6b1f2a77".to_owned(),
        opened: 1_795_000_000,
    }
}

#[test]
fn only_who_opened_it_can_use_it() {
    let sealer = sealer();
    let id = sealer.seal(&session(), "key:alice").unwrap();
    assert_eq!(sealer.open(&id, "key:alice"), Some(session()));
    for other in ["key:bob", "key:alic", "key:alice ", "key:alice2", "", "KEY:ALICE"] {
        assert_eq!(sealer.open(&id, other), None, "{other}");
    }
}

/// A peer's session id is plain base64, and a forged one is taken.
#[test]
fn forged_and_foreign_ids_are_refused() {
    let ours = sealer();
    let theirs = sealer().seal(&session(), "key:alice").unwrap();
    assert_eq!(ours.open(&theirs, "key:alice"), None);
    let id = ours.seal(&session(), "key:alice").unwrap();
    let key = id.split('.').nth(1).unwrap();
    let plain = session().to_bytes().unwrap();
    let padded = [&[0; NONCE_LEN][..], &plain, &[0; 16]].concat();
    for forged in [
        url(br#"{"t":"http","s":[{"t":"python","s":"5d0a3c1e"}]}"#),
        format!("s1.{key}.{}", url(&plain)),
        format!("s1.{key}.{}", url(&padded)),
        format!("s1.{key}."),
        format!("s1.{key}.{}", url(&[0; 27])),
        format!("s1..{}", url(&plain)),
        id.replace("s1.", "s0."),
        id.replace("s1.", ""),
        "5d0a3c1e-4f1b-4a6e-9a38-0f5c6b1f2a77".to_owned(),
        String::new(),
        // The part of another key's.
        format!("s1.{key}.{}", theirs.rsplit('.').next().unwrap()),
    ] {
        assert_eq!(ours.open(&forged, "key:alice"), None, "{forged}");
    }
}

#[test]
fn equal_sessions_look_different() {
    let sealer = sealer();
    let ids: BTreeSet<String> =
        (0..100).map(|_| sealer.seal(&session(), "key:alice").unwrap()).collect();
    assert_eq!(ids.len(), 100);
    // Nothing of what is sealed can be read.
    for id in ids {
        let sealed = from_url(id.rsplit('.').next().unwrap()).unwrap();
        for word in ["python", "10.0.3.7", "5d0a3c1e"] {
            assert!(!sealed.windows(word.len()).any(|part| part == word.as_bytes()));
        }
    }
}

#[test]
fn an_id_that_does_not_fit_is_not_given() {
    let sealer = sealer();
    for (length, fits) in [(2900, true), (3100, false), (70_000, false)] {
        let long = Session { upstream: "x".repeat(length), ..session() };
        let sealed = sealer.seal(&long, "key:alice");
        assert_eq!(sealed.is_ok(), fits, "{length}");
        if let Ok(id) = sealed {
            assert!(id.len() <= MAX_SESSION_BYTES);
            assert_eq!(sealer.open(&id, "key:alice"), Some(long));
        }
    }
    assert_eq!(sealer.open(&"s".repeat(MAX_SESSION_BYTES + 1), "key:alice"), None);
}

#[test]
fn the_upstream_id_is_not_shown() {
    assert!(!format!("{:?}", session()).contains("5d0a3c1e"));
}

proptest! {
    #[test]
    fn any_session_comes_back(
        server in ".{0,63}",
        target in ".{0,60}",
        upstream in "[!-~]{0,600}",
        opened in any::<i64>(),
        principal in ".{0,200}",
    ) {
        let sealer = sealer();
        let session = Session { server, target, upstream, opened };
        let id = sealer.seal(&session, &principal).unwrap();
        // MCP: "The session ID MUST only contain visible ASCII characters".
        prop_assert!(id.bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
        prop_assert!(id.len() <= MAX_SESSION_BYTES);
        prop_assert_eq!(sealer.open(&id, &principal), Some(session));
    }

    #[test]
    fn a_changed_id_does_not_open(at in any::<prop::sample::Index>(), by in 1_u8..95) {
        let sealer = sealer();
        let mut id = sealer.seal(&session(), "key:alice").unwrap().into_bytes();
        let at = at.index(id.len());
        id[at] = (id[at] - 0x20 + by) % 95 + 0x20;
        prop_assert_eq!(sealer.open(std::str::from_utf8(&id).unwrap(), "key:alice"), None);
    }

    #[test]
    fn a_cut_or_lengthened_id_does_not_open(at in any::<prop::sample::Index>(), more in "[!-~]{1,9}") {
        let sealer = sealer();
        let id = sealer.seal(&session(), "key:alice").unwrap();
        prop_assert_eq!(sealer.open(&id[..at.index(id.len())], "key:alice"), None);
        prop_assert_eq!(sealer.open(&format!("{id}{more}"), "key:alice"), None);
    }

    #[test]
    fn any_text_opens_nothing(text in ".{0,300}") {
        prop_assert_eq!(sealer().open(&text, "key:alice"), None);
    }

    #[test]
    fn any_bytes_are_a_session_or_none(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        if let Some(session) = Session::from_bytes(&bytes) {
            prop_assert_eq!(session.to_bytes().unwrap(), bytes);
        }
    }
}
