//! Signers that aren't ours, as they are: botocore, curl, and mcp-proxy-for-aws from PyPI.

pub(crate) mod botocore;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use serde_json::{Value, json};

use crate::signer::{self, Signer, issued_keys};
use crate::support::PATIENCE;
use crate::support::backend::{Backend, Then, echoed, write_answer, write_json};
use crate::support::client::Ask;

/// A program of the tools' folder, or of PATH, that does what it is asked.
fn tool(name: &str, probe: &[&str]) -> Option<PathBuf> {
    let folder = std::env::var_os("FARMGATE_NODE_TOOLS").map(PathBuf::from);
    let own = folder.map(|folder| folder.join("aws/bin").join(name));
    let works = |path: &PathBuf| {
        let mut command = Command::new(path);
        let status = command.args(probe).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    own.into_iter().chain([PathBuf::from(name)]).find(works)
}

/// A Python that has botocore.
pub(crate) fn python() -> Option<PathBuf> {
    let found = tool("python3", &["-c", "import botocore"]);
    if found.is_none() {
        println!("skipped: botocore not found");
    }
    found
}

fn request(method: &str, target: &str, ask: &Ask, query: bool) -> Value {
    let headers: serde_json::Map<_, _> = ask
        .headers
        .iter()
        .filter(|(name, _)| name != "Host" && name != "Content-Length")
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    let body = String::from_utf8(ask.body.clone()).unwrap();
    json!({ "method": method, "target": target, "headers": headers, "body": body, "query": query })
}

#[test]
fn what_botocore_signs_verifies() {
    let Some(python) = python() else { return };
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    let none = Ask::new("GET", "/mcp").with("Accept", "text/event-stream");
    // botocore signs a query as it stands, so it has to be written as AWS writes it.
    let odd = "/mcp/a%20b/%C3%BC/c+d?b=2&a=%2F&a=&%C3%BC=~%2A%27";
    let session = none.clone().with("Mcp-Session-Id", "not one").with("X-Amz-Meta", " a   b ");
    let mut requests = Vec::new();
    // It presigns no body: it makes parameters of one.
    requests.push(request("POST", "/mcp", &Ask::call(1, "x"), false));
    requests.push(request("POST", odd, &Ask::call(1, "ü ☃"), false));
    for query in [false, true] {
        for method in ["GET", "DELETE"] {
            requests.push(request(method, "/mcp", &none, query));
            requests.push(request(method, odd, &none, query));
            requests.push(request(method, "/mcp", &session, query));
        }
    }
    let url = format!("http://{}", farm.address());
    let with_token = Signer { token: Some("a token/+=".to_owned()), ..carol.clone() };
    for signer in [&carol, &with_token] {
        let answers = botocore::call(&python, signer, &url, &requests);
        assert_eq!(answers.len(), requests.len());
        for (request, (status, body)) in requests.iter().zip(&answers) {
            // Whoever names a session that isn't one was known before that was seen.
            let session = request["headers"].get("Mcp-Session-Id").is_some();
            assert_eq!(*status, if session { 404 } else { 200 }, "{request}: {body}");
        }
    }
    let wrong = Signer { secret: "another".to_owned(), ..carol };
    for (status, body) in botocore::call(&python, &wrong, &url, &requests) {
        assert_eq!((status, body.as_str()), (401, ""));
    }
    farm.stop();
}

#[test]
fn what_curl_signs_verifies() {
    let Some(curl) = tool("curl", &["--help", "all"]) else {
        println!("skipped: curl not found");
        return;
    };
    let help = Command::new(&curl).args(["--help", "all"]).output().unwrap().stdout;
    if !String::from_utf8_lossy(&help).contains("--aws-sigv4") {
        println!("skipped: curl with --aws-sigv4 not found");
        return;
    }
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    let run = |secret: &str, words: &[&str]| {
        // The secret isn't on the command line, as it shouldn't be anywhere.
        let mut child = Command::new(&curl)
            .args(["--silent", "--disable", "--config", "-", "--write-out", "\n%{http_code}"])
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let config = format!(
            "user = \"{}:{secret}\"\naws-sigv4 = \"aws:amz:us-west-2:execute-api\"",
            carol.id
        );
        child.stdin.take().unwrap().write_all(config.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse::<u16>().unwrap(), body.to_owned())
    };
    let url = format!("http://{}/mcp", farm.address());
    let body = String::from_utf8(Ask::call(1, "x").body).unwrap();
    let post = [
        "-H",
        "Content-Type: application/json",
        "-H",
        "Accept: application/json, text/event-stream",
        "-H",
        "MCP-Protocol-Version: 2025-11-25",
        "--data-binary",
        &body,
        &url,
    ];
    let (status, answer) = run(&carol.secret, &post);
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("\"text\":\"x\""), "{answer}");
    for method in ["GET", "DELETE"] {
        let with_query = format!("{url}/a?a=1&b=2");
        for url in [&url, &with_query] {
            let (status, answer) = run(&carol.secret, &["-X", method, url]);
            assert_eq!(status, 200, "{method} {url}: {answer}");
        }
    }
    assert_eq!(run("another", &post).0, 401);
    assert_eq!(backend.count(), 5);
    farm.stop();
}

