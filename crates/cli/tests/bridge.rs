//! `farmgate bridge` as it runs in a container: what it refuses, what its command gets, and that it
//! leaves nothing behind however it ends.
//!
//! Without python3 the tests that need a server say so and pass.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// What a keeper's command line has.
const KEEPER: &str = "keep-process";

const PATIENCE: Duration = Duration::from_secs(30);

/// A server that starts others, one of them a daemon, and answers everything with its environment.
const SERVER: &str = r#"
import json, os, subprocess, sys
subprocess.Popen(["sh", "-c", "sleep 991 & sleep 992"])
subprocess.Popen(["sh", "-c", "(setsid sleep 993 &)"])
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        result = {"protocolVersion": "2025-11-25", "environment": dict(os.environ)}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"#;

fn farmgate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farmgate"));
    command.arg("bridge").args(args);
    command.env_remove("FARMGATE_PUBLIC_KEY").env_remove("FARMGATE_SERVER");
    command
}

fn run(args: &[&str]) -> (Output, String) {
    let output = farmgate(args).output().expect("the binary starts");
    let said = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    (output, said)
}

fn python() -> bool {
    let there = Command::new("python3").arg("--version").output();
    let there = there.is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("skipped: no python3");
    }
    there
}

/// A bridge before [`SERVER`], with a mark in its command's environment.
struct Bridge {
    process: Child,
    address: SocketAddr,
    mark: String,
    _said: BufReader<std::process::ChildStderr>,
}

impl Bridge {
    fn start(namespaces: bool) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mark = format!("bridge-{}-{number}-end", std::process::id());
        let args = ["--listen", "127.0.0.1:0", "--log", "text", "--", "env"];
        let mut command = farmgate(&args);
        // The bridge itself hasn't the mark.
        command.arg(format!("MARK={mark}")).args(["python3", "-c", SERVER]);
        command.env("FARMGATE_KEYS", "not for servers").env("API_TOKEN", "for the server");
        if !namespaces {
            command.env("FARMGATE_NAMESPACES", "off");
        }
        let mut process = command.stderr(Stdio::piped()).spawn().expect("the binary starts");
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("bridge: listens on http://");
        let address = address.unwrap_or_else(|| panic!("{line}")).parse().unwrap();
        Self { process, address, mark, _said: said }
    }

    /// Opens a session; gives the whole answer.
    fn open(&self) -> String {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (address, length) = (self.address, body.len());
        write!(
            stream,
            "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Everything with the mark, by its number and command.
    fn survivors(&self) -> Vec<(u32, String)> {
        let mark = format!("MARK={}", self.mark);
        let numbers = fs::read_dir("/proc").unwrap().flatten();
        let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let marked = numbers.filter_map(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
            let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let has = environment.split(|byte| *byte == 0).any(|it| it == mark.as_bytes());
            // Keepers have their command's arguments, and with them the mark, in their own.
            (has || (command.contains("keep-process") && command.contains(&mark)))
                .then_some((pid, command))
        });
        marked.collect()
    }

    fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < PATIENCE, "not so: {what}; {:#?}", self.survivors());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn until_nothing_is_left(&mut self, what: &str) {
        self.until(what, |bridge| {
            let _ended = bridge.process.try_wait();
            bridge.survivors().is_empty()
        });
    }

    fn until_all_run(&mut self) {
        for number in [991, 992, 993] {
            let sleep = format!("sleep {number} ");
            self.until("all run", |it| it.survivors().iter().any(|(_, command)| *command == sleep));
        }
    }

    fn signal(&self, name: &str) {
        signal(self.process.id(), name);
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _status = self.process.wait();
        // Keepers get their time: one that is killed now leaves a daemon, without a namespace.
        let began = Instant::now();
        while !self.survivors().is_empty() && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.survivors().into_iter().for_each(|(pid, _)| signal(pid, "KILL"));
    }
}

fn signal(pid: u32, name: &str) {
    let mut command = Command::new("kill");
    let _sent = command.args(["-s", name, &pid.to_string()]).stderr(Stdio::null()).status();
}

