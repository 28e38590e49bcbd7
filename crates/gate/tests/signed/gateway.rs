//! An API Gateway that verified: what it says is believed with its secret alone.

use farmgate_farm::gate::Authentication;
use farmgate_keys::Verifier;

use crate::signer;
use crate::support::backend::Backend;
use crate::support::client::Ask;
use crate::support::farm::{Setup, now};
use crate::support::wait_until;

const VARIABLE: &str = "FARMGATE_STORE_3";
const SECRET: &str = "kJ8sQ2vX5nB7mW4tR9yU1zC3pL6hG0dF";
const NEXT: &str = "aZ3xS7cD1vF5gB9nH2mJ6kL0qW4eR8tY";
const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/agents-a/session";

fn setup(backend: &Backend, secret: &str, principal: &str) -> Setup {
    let way = Authentication::ApigwIam {
        secret: VARIABLE.to_owned(),
        principals: vec![principal.to_owned()],
    };
    let (mut setup, _) = signer::farm(backend, way);
    setup.secrets.push((VARIABLE, secret.to_owned()));
    setup
}

fn from_gateway(secret: &str) -> Ask {
    Ask::call(1, "x").with("farmgate-gateway", secret).with("farmgate-caller", CALLER)
}

#[test]
fn a_caller_is_believed_of_an_api_gateway_with_its_secret_and_of_nobody_else() {
    let backend = Backend::echo();
    let setup = setup(&backend, SECRET, "arn:aws:iam::123456789012:role/agents-*");
    let verifier = Verifier::parse(&setup.keys.public()).unwrap();
    let farm = setup.start();
    assert!(farm.ask(&from_gateway(SECRET)).echoes(1, "x"));
    let seen = backend.only();
    assert_eq!((seen.header("farmgate-gateway"), seen.header("farmgate-caller")), (None, None));
    let principal = seen.header("farmgate-principal").unwrap();
    let principal = verifier.verify(principal, Some("echo"), now()).unwrap();
    assert_eq!((principal.subject.as_str(), principal.kind), (CALLER, "apigw_iam"));
    let forged = "arn:aws:sts::123456789012:assumed-role/agents-a/other";
    for (what, ask, status) in [
        ("no secret", Ask::call(1, "x").with("farmgate-caller", CALLER), 401),
        ("another secret", from_gateway(NEXT), 401),
        ("a part of it", from_gateway(&SECRET[1..]), 401),
        ("two secrets", from_gateway(SECRET).with("farmgate-gateway", NEXT), 401),
        ("two callers", from_gateway(SECRET).with("farmgate-caller", forged), 401),
        ("no caller", Ask::call(1, "x").with("farmgate-gateway", SECRET), 401),
        (
            "with _ for -",
            { Ask::call(1, "x").with("farmgate_gateway", SECRET).with("farmgate_caller", CALLER) },
            401,
        ),
        (
            "somebody else",
            {
                let other = "arn:aws:sts::123456789012:assumed-role/admins/session";
                from_gateway(SECRET).instead("farmgate-caller", other)
            },
            403,
        ),
    ] {
        let answer = farm.ask(&ask);
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert!(!answer.text().contains("arn:"), "{what}: {answer:?}");
    }
    assert_eq!(backend.count(), 1);
    farm.stop();
}

#[test]
fn the_secret_of_an_api_gateway_rotates_with_both_valid() {
    let backend = Backend::echo();
    let farm = setup(&backend, SECRET, "arn:aws:iam::123456789012:role/agents-*").start();
    assert_eq!(farm.ask(&from_gateway(NEXT)).status, 401);
    farm.write_secret(VARIABLE, &format!("{NEXT} {SECRET}\n"));
    wait_until("the next secret is good", || farm.ask(&from_gateway(NEXT)).status == 200);
    assert_eq!(farm.ask(&from_gateway(SECRET)).status, 200);
    farm.write_secret(VARIABLE, NEXT);
    wait_until("the first one is not", || farm.ask(&from_gateway(SECRET)).status == 401);
    assert_eq!(farm.ask(&from_gateway(NEXT)).status, 200);
    // One that could be guessed is not taken.
    farm.write_secret(VARIABLE, "changeme");
    assert!(farm.gate.reload_files().is_err());
    assert_eq!(farm.ask(&from_gateway("changeme")).status, 401);
    assert_eq!(farm.ask(&from_gateway(NEXT)).status, 200);
    farm.stop();
}

#[test]
fn a_gate_with_a_guessable_secret_or_a_pattern_of_nobody_does_not_start() {
    let backend = Backend::echo();
    for (secret, principal, word) in [
        ("changeme", "arn:aws:iam::123456789012:role/a", "shorter than 32"),
        ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "arn:aws:iam::123456789012:role/a", "pattern"),
        (SECRET, "arn:aws:iam::123456789012:role/path/a", "no path of the role"),
        (SECRET, "*", "no ARN"),
    ] {
        let Err(error) = setup(&backend, secret, principal).try_start() else {
            panic!("it started with {principal}");
        };
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(word), "{shown}");
        assert!(!shown.contains("xxxx") && !shown.contains(SECRET), "{shown}");
    }
}
