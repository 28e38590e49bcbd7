//! Sessions of those who sign: bound to who opened them, whichever way that was proved.

use std::collections::HashSet;
use std::sync::Mutex;

use farmgate_farm::gate::{Authentication, STS_PROOF_HEADER};
use secrecy::ExposeSecret as _;

use crate::signer::{self, Signer, issued_keys};
use crate::sts::{AUDIENCE, REGION, Stub, proof_for};
use crate::support::backend::{Backend, Then, echoed, write_answer, write_json};
use crate::support::client::Ask;
use crate::support::farm::{Farm, now};

/// A server of the legacy era that opens sessions, and answers only within one.
fn backend() -> Backend {
    let open = Mutex::new(HashSet::new());
    Backend::start(move |seen, stream| {
        let mut open = open.lock().unwrap();
        if seen.text().contains("\"initialize\"") {
            let id = format!("upstream-{}", open.len());
            let headers = [("Content-Type", "application/json"), ("Mcp-Session-Id", id.as_str())];
            let body = br#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}"#;
            write_answer(stream, 200, &headers, body);
            open.insert(id);
            return Then::Keep;
        }
        match seen.header("mcp-session-id") {
            Some(id) if open.contains(id) => write_json(stream, &echoed(seen)),
            _ => write_answer(stream, 404, &[], b""),
        }
        Then::Keep
    })
}

fn open(farm: &Farm, sign: impl Fn(Ask) -> Ask) -> String {
    let body = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
    let answer = farm.ask(&sign(Ask::message(body).without("MCP-Protocol-Version")));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.header("mcp-session-id").expect("a session").to_owned()
}

#[test]
fn a_session_of_one_signer_is_not_anothers() {
    let backend = backend();
    let (mut setup, carol) = signer::farm(&backend, issued_keys());
    let dave = Signer::issued(&mut setup.access, &setup.keys, "dave", "researchers");
    let (mut access, keys) = (setup.access.clone(), setup.keys.clone());
    let farm = setup.start();
    let session = open(&farm, |ask| carol.signs(ask));
    let call = || Ask::call(1, "x").with("Mcp-Session-Id", &session);
    assert!(farm.ask(&carol.signs(call())).echoes(1, "x"));
    let before = backend.count();
    assert_eq!(farm.ask(&dave.signs(call())).status, 404);
    assert_eq!(farm.ask(&call()).status, 401, "a session is no proof");
    let unsigned = carol.signs(Ask::call(1, "x")).with("Mcp-Session-Id", &session);
    assert_eq!(farm.ask(&unsigned).status, 401, "it must be signed");
    assert_eq!(backend.count(), before);
    // It goes on with the next key of the same name.
    let (pair, _) = access.rotate("carol", 0, None, &keys, now()).unwrap();
    let next = Signer::new(&pair.id, pair.secret.expose_secret());
    farm.write_access(&access);
    farm.gate.reload_files().unwrap();
    assert!(farm.ask(&next.signs(call())).echoes(1, "x"));
    farm.stop();
}

#[test]
fn a_session_of_one_callers_arn_is_not_anothers() {
    // The name of a role's session tells people apart who share a role, as those of an SSO do.
    let (backend, stub) = (backend(), Stub::start());
    let arn = |session: &str| format!("arn:aws:sts::123456789012:assumed-role/agents/{session}");
    let principals = vec!["arn:aws:iam::123456789012:role/agents".to_owned()];
    let regions = vec![REGION.to_owned()];
    let way = Authentication::StsProof {
        principals: principals.clone(),
        regions,
        audience: AUDIENCE.to_owned(),
    };
    let (mut setup, _) = signer::farm(&backend, way);
    let secret = "kJ8sQ2vX5nB7mW4tR9yU1zC3pL6hG0dF";
    setup.secrets.push(("FARMGATE_STORE_3", secret.to_owned()));
    setup.sts = stub.sts();
    let setup = setup.with(|config| {
        let way = Authentication::ApigwIam { secret: "FARMGATE_STORE_3".to_owned(), principals };
        config.servers.get_mut("echo").unwrap().authentication.push(way);
    });
    let farm = setup.start();
    let (ann, ben) = (stub.know(&arn("ann")), stub.know(&arn("ben")));
    let proof = |signer: &Signer| proof_for(signer, AUDIENCE).text().expose_secret().to_owned();
    let by_proof = |ask: Ask, signer: &Signer| ask.with(STS_PROOF_HEADER, &proof(signer));
    let by_gateway = |ask: Ask, name: &str| {
        ask.with("farmgate-gateway", secret).with("farmgate-caller", &arn(name))
    };
    let session = open(&farm, |ask| by_proof(ask, &ann));
    let call = || Ask::call(1, "x").with("Mcp-Session-Id", &session);
    assert!(farm.ask(&by_proof(call(), &ann)).echoes(1, "x"));
    assert_eq!(farm.ask(&by_proof(call(), &ben)).status, 404);
    assert_eq!(farm.ask(&by_gateway(call(), "ben")).status, 404);
    // It is the principal that counts, and not how it was proved.
    assert!(farm.ask(&by_gateway(call(), "ann")).echoes(1, "x"));
    farm.stop();
}
