//! Signatures in the query.

use crate::signer::{self, Signer, issued_keys, target};
use crate::support::backend::Backend;
use crate::support::client::Ask;

#[test]
fn what_a_presigned_request_has_in_its_query_stays_at_the_gate() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let carol = Signer { token: Some("a token/+=".to_owned()), ..carol };
    let audit = tempfile::TempDir::new().unwrap();
    let path = audit.path().join("audit.jsonl");
    let farm = setup
        .with(|config| {
            let file = serde_json::json!({ "path": path });
            config.audit.file = Some(serde_json::from_value(file).unwrap());
        })
        .start();
    for (sent, got) in
        [("/mcp", "/mcp"), ("/mcp?a=1&b=%20&a=0", "/mcp?a=1&b=%20&a=0"), ("/mcp/x?q", "/mcp/x?q")]
    {
        let answer = farm.ask(&carol.presigns(Ask::new("GET", sent), 60));
        assert_eq!(answer.status, 200, "{sent}: {answer:?}");
        assert_eq!(backend.seen().last().unwrap().path, got);
    }
    // Refused ones as well.
    let wrong = carol.presigns(Ask::new("GET", "/mcp?a=1"), 60);
    let (_, told) = target(&wrong);
    let ask = Ask::new("DELETE", told);
    assert_eq!(farm.ask(&ask).status, 401);
    farm.stop();
    let lines = std::fs::read_to_string(path).unwrap();
    assert_eq!(lines.lines().filter(|line| line.contains("\"/mcp")).count(), 4, "{lines}");
    for word in ["amz", "Amz", "token", "FGAK"] {
        assert!(!lines.contains(word), "{word} is in {lines}");
    }
}

#[test]
fn queries_without_a_signature_go_on_byte_for_byte() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    for path in ["/mcp?", "/mcp?a", "/mcp?a=1&&b=%2f&", "/mcp?x=y?z", "/mcp?my-X-Amz-Signature=1"] {
        let answer = farm.ask(&carol.signs(Ask::new("GET", path)));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(backend.seen().last().unwrap().path, path);
    }
    farm.stop();
}

#[test]
fn a_presigned_call_signs_its_body_and_its_time() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    assert!(farm.ask(&carol.presigns(Ask::call(1, "x"), 60)).echoes(1, "x"));
    let other = carol.presigns(Ask::call(1, "x"), 60).body(r#"{"jsonrpc":"2.0","id":1}"#);
    assert_eq!(farm.ask(&other).status, 401);
    // It may be older than the window of other requests, but no older than it says.
    assert!(farm.ask(&carol.off(-1000).presigns(Ask::call(2, "x"), 1100)).echoes(2, "x"));
    let over = farm.ask(&carol.off(-100).presigns(Ask::call(3, "x"), 60));
    assert_eq!(over.status, 401);
    assert!(over.text().contains("expired"), "{over:?}");
    let future = farm.ask(&carol.off(400).presigns(Ask::call(3, "x"), 600));
    assert_eq!(future.status, 401);
    // Signed in both ways, it is in none.
    let twice = carol.signs(carol.presigns(Ask::call(4, "x"), 60));
    assert_eq!(farm.ask(&twice).status, 401);
    assert_eq!(backend.count(), 2);
    farm.stop();
}