/// An MCP server of the legacy era with one tool.
fn server() -> Backend {
    Backend::start(|seen, stream| {
        let message: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        let result = |result: &Value| {
            json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string()
        };
        match (seen.method.as_str(), message["method"].as_str().unwrap_or_default()) {
            ("POST", "initialize") => {
                let body = result(&json!({
                    "protocolVersion": message["params"]["protocolVersion"],
                    "capabilities": { "tools": {} },
                    "serverInfo": { "name": "one tool", "version": "1" },
                }));
                let headers =
                    [("Content-Type", "application/json"), ("Mcp-Session-Id", "upstream")];
                write_answer(stream, 200, &headers, body.as_bytes());
            }
            ("POST", "tools/list") => {
                let schema =
                    json!({ "type": "object", "properties": { "text": { "type": "string" } } });
                let tools =
                    json!([{ "name": "echo", "description": "says it", "inputSchema": schema }]);
                write_json(stream, &result(&json!({ "tools": tools })));
            }
            ("POST", "tools/call") => write_json(stream, &echoed(seen)),
            ("POST", _) if message["id"].is_null() => write_answer(stream, 202, &[], b""),
            ("POST", _) => write_json(stream, &result(&json!({}))),
            ("DELETE", _) => write_answer(stream, 200, &[], b""),
            _ => write_answer(stream, 405, &[], b""),
        }
        Then::Keep
    })
}

/// mcp-proxy-for-aws before a gate: messages on its standard input, answers on its output.
struct Proxy {
    child: Child,
    lines: Receiver<Value>,
}

// === impl Proxy ===

impl Proxy {
    fn start(program: &Path, url: &str, signer: &Signer) -> Self {
        let mut command = Command::new(program);
        // Nobody's own credentials or settings.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args([url, "--service", &signer.service, "--region", &signer.region])
            .args(["--disable-telemetry", "--log-level", "CRITICAL"])
            .env("AWS_REGION", &signer.region)
            .env("AWS_ACCESS_KEY_ID", &signer.id)
            .env("AWS_SECRET_ACCESS_KEY", &signer.secret)
            .env("AWS_CONFIG_FILE", "/nonexistent")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Ok(message) = serde_json::from_str(&line) {
                    let _heard = tell.send(message);
                }
            }
        });
        Self { child, lines }
    }

    fn say(&mut self, message: &Value) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(format!("{message}\n").as_bytes()).unwrap();
        input.flush().unwrap();
    }

    /// The answer; none if it ended without one.
    fn ask(&mut self, id: u64, method: &str, params: &Value) -> Option<Value> {
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            match self.lines.recv_timeout(2 * PATIENCE) {
                Ok(message) if message["id"] == id => return Some(message),
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("no answer to {method}"),
            }
        }
    }

    fn initialize(&mut self) -> Option<Value> {
        let client = json!({ "name": "test", "version": "1" });
        let params =
            json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        let answer = self.ask(0, "initialize", &params)?;
        self.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        Some(answer)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn mcp_proxy_for_aws_works_with_keys_of_the_farm_and_with_no_others() {
    let Some(program) = tool("mcp-proxy-for-aws", &["--help"]) else {
        println!("skipped: mcp-proxy-for-aws not found");
        return;
    };
    let backend = server();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    let url = format!("http://127.0.0.1:{}/mcp", farm.address().port());
    let mut proxy = Proxy::start(&program, &url, &carol);
    let answer = proxy.initialize().unwrap();
    assert!(answer["result"]["protocolVersion"].is_string(), "{answer}");
    let answer = proxy.ask(1, "tools/list", &json!({})).unwrap();
    assert_eq!(answer["result"]["tools"][0]["name"], "echo", "{answer}");
    for id in 2..5 {
        let text = format!("call {id}");
        let params = json!({ "name": "echo", "arguments": { "text": text } });
        let answer = proxy.ask(id, "tools/call", &params).unwrap();
        assert_eq!(answer["result"]["content"][0]["text"], text.as_str(), "{answer}");
    }
    let seen = backend.seen();
    let sessions = seen.iter().filter(|it| it.header("mcp-session-id") == Some("upstream"));
    assert!(sessions.count() >= 4, "calls are within the session");
    assert!(seen.iter().all(|it| it.header("authorization").is_none()));
    drop(proxy);
    let before = backend.count();
    let wrong = Signer { secret: "another".to_owned(), ..carol };
    let mut proxy = Proxy::start(&program, &url, &wrong);
    // It ends, or answers with an error: as its version does.
    if let Some(answer) = proxy.initialize() {
        assert!(answer["error"].is_object(), "{answer}");
    }
    assert_eq!(backend.count(), before, "nothing got through");
    farm.stop();
}
