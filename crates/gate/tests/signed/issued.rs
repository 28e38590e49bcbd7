//! Keys that the farm issued: who gets in, who doesn't, and what they are told.

use farmgate_farm::gate::{Authentication, Replay};
use farmgate_keys::Verifier;

use crate::signer::{self, REGION, Signer, issued_keys};
use crate::support::backend::Backend;
use crate::support::client::{Answer, Ask};
use crate::support::farm::{ACCESS, Farm, STORE, Setup, now};
use crate::support::h2;

/// What a refusal has in it but for ids and times.
fn shape(answer: &Answer) -> (u16, Vec<String>, String) {
    let own = |name: &String| name != "x-request-id" && name != "date";
    let names = answer.headers.iter().map(|(name, _)| name.clone()).filter(own).collect();
    (answer.status, names, answer.text())
}

#[test]
fn who_signs_gets_in_by_every_method_and_is_known_to_the_server() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let verifier = Verifier::parse(&setup.keys.public()).unwrap();
    let farm = setup.start();
    let answer = farm.ask(&carol.signs(Ask::call(1, "x")));
    assert!(answer.echoes(1, "x"), "{answer:?}");
    for method in ["GET", "DELETE"] {
        let ask = Ask::new(method, "/mcp").with("Accept", "text/event-stream");
        let answer = farm.ask(&carol.signs(ask.with("MCP-Protocol-Version", "2025-11-25")));
        assert_eq!(answer.status, 200, "{method}: {answer:?}");
    }
    for seen in backend.seen() {
        let principal = seen.header("farmgate-principal").unwrap();
        let principal = verifier.verify(principal, Some("echo"), now()).unwrap();
        assert_eq!(principal.subject, "key:carol");
        assert_eq!(principal.groups, ["researchers"]);
        assert_eq!(principal.kind, "sigv4_issued_keys");
    }
    assert_eq!(backend.count(), 3);
    farm.stop();
}

#[test]
fn signatures_over_http2_verify_too() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.with(|config| config.plain = false).start();
    let mut client = farm.secure_client(&["http/1.1"]);
    assert!(client.ask(&carol.signs(Ask::call(1, "x"))).echoes(1, "x"));
    assert!(is_ok_over_http2(&farm, &carol.signs(Ask::call(2, "y"))));
    let tampered = carol.signs(Ask::call(3, "y")).body("{}");
    assert!(!is_ok_over_http2(&farm, &tampered));
    assert_eq!(backend.count(), 2);
    farm.stop();
}

/// Sends a POST to `/mcp` over HTTP/2, which has the host in `:authority`; whether it is answered
/// with 200 (index 8 of HPACK's static table, RFC 7541, appendix A).
fn is_ok_over_http2(farm: &Farm, ask: &Ask) -> bool {
    let lower = ask.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let (hosts, others): (Vec<_>, Vec<_>) = lower.partition(|(name, _)| name == "host");
    let mut all = vec![
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", hosts[0].1.as_str()),
        (":path", "/mcp"),
    ];
    all.extend(others.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let mut client = farm.secure_client(&["h2"]);
    client.send(h2::PREFACE);
    client.send(&h2::frame(h2::SETTINGS, h2::ACK, 0, &[]));
    client.send(&h2::frame(h2::HEADERS, h2::END_HEADERS, 1, &h2::block(&all)));
    client.send(&h2::frame(h2::DATA, h2::END_STREAM, 1, &ask.body));
    loop {
        let frame = h2::read(&mut client).unwrap();
        if frame.kind == h2::HEADERS {
            return frame.payload.contains(&0x88);
        }
    }
}

#[test]
fn no_signature_is_401_with_what_is_wanted() {
    let backend = Backend::echo();
    let (setup, _) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    for method in ["POST", "GET", "DELETE"] {
        let answer = farm.ask(&Ask::new(method, "/mcp"));
        assert_eq!(answer.status, 401);
        assert_eq!(answer.text(), "");
        let wanted = format!("AWS4-HMAC-SHA256 region=\"{REGION}\", service=\"execute-api\"");
        assert_eq!(answer.header("www-authenticate"), Some(wanted.as_str()));
    }
    // Another scheme is no signature, and says nothing.
    let other = Ask::call(1, "x").with("Authorization", "Bearer AWS4-HMAC-SHA256");
    assert_eq!(farm.ask(&other).status, 401);
    assert_eq!(backend.count(), 0);
    farm.stop();
}

#[test]
fn nobody_learns_whether_a_key_exists() {
    let backend = Backend::echo();
    let (mut setup, carol) = signer::farm(&backend, issued_keys());
    let gone = Signer::issued(&mut setup.access, &setup.keys, "gone", "researchers");
    setup.access.revoke("gone", false).unwrap();
    let farm = setup.start();
    let wrong = Signer { secret: gone.secret.clone(), ..carol.clone() };
    let stranger = Signer::new("AKIAIOSFODNN7EXAMPLE", &carol.secret);
    let mut shapes: Vec<_> =
        [&wrong, &gone, &stranger].map(|it| shape(&farm.ask(&it.signs(Ask::call(1, "x"))))).into();
    shapes.dedup();
    assert_eq!(shapes.len(), 1, "{shapes:?}");
    assert_eq!((shapes[0].0, shapes[0].2.as_str()), (401, ""));
    assert_eq!(backend.count(), 0);
    farm.stop();
}

#[test]
fn a_key_of_a_scope_is_refused_before_there_is_a_body() {
    // What needs no body is refused at the head: whoever has no key makes the gate read nothing.
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    let stranger = Signer::new("FGAKAAAAAAAAAAAAAAAA", &carol.secret);
    for signer in [&stranger, &carol.off(-400), &carol.for_scope("us-east-1", "execute-api")] {
        let mut ask = signer.signs(Ask::call(1, "x"));
        let length = ask.body.len();
        ask.body.clear();
        assert!(length > 0);
        // The head says that a body comes, and none does.
        assert_eq!(farm.ask(&ask).status, 401);
    }
    farm.stop();
}

#[test]
fn a_skewed_client_is_told_and_sees_the_gates_time() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    for seconds in [-310, 310, -86_400, 86_400] {
        let answer = farm.ask(&carol.off(seconds).signs(Ask::call(1, "x")));
        assert_eq!(answer.status, 401, "{seconds}");
        assert!(answer.text().contains("5 minutes off the gate's clock"), "{answer:?}");
        let told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(told["error"].is_string(), "{told}");
        // By which a client can set its own.
        assert!(answer.header("date").is_some_and(|date| date.ends_with("GMT")), "{answer:?}");
    }
    for seconds in [-280, 280] {
        let answer = farm.ask(&carol.off(seconds).signs(Ask::call(1, "x")));
        assert!(answer.echoes(1, "x"), "{seconds}: {answer:?}");
    }
    assert_eq!(backend.count(), 2);
    farm.stop();
}

