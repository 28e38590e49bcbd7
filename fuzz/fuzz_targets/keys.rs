//! Any text as everything that the keys' crate parses: stores of API keys and of access keys, the
//! gate's own keys, public keys, a principal header, a session id. It is refused, or it is what it
//! seems to be; and no text that is put into a good header or session id makes another one of it.

#![no_main]

use std::sync::LazyLock;

use farmgate_keys::{AccessKeys, ApiKeys, GateKeys, Principal, Sealer, Session, Verifier};
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

const NOW: i64 = 1_795_000_000;

/// What one gate makes.
struct Gate {
    keys: GateKeys,
    verifier: Verifier,
    sealer: Sealer,
    header: String,
    session: String,
}

static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let keys = GateKeys::generate().expect("random bytes");
    let principal = Principal { subject: SUBJECT.to_owned(), groups: Vec::new(), kind: "api_key" };
    let session = Session {
        server: "python".to_owned(),
        target: "10.0.3.7:8443".to_owned(),
        upstream: "5d0a3c1e".to_owned(),
        opened: NOW,
    };
    Gate {
        verifier: Verifier::parse(&keys.public()).expect("public keys"),
        header: keys.signer().sign(&principal, "python", NOW, 60).expect("signed"),
        session: keys.sealer().seal(&session, SUBJECT).expect("sealed"),
        sealer: keys.sealer(),
        keys,
    }
});

const SUBJECT: &str = "key:alice";

fuzz_target!(|text: &str| {
    let secret = SecretString::from(text);
    match ApiKeys::parse(&secret) {
        Ok(store) => {
            let again = ApiKeys::parse(&SecretString::from(store.text())).expect("it was a store");
            assert_eq!(again, store);
            assert!(store.verify(text, NOW).is_none(), "a store is a key");
        }
        Err(error) => assert!(error.to_string().len() < 512, "an error quotes its input"),
    }
    match AccessKeys::parse(&secret) {
        Ok(store) => {
            let again = AccessKeys::parse(&SecretString::from(store.text()));
            assert_eq!(again.expect("it was a store"), store);
            assert!(store.is_empty() || store.open(&GATE.keys).is_err(), "a text is sealed");
        }
        Err(error) => assert!(error.to_string().len() < 512, "an error quotes its input"),
    }
    match GateKeys::parse(&secret) {
        Ok(keys) => {
            let again = GateKeys::parse(&keys.text()).expect("they were keys");
            assert_eq!(again.public(), keys.public());
            let next = keys.rotate().expect("random bytes");
            assert_eq!(next.ids().0.first(), keys.ids().0.get(1));
        }
        Err(error) => assert!(error.to_string().len() < 512, "an error quotes its input"),
    }
    let _ = Verifier::parse(text);
    for header in spliced(&GATE.header, text) {
        assert!(header == GATE.header || GATE.verifier.verify(&header, None, NOW).is_err());
    }
    for session in spliced(&GATE.session, text) {
        assert!(session == GATE.session || GATE.sealer.open(&session, SUBJECT).is_none());
    }
});

/// The text alone, and in a good one: before it, behind it, and over a part of it.
fn spliced(good: &str, text: &str) -> [String; 4] {
    let at = text.bytes().map(usize::from).sum::<usize>() % good.len();
    let end = (at + text.len()).min(good.len());
    [
        text.to_owned(),
        format!("{text}{good}"),
        format!("{good}{text}"),
        format!("{}{text}{}", &good[..at], &good[end..]),
    ]
}
