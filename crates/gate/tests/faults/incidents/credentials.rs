//! Who calls, what proves it, and where the proof must not go.

use farmgate_farm::gate::Authentication;
use farmgate_keys::{Principal, Verifier};
use ipnet::IpNet;
use secrecy::SecretString;

use crate::support::backend::{Backend, Then, write_answer};
use crate::support::client::{Answer, Ask};
use crate::support::farm::{Caller, Setup, now};

#[test]
fn who_brings_nothing_gets_401_and_nothing_else() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let answer = farm.ask(&Ask::call(1, "x"));
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").is_some(), "{answer:?}");
    assert!(!answer.text().contains("echo"), "{answer:?}");
    for name in ["server", "x-powered-by", "via"] {
        assert_eq!(answer.header(name), None);
    }
    for method in ["GET", "DELETE"] {
        assert_eq!(farm.ask(&Ask::new(method, "/mcp")).status, 401, "{method}");
    }
    assert_eq!(backend.count(), 0);
    farm.stop();
}

#[test]
fn wrong_keys_are_all_refused_alike() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let good = farm.alice.key.clone();
    let (head, secret) = good.rsplit_once('_').unwrap();
    let last = if good.ends_with('A') { 'B' } else { 'A' };
    let mut keys = vec![
        String::new(),
        "fg_".to_owned(),
        head.to_owned(),
        format!("{head}_"),
        format!("{}{last}", &good[..good.len() - 1]),
        format!("{good}A"),
        good.to_uppercase(),
        secret.to_owned(),
        format!("fg_aaaaaaaaaaaa_{secret}"),
        format!("{good},{good}"),
        "' OR 1=1 --".to_owned(),
        "x".repeat(5000),
    ];
    // Another's secret behind one's own id.
    let (_, other) = farm.bob.key.rsplit_once('_').unwrap();
    keys.push(format!("{head}_{other}"));
    let shape = |answer: &Answer| {
        let own = |name: &String| name != "x-request-id" && name != "date";
        let mut names: Vec<_> = answer.headers.iter().map(|(name, _)| name.clone()).collect();
        names.retain(own);
        (answer.status, names, answer.text())
    };
    let want = shape(&farm.ask(&Ask::call(1, "x").key("fg_aaaaaaaaaaaa_b", "researchers")));
    assert_eq!(want.0, 401);
    for key in &keys {
        let caller = Caller { key: key.clone(), group: farm.alice.group.clone() };
        let answer = farm.ask(&caller.signs(Ask::call(1, "x")));
        assert_eq!(shape(&answer), want, "{key:.70}");
    }
    // The same key twice is no key: a front might have looked at the other one.
    let twice = farm.call(1, "x").with("X-API-Key", &farm.bob.key);
    assert_eq!(farm.ask(&twice).status, 401);
    assert_eq!(backend.count(), 0);
    farm.stop();
}

#[test]
fn a_forged_group_is_403() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let with = |group: &str| farm.ask(&Ask::call(1, "x").key(&farm.bob.key, group)).status;
    assert_eq!(with(&farm.bob.group), 200);
    for group in ["researchers", "", "Visitors", "visitors,researchers", "visitors researchers"] {
        assert_eq!(with(group), 403, "{group}");
    }
    let none = Ask::call(1, "x").with("x-api-key", &farm.bob.key);
    assert_eq!(farm.ask(&none).status, 403);
    let two = farm.bob.signs(Ask::call(1, "x")).with("X-Group-Name", "researchers");
    assert_eq!(farm.ask(&two).status, 403);
    assert_eq!(backend.count(), 1);
    farm.stop();
}