#[test]
fn a_wrong_region_or_service_is_told() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    for (region, service, word) in [
        ("us-east-1", "execute-api", "another region"),
        ("US-WEST-2", "execute-api", "another region"),
        (REGION, "bedrock-agentcore", "another service"),
        (REGION, "sts", "another service"),
    ] {
        let answer = farm.ask(&carol.for_scope(region, service).signs(Ask::call(1, "x")));
        assert_eq!(answer.status, 401);
        assert!(answer.text().contains(word), "{answer:?}");
    }
    assert_eq!(backend.count(), 0);
    farm.stop();
}

#[test]
fn a_body_that_is_not_signed_gets_in_only_where_the_farm_says_so() {
    let backend = Backend::echo();
    for allowed in [false, true] {
        let (setup, carol) = signer::farm(&backend, signer::with_rules(Replay::Window, allowed));
        let farm = setup.start();
        let ask = carol.signs_unsigned_payload(Ask::call(1, "x"));
        let answer = farm.ask(&ask);
        assert_eq!(answer.status, if allowed { 200 } else { 401 }, "{answer:?}");
        assert!(allowed || answer.text().contains("the body must be signed"), "{answer:?}");
        farm.stop();
    }
}

#[test]
fn bodies_signed_in_pieces_are_refused_by_name() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, signer::with_rules(Replay::Window, true));
    let farm = setup.start();
    let kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    let answer = farm.ask(&carol.signs(Ask::call(1, "x").with("X-Amz-Content-Sha256", kind)));
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("signed in pieces"), "{answer:?}");
    farm.stop();
}

#[test]
fn session_tokens_are_signed_and_stay_at_the_gate() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    let carol = Signer { token: Some("a-session-token/+=".to_owned()), ..carol };
    assert!(farm.ask(&carol.signs(Ask::call(1, "x"))).echoes(1, "x"));
    let seen = backend.only();
    for name in ["authorization", "x-amz-security-token", "x-amz-date", "x-amz-content-sha256"] {
        assert_eq!(seen.header(name), None);
    }
    for (name, value) in &seen.headers {
        assert!(!value.contains("session-token") && !value.contains("FGAK"), "{name}: {value}");
    }
    farm.stop();
}

#[test]
fn several_ways_stand_side_by_side() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup
        .with(|config| {
            let ways = &mut config.servers.get_mut("echo").unwrap().authentication;
            ways.insert(0, issued_keys_of("eu-central-1"));
            ways.push(Authentication::ApiKeys {
                store: STORE.to_owned(),
                header: "x-api-key".to_owned(),
                group_header: Some("x-group-name".to_owned()),
            });
        })
        .start();
    assert!(farm.ask(&carol.signs(Ask::call(1, "x"))).echoes(1, "x"));
    let other = carol.for_scope("eu-central-1", "execute-api");
    assert!(farm.ask(&other.signs(Ask::call(2, "x"))).echoes(2, "x"));
    assert!(farm.ask(&farm.call(3, "x")).echoes(3, "x"));
    let elsewhere = carol.for_scope("sa-east-1", "execute-api");
    assert_eq!(farm.ask(&elsewhere.signs(Ask::call(4, "x"))).status, 401);
    let answer = farm.ask(&Ask::call(5, "x"));
    let ways = answer.headers.iter().filter(|(name, _)| name == "www-authenticate").count();
    assert_eq!((answer.status, ways), (401, 3));
    farm.stop();
}

fn issued_keys_of(region: &str) -> Authentication {
    Authentication::Sigv4IssuedKeys {
        store: ACCESS.to_owned(),
        region: region.to_owned(),
        service: "execute-api".to_owned(),
        replay: Replay::Window,
        unsigned_payload: false,
    }
}

#[test]
fn a_gate_does_not_start_with_a_store_that_it_can_not_open() {
    let backend = Backend::echo();
    let (mut setup, _) = signer::farm(&backend, issued_keys());
    setup.keys = farmgate_keys::GateKeys::generate().unwrap();
    let Err(error) = setup.try_start() else { panic!("it started") };
    assert!(error.to_string().contains(ACCESS), "{error}");
    // Nor with API keys in its place.
    let (setup, _) = signer::farm(&backend, issued_keys());
    let setup = setup.with(|config| {
        let way = Authentication::Sigv4IssuedKeys {
            store: STORE.to_owned(),
            region: REGION.to_owned(),
            service: "execute-api".to_owned(),
            replay: Replay::Window,
            unsigned_payload: false,
        };
        config.servers.get_mut("echo").unwrap().authentication = vec![way];
    });
    assert!(Setup::try_start(setup).is_err());
}
