//! Signers that others wrote, as they are installed: botocore, and curl's `--aws-sigv4`. Each is
//! skipped where it isn't there.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farmgate_sigv4::{Fault, Rules, Signed};
use http::request::Parts;
use serde_json::{Value, json};

use crate::gate::{KEY_ID, REGION, SECRET, SERVICE, head, rules, verdict, verdict_by};

const ORACLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/sign.py");

/// Targets whose queries are encoded as AWS says: botocore signs a query as it stands.
const TARGETS: [&str; 14] = [
    "/",
    "/nova-act/mcp",
    "/nova-act/mcp/",
    "//a//b",
    "/a/./b/../c",
    "/a%20b/caf%C3%A9",
    "/a+b/@c/d:e/$f/g,h/(i)/!j/~k",
    "/mcp?a=1",
    "/mcp?b=2&a=1&b=1&b&a-b=1&a.b=2",
    "/mcp?q=a%20b%2Bc%2Fd&%C3%A9=%E1%88%B4",
    "/mcp?empty=&=nameless&x",
    "/mcp?B=1&a=2&_=3&~=4",
    "/mcp?a=1&a=1",
    "/mcp?date=X-Amz-Date",
];

/// What botocore makes of requests; nothing if it isn't there.
fn botocore(requests: &Value) -> Option<Vec<Value>> {
    let python = Command::new("python3")
        .arg(ORACLE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut python) = python else {
        println!("skipped: python3 not found");
        return None;
    };
    let input = requests.to_string();
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = python.wait_with_output().unwrap();
    // A script that ends before it has read everything says so by its status.
    let _ = writer.join().unwrap();
    if output.status.code() == Some(77) {
        println!("skipped: botocore not found");
        return None;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Requests of all kinds, not signed yet.
fn requests() -> Vec<Value> {
    let mut requests = Vec::new();
    for target in TARGETS {
        for method in ["POST", "GET", "DELETE"] {
            for (token, life) in [
                (None, None),
                (Some("FwoG/Zl+Y=="), None),
                (None, Some(60)),
                (Some("a/b+c="), Some(900)),
            ] {
                let mut headers = vec![
                    ("Accept", "application/json,  text/event-stream"),
                    ("Mcp-Session-Id", "s1.abc"),
                    ("MCP-Protocol-Version", "2025-11-25"),
                    ("My-Header", "  a   b  "),
                ];
                // A body that it presigns, botocore moves into the query.
                let body = match (method, life) {
                    ("POST", None) => r#"{"jsonrpc":"2.0","id":1}"#,
                    _ => "",
                };
                if !body.is_empty() {
                    headers.push(("Content-Type", "application/json"));
                }
                headers.push(("My-Header", "c"));
                // With a `Date` in it, botocore signs that, and sends no `X-Amz-Date`.
                if method == "DELETE" && life.is_none() {
                    headers.push(("Date", "now"));
                }
                requests.push(json!({
                    "method": method, "target": target, "headers": headers,
                    "body": STANDARD.encode(body), "id": KEY_ID, "secret": SECRET, "token": token,
                    "region": REGION, "service": SERVICE, "life": life,
                }));
            }
        }
    }
    requests
}

#[test]
fn what_botocore_signs_verifies() {
    let requests = requests();
    let Some(signed) = botocore(&json!(requests)) else { return };
    assert_eq!(signed.len(), requests.len());
    for (request, signed) in requests.iter().zip(&signed) {
        let headers: Vec<(String, String)> =
            serde_json::from_value(signed["headers"].clone()).unwrap();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let target = signed["target"].as_str().unwrap();
        let head = head(request["method"].as_str().unwrap(), target, &headers);
        let body = STANDARD.decode(request["body"].as_str().unwrap()).unwrap();
        let now = Signed::of(&head).unwrap().unwrap().time();
        assert_eq!(verdict(&head, &body, now), Ok(()), "{request} {signed}");
        let other = [&body[..], b" "].concat();
        assert_eq!(verdict(&head, &other, now), Err(Fault::Signature), "{request}");
        let mut other = head.clone();
        other.headers.insert("mcp-session-id", "s1.abd".parse().unwrap());
        assert_eq!(verdict(&other, &body, now), Err(Fault::Signature), "{request}");
    }
}

// === curl ===

/// What curl sends, as it arrives.
fn received(listener: &TcpListener) -> (Parts, Vec<u8>) {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut bytes = Vec::new();
    let (head, at, length) = loop {
        read_more(&mut stream, &mut bytes);
        if let Some(parsed) = parsed(&bytes) {
            break parsed;
        }
    };
    while bytes.len() < at + length {
        read_more(&mut stream, &mut bytes);
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    (head, bytes.split_off(at))
}

fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) {
    let mut buffer = [0; 4096];
    let length = stream.read(&mut buffer).unwrap();
    assert!(length > 0, "curl ended before its request did");
    bytes.extend_from_slice(&buffer[..length]);
}

/// A head, where it ends, and how long the body is; nothing while the head isn't whole.
fn parsed(bytes: &[u8]) -> Option<(Parts, usize, usize)> {
    let mut lines = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut lines);
    let httparse::Status::Complete(at) = request.parse(bytes).unwrap() else { return None };
    let text = |value| std::str::from_utf8(value).unwrap();
    let headers: Vec<(&str, &str)> =
        request.headers.iter().map(|line| (line.name, text(line.value))).collect();
    let head = head(request.method.unwrap(), request.path.unwrap(), &headers);
    let length = head.headers.get("content-length");
    let length = length.map_or(0, |length| length.to_str().unwrap().parse().unwrap());
    Some((head, at, length))
}

/// Runs curl against a listener of its own; nothing if it isn't there, or is too old to sign.
fn curl(target: &str, arguments: &[&str]) -> Option<(Parts, Vec<u8>, u16)> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let curl = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "20", "--path-as-is", "--aws-sigv4"])
        .arg(format!("aws:amz:{REGION}:{SERVICE}"))
        .args(["--user", &format!("{KEY_ID}:{SECRET}")])
        .args(arguments)
        .arg(format!("http://127.0.0.1:{port}{target}"))
        .env_remove("http_proxy")
        .env_remove("HTTP_PROXY")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(curl) = curl else {
        println!("skipped: curl not found");
        return None;
    };
    let server = std::thread::spawn(move || received(&listener));
    let output = curl.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if errors.contains("aws-sigv4") {
        println!("skipped: curl that signs not found");
        // The listener's thread waits for a request that won't come, and ends with the test.
        return None;
    }
    assert!(output.status.success(), "{errors}");
    let (head, body) = server.join().unwrap();
    Some((head, body, port))
}