#[test]
fn the_callers_credentials_stay_at_the_gate() {
    let backend = Backend::echo();
    let farm = Setup::of(&[("echo", &backend)]).start();
    let ask = farm.call(1, "x");
    let ask = ask.with("Authorization", "Bearer inbound").with("Cookie", "session=inbound");
    let ask = ask.with("Proxy-Authorization", "Basic inbound").with("X-Keep", "kept");
    assert!(farm.ask(&ask).echoes(1, "x"));
    let seen = backend.only();
    for (name, value) in &seen.headers {
        assert!(!value.contains(&farm.alice.key) && !value.contains("inbound"), "{name}: {value}");
    }
    for name in ["x-api-key", "x-group-name", "authorization", "cookie", "proxy-authorization"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    assert_eq!(seen.header("x-keep"), Some("kept"));
    farm.stop();
}

#[test]
fn credentials_of_another_server_stay_at_the_gate_too() {
    // A client that sends both headers everywhere.
    let (one, other) = (Backend::echo(), Backend::echo());
    let setup = Setup::of(&[("echo", &one), ("other", &other)]).with(|config| {
        let server = config.servers.get_mut("other").unwrap();
        for way in &mut server.authentication {
            if let Authentication::ApiKeys { header, .. } = way {
                *header = "x-other-key".to_owned();
            }
        }
    });
    let farm = setup.start();
    let ask = farm.call(1, "x").with("X-Other-Key", &farm.bob.key);
    assert!(farm.ask(&ask).echoes(1, "x"));
    assert_eq!(one.only().header("x-other-key"), None);
    farm.stop();
}

#[test]
fn internal_headers_from_outside_are_not_believed_and_not_passed_on() {
    let backend = Backend::echo();
    let setup = Setup::of(&[("echo", &backend)]);
    let verifier = Verifier::parse(&setup.keys.public()).unwrap();
    let farm = setup.start();
    let mallory = Principal {
        subject: "key:root".to_owned(),
        groups: vec!["researchers".to_owned()],
        kind: "api_key",
    };
    // Even one that the gate signed, as a server that was called with it could send it again.
    let stolen = farm.keys().signer().sign(&mallory, "echo", now(), 30).unwrap();
    let ask = farm.bob.signs(Ask::call(1, "x"));
    let ask = ask.with("farmgate-principal", &stolen).with("Farmgate_Principal", &stolen);
    let ask = ask.with("X-Farmgate-Anything", "y").with("farmgate-other", "y");
    let ask = ask.with("X-Forwarded-Proto", "gopher").with("X-Forwarded-Host", "evil.example.com");
    let ask = ask.with("X-Real-IP", "10.9.9.9").with("Forwarded", "for=10.9.9.9");
    assert!(farm.ask(&ask).echoes(1, "x"));
    let seen = backend.only();
    let signed: Vec<_> = seen
        .headers
        .iter()
        .filter(|(name, _)| name.to_ascii_lowercase().replace('_', "-").starts_with("farmgate-"))
        .collect();
    assert_eq!(signed.len(), 1, "{signed:?}");
    let principal = verifier.verify(&signed[0].1, Some("echo"), now()).unwrap();
    assert_eq!(principal.subject, "key:bob");
    assert_eq!(principal.groups, ["visitors"]);
    for (name, value) in &seen.headers {
        assert!(!value.contains("10.9.9.9") && !value.contains("evil"), "{name}: {value}");
        assert!(value != "gopher", "{name}: {value}");
    }
    // And without a key it opens nothing.
    let ask = Ask::call(1, "x").with("farmgate-principal", &stolen);
    assert_eq!(farm.ask(&ask).status, 401);
    assert_eq!(backend.count(), 1);
    farm.stop();
}

#[test]
fn a_servers_redirect_leads_no_credential_of_the_gate_elsewhere() {
    // GHSA-9g45-5xwm-f3wc: a gateway followed a redirect with the headers of the first request.
    let other = Backend::echo();
    let elsewhere = format!("http://{}/mcp", other.address());
    let backend = Backend::start(move |_, stream| {
        write_answer(stream, 307, &[("Location", &elsewhere)], b"");
        Then::Keep
    });
    let farm = Setup::of(&[("echo", &backend)]).start();
    let answer = farm.ask(&farm.call(1, "x"));
    // It is the client's to follow, or not.
    assert_eq!(answer.status, 307);
    assert!(backend.only().header("farmgate-principal").is_some());
    assert_eq!((other.count(), other.connections()), (0, 0));
    farm.stop();
}

#[test]
fn a_forwarded_address_is_believed_of_nobody_but_a_listed_proxy() {
    let backend = Backend::echo();
    let nets = |texts: &[&str]| texts.iter().map(|it| it.parse::<IpNet>().unwrap()).collect();
    let allowed = "203.0.113.7";
    let setup =
        || Setup::of(&[("echo", &backend)]).with(|config| config.allow = nets(&["203.0.113.0/24"]));
    // From a stranger on loopback: the peer's address counts, which isn't allowed.
    let farm = setup().start();
    for value in [allowed, "203.0.113.7, 203.0.113.8"] {
        let ask = farm.call(1, "x").with("X-Forwarded-For", value).with("X-Real-IP", value);
        assert_eq!(farm.ask(&ask.with("Forwarded", "for=203.0.113.7")).status, 403);
    }
    farm.stop();
    // From a proxy that is listed: what it says, read from the right.
    let farm = setup().with(|config| config.trusted_proxies = nets(&["127.0.0.0/8"])).start();
    let with = |value: &str| farm.ask(&farm.call(1, "x").with("X-Forwarded-For", value)).status;
    assert_eq!(with(allowed), 200);
    assert_eq!(with("198.51.100.1, 203.0.113.7"), 200);
    assert_eq!(with("203.0.113.7, 198.51.100.1"), 403, "what a client made up stands left");
    assert_eq!(with("203.0.113.7, nonsense"), 400);
    let seen = backend.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|it| it.header("x-forwarded-for") == Some(allowed)), "{seen:?}");
    farm.stop();
}

