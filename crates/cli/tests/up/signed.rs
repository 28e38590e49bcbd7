//! Access keys that a farm issued, while it runs; and what it says of itself to other commands.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::running::{Folder, LIMIT, Running};
use crate::said;

const FARM: &str = "\
farm: test
region: eu-central-1
ingress:
  allow: [203.0.113.0/24]
  domain: { name: mcp.example.com, zone: Z0123456789ABCDEFGHIJ }
auth:
  - sigv4_issued_keys: { store: \"secretsmanager:test/access-keys\" }
  - sts_proof: { principals: [\"arn:aws:sts::123456789012:assumed-role/agents/*\"] }
servers:
  hello: { route: /hello/mcp, local: { command: [\"builtin:everything\"] } }
tools:
  - allow: { principals: [\"group:people\"], server: hello, tools: [add] }
";

fn key(folder: &Folder, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farmgate"));
    let output = command.arg("key").args(args).current_dir(&folder.0).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Adds by the server's tool, signed by curl; none if there is no curl.
fn add(running: &Running, credentials: Option<(&str, &str)>) -> Option<Output> {
    let body = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": "add",
            "arguments": { "a": 20, "b": 22 },
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    });
    let mut command = Command::new("curl");
    command.args(["-sS", "--fail-with-body", "--cacert"]).arg(running.ca());
    if let Some((id, secret)) = credentials {
        let user = format!("{id}:{secret}");
        command.args(["--aws-sigv4", "aws:amz:eu-central-1:execute-api", "--user", &user]);
    }
    for header in [
        "content-type: application/json",
        "accept: application/json, text/event-stream",
        "mcp-protocol-version: 2026-07-28",
        "mcp-method: tools/call",
        "mcp-name: add",
    ] {
        command.args(["-H", header]);
    }
    command.args(["-d", &body.to_string(), running.server("hello")["url"].as_str().unwrap()]);
    match command.output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("{error}"),
    }
}

/// Waits until a call is answered so.
#[track_caller]
fn until(running: &Running, credentials: (&str, &str), answered: &str) {
    let end = Instant::now() + LIMIT;
    loop {
        let output = add(running, Some(credentials)).unwrap();
        if said(&output).contains(answered) {
            return;
        }
        assert!(Instant::now() < end, "never `{answered}`: {}", said(&output));
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn issue(folder: &Folder, name: &str) -> (String, String) {
    let made =
        key(folder, &["issue-sigv4", "--group", "people", "--name", name, "--format", "json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("access_key_id"), text("secret_access_key"))
}

#[test]
fn access_keys_are_taken_and_revoked_while_the_farm_runs() {
    let folder = Folder::with("signed", FARM);
    let running = folder.up(&[]);
    let Some(unsigned) = add(&running, None) else {
        println!("skipped: curl not found");
        return;
    };
    assert!(said(&unsigned).contains("401"), "{}", said(&unsigned));
    // Made while it runs: the store is read again when it changes.
    let (id, secret) = issue(&folder, "alice");
    until(&running, (&id, &secret), "\"text\":\"42\"");
    let call = running.line(|line| line["kind"] == "request" && line["status"] == 200);
    assert_eq!(call["principal"], "key:alice");
    let wrong = add(&running, Some((&id, "fgsk_wrong"))).unwrap();
    assert!(said(&wrong).contains("401"), "{}", said(&wrong));
    // The gate's keys are rotated, and older ones retired: the pair holds.
    key(&folder, &["rotate", "--gate"]);
    key(&folder, &["rotate", "--gate", "--retire"]);
    let (other, another) = issue(&folder, "bob");
    until(&running, (&other, &another), "\"text\":\"42\"");
    until(&running, (&id, &secret), "\"text\":\"42\"");
    key(&folder, &["revoke", "alice"]);
    until(&running, (&id, &secret), "401");
    running.signal(Signal::INT);
    assert!(running.end().success());
}

#[test]
fn what_runs_is_said_in_a_file_until_it_ends() {
    let folder = Folder::with("told", FARM);
    let running = folder.up(&[]);
    let file = folder.0.join(".farmgate/running.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains(&running.key()), "it holds no secret");
    let told: Value = serde_json::from_str(&text).unwrap();
    for name in ["farm", "url", "ca", "admin"] {
        assert_eq!(told[name], running.ready[name], "{name}");
    }
    assert_eq!(told["servers"][0]["name"], "hello");
    assert_eq!(told["servers"][0]["route"], "/hello/mcp");
    let address = told["servers"][0]["addresses"][0].as_str().unwrap();
    assert!(std::net::TcpStream::connect(address).is_ok(), "the server's own port");
    // What clients who sign have to know.
    let scope = json!({ "region": "eu-central-1", "service": "execute-api" });
    assert_eq!(running.ready["sigv4"], scope);
    assert_eq!(running.ready["sts_audience"], "mcp.example.com");
    running.signal(Signal::TERM);
    assert!(running.end().success());
    assert!(!file.exists());
}

#[test]
fn the_screen_says_how_who_signs_connects() {
    let folder = Folder::with("signed-screen", FARM);
    let mut child = folder
        .command(&["--group", "people"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut lines = lines.map_while(Result::ok);
    let screen: Vec<String> =
        lines.by_ref().take_while(|line| !line.starts_with("Ctrl-C")).collect();
    let rest = std::thread::spawn(move || lines.count());
    let screen = screen.join("\n");
    for words in [
        "farmgate key issue-sigv4 --group people | sed",
        "/hello/mcp --sigv4 --region eu-central-1 --service execute-api --ca ",
        "mcp-proxy-for-aws https://127.0.0.1:",
        "--sts-proof --audience mcp.example.com --ca ",
    ] {
        assert!(screen.contains(words), "`{words}` isn't in: {screen}");
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
    rest.join().unwrap();
}