#[test]
fn nothing_is_left_however_the_bridge_ends() {
    if !python() {
        return;
    }
    for namespaces in [true, false] {
        for (name, code) in [("TERM", Some(0)), ("INT", Some(0)), ("KILL", None)] {
            let mut bridge = Bridge::start(namespaces);
            assert!(bridge.open().starts_with("HTTP/1.1 200"));
            bridge.open();
            bridge.until_all_run();
            bridge.signal(name);
            bridge.until_nothing_is_left(&format!("namespaces {namespaces}, SIG{name}"));
            let status = bridge.process.wait().unwrap();
            assert_eq!(status.code(), code, "SIG{name}");
        }
    }
}

#[test]
fn a_keeper_or_a_server_that_is_killed_takes_its_family_with_it() {
    if !python() {
        return;
    }
    for namespaces in [true, false] {
        for victim in [KEEPER, "python3 -c"] {
            let mut bridge = Bridge::start(namespaces);
            bridge.open();
            bridge.until_all_run();
            let all = bridge.survivors();
            let is_victim = |command: &str| {
                command.contains(victim) && command.contains("keep-process") == (victim == KEEPER)
            };
            let (pid, _) = all.iter().find(|(_, command)| is_victim(command)).unwrap();
            signal(*pid, "KILL");
            bridge.until_nothing_is_left(&format!("namespaces {namespaces}, {victim}"));
            // The bridge goes on, with a new one.
            assert!(bridge.open().starts_with("HTTP/1.1 200"));
        }
    }
}

#[test]
fn two_signals_end_it_at_once() {
    if !python() {
        return;
    }
    let mut bridge = Bridge::start(true);
    bridge.open();
    bridge.until_all_run();
    // Somebody is reading a stream, for which a drain would wait.
    bridge.signal("INT");
    bridge.signal("TERM");
    bridge.until_nothing_is_left("two signals");
    bridge.until("it ends", |it| it.process.try_wait().unwrap().is_some());
}

#[test]
fn the_command_gets_its_secrets_and_none_of_the_bridges_variables() {
    if !python() {
        return;
    }
    let bridge = Bridge::start(true);
    let answer = bridge.open();
    assert!(answer.contains(r#""API_TOKEN": "for the server""#), "{answer}");
    assert!(!answer.contains("FARMGATE_") && !answer.contains("not for servers"), "{answer}");
    assert!(answer.to_lowercase().contains("\r\nmcp-session-id: "), "{answer}");
    // Nor is there a secret in what anybody may list.
    for (_, command) in bridge.survivors() {
        assert!(!command.contains("for the server"), "{command}");
    }
}

#[test]
fn what_would_be_open_is_not_started() {
    for (args, words) in [
        (&["--listen", "0.0.0.0:0", "--", "cat"][..], "listens on a loopback address only"),
        (&["--listen", "127.0.0.1:0"], "there is no server to stand before"),
        (&["--listen", "127.0.0.1:0", "--upstream", "http://example.com"], "not on this machine"),
        (&["--listen", "127.0.0.1:0", "--upstream", "https://127.0.0.1"], "plain HTTP"),
        (&["--own", "somebody", "/nowhere"], "no user and group by number"),
        (&["--check", "http://127.0.0.1", "--codes", "ok"], "`ok` is no status code"),
        (&[], "--listen"),
    ] {
        let (output, said) = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    }
    for key in ["", "c2hvcnQ=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
        let output = farmgate(&["--listen", "127.0.0.1:0", "--", "cat"])
            .env("FARMGATE_PUBLIC_KEY", key)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{key}");
    }
}

#[test]
fn a_container_is_checked_and_installed_without_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let (output, said) = run(&["--install", place]);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let installed = folder.path().join("farmgate");
    let mut bridge = Command::new(&installed)
        .args(["bridge", "--listen", "127.0.0.1:0", "--log", "json", "--", "cat"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(bridge.stderr.take().unwrap());
    said.read_line(&mut line).unwrap();
    let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = entry["message"].as_str().unwrap().strip_prefix("listens on ").unwrap();
    let health = format!("{url}/health");
    for (codes, code) in [("200", 0), ("404", 1)] {
        let check = Command::new(&installed)
            .args(["bridge", "--check", &health, "--codes", codes])
            .output()
            .unwrap();
        assert_eq!(check.status.code(), Some(code));
    }
    bridge.kill().unwrap();
    bridge.wait().unwrap();
    assert_eq!(run(&["--check", &health]).0.status.code(), Some(1), "nobody is there any more");
    let missing = format!("{place}/none");
    assert_eq!(run(&["--install", &missing]).0.status.code(), Some(3));
}