#[test]
fn a_gate_with_a_default_or_weak_key_does_not_start() {
    // CVE-2026-53709: a signing key that everyone knows.
    let backend = Backend::echo();
    let start = |keys: &str| {
        let setup = Setup::of(&[("echo", &backend)]);
        let secrets = farmgate_gate::Secrets::default()
            .text(crate::support::farm::KEYS, SecretString::from(keys.to_owned()))
            .text(crate::support::farm::STORE, SecretString::from(setup.store.text()));
        farmgate_gate::Gate::start(setup.config, secrets, farmgate_gate::Options::default())
    };
    let zero = good_keys_with(|_| 0);
    let same = good_keys_with(|_| 7);
    let counted = good_keys_with(|place| u8::try_from(place % 32).unwrap());
    for keys in ["", "changeme", "secret", "my-secret-key", "{}", "null", &zero, &same, &counted] {
        let error = start(keys).err().unwrap_or_else(|| panic!("started with {keys:?}"));
        let shown = format!("{error} {error:?}");
        assert!(keys.len() < 10 || !shown.contains(keys), "{shown}");
    }
}

/// Keys in the right form of which every secret is made of bytes by their places.
fn good_keys_with(byte: impl Fn(usize) -> u8) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use secrecy::ExposeSecret as _;
    let keys = farmgate_keys::GateKeys::generate().unwrap();
    let mut value: serde_json::Value = serde_json::from_str(keys.text().expose_secret()).unwrap();
    let mut changed = 0;
    replace(&mut value, &mut |text| {
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            let Ok(bytes) = engine.decode(text.as_bytes()) else { continue };
            if bytes.len() >= 16 {
                let weak: Vec<u8> = (0..bytes.len()).map(&byte).collect();
                *text = engine.encode(weak);
                changed += 1;
                return;
            }
        }
    });
    assert!(changed > 0, "no secret was found in {value}");
    value.to_string()
}

fn replace(value: &mut serde_json::Value, change: &mut dyn FnMut(&mut String)) {
    match value {
        serde_json::Value::String(text) => change(text),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|it| replace(it, change)),
        serde_json::Value::Object(items) => items.values_mut().for_each(|it| replace(it, change)),
        _ => {}
    }
}

#[test]
fn a_store_with_a_default_or_weak_key_is_refused() {
    use aws_lc_rs::digest::{SHA256, digest};
    let backend = Backend::echo();
    let hex = |text: &str| -> String {
        digest(&SHA256, text.as_bytes()).as_ref().iter().map(|it| format!("{it:02x}")).collect()
    };
    let hashes = [
        hex(""),
        hex("changeme"),
        hex("secret"),
        hex("password"),
        hex("default"),
        hex("test"),
        "0".repeat(64),
        "a".repeat(64),
        "changeme".to_owned(),
        String::new(),
    ];
    for hash in hashes {
        let store = format!(
            r#"{{"version":1,"keys":[{{"id":"abcdefghijkl","name":"a","group":"g","sha256":"{hash}","created":"2026-01-01T00:00:00Z"}}]}}"#
        );
        let setup = Setup::of(&[("echo", &backend)]);
        let secrets = farmgate_gate::Secrets::default()
            .text(crate::support::farm::KEYS, setup.keys.text())
            .text(crate::support::farm::STORE, SecretString::from(store));
        let options = farmgate_gate::Options::default();
        let started = farmgate_gate::Gate::start(setup.config, secrets, options);
        assert!(started.is_err(), "started with the hash {hash:?}");
    }
}
