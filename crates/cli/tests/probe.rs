//! `farmgate probe`, as people run it: against `farmgate up`, with keys that come and go; and against
//! what it must not ask.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

#[allow(dead_code, reason = "others use the rest")]
#[path = "up/https.rs"]
mod https;
#[allow(dead_code, reason = "others use the rest")]
#[path = "up/running.rs"]
mod running;

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use running::{Folder, Running};

/// Both ways that need nothing of AWS, and a server behind a bridge.
const FARM: &str = r#"
farm: test
region: eu-central-1
ingress:
  allow: [203.0.113.0/24]
  domain: { name: mcp.example.com, zone: Z0123456789ABCDEFGHIJ }
auth:
  - api_keys: { store: "secretsmanager:test/api-keys", header: x-api-key, group_header: x-group-name }
  - sigv4_issued_keys: { store: "secretsmanager:test/access-keys" }
servers:
  hello: { route: /hello/mcp, local: { command: ["builtin:everything"], transport: stdio } }
"#;

fn command(folder: &Folder, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farmgate"));
    command.arg("probe").args(args).current_dir(&folder.0).env("HOME", folder.home());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn probe(folder: &Folder, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

fn said(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    texts.concat()
}

/// The keys in a farm's stores.
fn keys(folder: &Folder) -> usize {
    let stores = fs::read_dir(folder.0.join(".farmgate/stores")).unwrap();
    let count = |text: String| {
        let store: Value = serde_json::from_str(&text).unwrap();
        store["keys"].as_array().unwrap().len()
    };
    // A store that is being replaced stands beside itself under another name.
    let stores = stores.map(|entry| entry.unwrap().path());
    let stores = stores.filter(|path| path.extension().is_some_and(|it| it == "json"));
    stores.map(|path| count(fs::read_to_string(path).unwrap())).sum()
}

fn up(folder: &Folder) -> Running {
    folder.up(&[])
}

#[test]
fn what_up_runs_holds_and_no_key_is_left() {
    let folder = Folder::with("probe-local", FARM);
    let running = up(&folder);
    let output = probe(&folder, &["--local", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let untested: Vec<&str> = report["controls"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["verdict"] == "not_testable")
        .map(|it| it["control"].as_str().unwrap())
        .collect();
    // It needs credentials of AWS; and an address that is refused needs a network.
    assert!(untested.contains(&"proof-for-another-farm") && untested.len() <= 2, "{untested:?}");
    assert_eq!(keys(&folder), 0);
    running.signal(Signal::INT);
    assert!(running.end().success());
}

#[test]
fn keys_are_revoked_when_it_is_interrupted() {
    let folder = Folder::with("probe-interrupted", FARM);
    let running = up(&folder);
    let mut child = command(&folder, &["--local"]).spawn().unwrap();
    let until = Instant::now() + running::LIMIT;
    while keys(&folder) < 4 {
        assert!(Instant::now() < until, "no keys are made");
        std::thread::sleep(Duration::from_millis(2));
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(child.wait().unwrap().code().is_some_and(|code| code != 0));
    assert_eq!(keys(&folder), 0);
    running.signal(Signal::INT);
    assert!(running.end().success());
}

#[test]
fn a_server_that_answers_past_the_gate_makes_the_exit_code_1() {
    let farm = FARM.replace(", transport: stdio", "");
    let folder = Folder::with("probe-failed", &farm);
    let running = up(&folder);
    let output = probe(&folder, &["--local"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let text = said(&output);
    assert!(text.contains("failed    server-port-past-the-gate"), "{text}");
    assert!(text.contains("farmgate probe --about server-port-past-the-gate"), "{text}");
    assert!(text.contains(" 1 failed,"), "{text}");
    running.signal(Signal::INT);
    assert!(running.end().success());
}

#[test]
fn what_nobody_named_is_not_asked() {
    let folder = Folder::with("probe-refused", FARM);
    for url in [
        "https://example.com/mcp",
        "https://192.0.2.1/mcp",
        "https://169.254.169.254/latest",
        "https://localhost@example.com/",
        "http://mcp.example.com.evil.example.net/",
    ] {
        let output = probe(&folder, &[url, "--farm", "farm.yaml"]);
        assert_eq!(output.status.code(), Some(2), "{url}: {}", said(&output));
    }
    // A name of the farm's own may be asked, but not in plain HTTP.
    let output = probe(&folder, &["http://mcp.example.com/", "--farm", "farm.yaml"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn where_nothing_answers_the_exit_code_is_3() {
    let folder = Folder::with("probe-nobody", FARM);
    let output = probe(&folder, &["--local"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("doesn't run"), "{}", said(&output));
    // A domain that nobody has (RFC 6761).
    let farm = FARM.replace("mcp.example.com", "mcp.example.invalid");
    let nowhere = Folder::with("probe-nowhere", &farm);
    let output = probe(&nowhere, &["farm.yaml"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = probe(&folder, &[&format!("http://{gone}/mcp")]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
}

#[test]
fn a_variable_without_a_key_is_told_and_not_shown() {
    let folder = Folder::with("probe-variable", FARM);
    let args = ["http://127.0.0.1:1/mcp", "--api-key-env", "NO_SUCH_KEY"];
    let output = probe(&folder, &args);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let args = ["http://127.0.0.1:1/mcp", "--api-key-env", "BAD_KEY"];
    let output = command(&folder, &args).env("BAD_KEY", "abc\r\nx: y").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!said(&output).contains("abc"), "{}", said(&output));
}

#[test]
fn the_controls_are_listed_and_each_has_a_page() {
    let folder = Folder::new("probe-list");
    let output = probe(&folder, &["--controls"]);
    let text = said(&output);
    assert_eq!(text.lines().count(), 25, "{text}");
    for line in text.lines() {
        let control = line.split_whitespace().next().unwrap();
        let output = probe(&folder, &["--about", control]);
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains("Held, failed"), "{}", said(&output));
    }
    let output = probe(&folder, &["--about", "no-credentials"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("did you mean `no-credential`?"), "{}", said(&output));
}

#[test]
fn a_task_prints_a_log_that_is_read_back() {
    let folder = Folder::with("probe-task", FARM);
    let commands = said(&probe(&folder, &["--from-task"]));
    for part in ["aws ecs run-task", "test-probe", "farmgate probe --task-log -"] {
        assert!(commands.contains(part), "{commands}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let what = format!(
        r#"{{"version":1,"farm":"test","url":"https://mcp.example.com","servers":{{"hello":["{gone}"]}}}}"#
    );
    let output = command(&folder, &["--task"]).env("FARMGATE_PROBE", &what).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let read = |log: &[u8]| {
        let mut child =
            command(&folder, &["--task-log", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(log).unwrap();
        child.wait_with_output().unwrap()
    };
    let back = read(&output.stdout);
    assert_eq!(back.status.code(), Some(0), "{}", said(&back));
    assert!(said(&back).contains("held      server-port-past-the-gate"), "{}", said(&back));
    let lines: Vec<&[u8]> = output.stdout.split_inclusive(|byte| *byte == b'\n').collect();
    let cut = read(&lines[..lines.len() - 1].concat());
    assert_eq!(cut.status.code(), Some(2), "{}", said(&cut));
    let none = command(&folder, &["--task"]).env_remove("FARMGATE_PROBE").output().unwrap();
    assert_eq!(none.status.code(), Some(2), "{}", said(&none));
}