/// The older of them (7.88) sign a path and a query as they stand; AWS verifies those alone that are
/// in its canonical form already, and so does this.
#[test]
fn what_curl_signs_verifies() {
    let json = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let session = ["-H", "Mcp-Session-Id: s1.abc", "-H", "MCP-Protocol-Version: 2025-11-25"];
    let posted = ["-H", "Content-Type: application/json", "--data-binary", json];
    let all = [&session[..], &posted].concat();
    let deleted = [&["-X", "DELETE"][..], &session].concat();
    let calls: [(&str, &[&str]); 5] = [
        ("/nova-act/mcp", &all),
        ("/nova-act/mcp", &session),
        ("/nova-act/mcp", &deleted),
        ("/nova-act/mcp?a=1&b=2", &all),
        (
            "/mcp",
            &[
                "-H",
                "X-Amz-Security-Token: FwoG/Zl+Y==",
                "-H",
                "Content-Type: text/plain",
                "--data-binary",
                "a",
            ],
        ),
    ];
    for (target, arguments) in calls {
        let Some((head, body, _)) = curl(target, arguments) else { return };
        let now = Signed::of(&head).unwrap().unwrap().time();
        let verdict = |head: &Parts, body: &[u8]| verdict(head, body, now);
        assert_eq!(verdict(&head, &body), Ok(()), "{target} {arguments:?} {head:?}");
        assert_eq!(verdict(&head, b"another"), Err(Fault::Signature), "{target}");
        let elsewhere = Rules { service: "sts".to_owned(), ..rules() };
        let refused = verdict_by(&elsewhere, (KEY_ID, SECRET), &head, &body, now);
        assert_eq!(refused, Err(Fault::Service));
    }
}
