//! A farm that `farmgate up` runs, in a folder of its own; and whether anything of it is left.
//!
//! Every process of a farm has HOME from farmgate's environment. Here that is a folder that no other
//! test has, so survivors are found by it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::https::{Answer, Https};

/// Far longer than anything takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// A folder for a farm.
pub(crate) struct Folder(pub(crate) PathBuf);

/// A farm that runs.
pub(crate) struct Running {
    child: Child,
    home: PathBuf,
    /// The line that says that it is ready.
    pub(crate) ready: Value,
    lines: Receiver<String>,
}

// === impl Folder ===

impl Folder {
    /// An empty one.
    pub(crate) fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("up").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("home")).unwrap();
        Self(folder)
    }

    /// With this farm.
    pub(crate) fn with(name: &str, farm: &str) -> Self {
        let folder = Self::new(name);
        fs::write(folder.0.join("farm.yaml"), farm).unwrap();
        folder
    }

    /// With a blueprint's farm.
    pub(crate) fn blueprint(name: &str, blueprint: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../blueprints");
        let farm = fs::read_to_string(root.join(blueprint).join("farm.yaml")).unwrap();
        Self::with(name, &farm)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.0.join("home")
    }

    /// `farmgate up` in this folder, on a free port.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_farmgate"));
        command
            .arg("up")
            .args(args)
            .args(["--listen", "127.0.0.1:0"])
            .current_dir(&self.0)
            .env("HOME", self.home())
            .env_remove("XDG_STATE_HOME")
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end: it is one that doesn't start.
    pub(crate) fn refused(&self, args: &[&str]) -> Output {
        let mut command = self.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let until = Instant::now() + LIMIT;
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > until {
                let _ = child.kill();
                panic!("it starts: {:?}", child.wait_with_output());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        gone(&self.home());
        child.wait_with_output().unwrap()
    }

    /// Runs it until it is ready.
    pub(crate) fn up(&self, args: &[&str]) -> Running {
        Running::start(self.command(args).args(["--format", "json"]), self.home())
    }
}

// === impl Running ===

impl Running {
    /// Starts it, and waits for the line that says that it is ready.
    pub(crate) fn start(command: &mut Command, home: PathBuf) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("farmgate starts");
        let (tell, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                println!("| {line}");
            }
        });
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let mut running = Self { child, home, ready: Value::Null, lines };
        running.ready = running.line(|line| line["event"] == "ready");
        running
    }

    /// The next line that is such a one.
    pub(crate) fn line(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + LIMIT;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).expect("the line comes");
            println!("{line}");
            let line: Value = serde_json::from_str(&line).expect("every line is JSON");
            if wanted(&line) {
                return line;
            }
        }
    }

    /// The server of this name.
    pub(crate) fn server(&self, name: &str) -> &Value {
        let servers = self.ready["servers"].as_array().unwrap();
        servers.iter().find(|server| server["name"] == name).unwrap()
    }

    pub(crate) fn key(&self) -> String {
        self.ready["key"].as_str().unwrap().to_owned()
    }

    pub(crate) fn ca(&self) -> PathBuf {
        PathBuf::from(self.ready["ca"].as_str().unwrap())
    }

    pub(crate) fn https(&self) -> Https {
        Https::new(self.ready["address"].as_str().unwrap(), &self.ca())
    }

    /// Calls a tool of a server in the newer era.
    pub(crate) fn call(&self, path: &str, key: &str, tool: &str, arguments: &Value) -> Answer {
        let body = serde_json::json!({
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": tool,
                "arguments": arguments,
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                },
            },
        });
        let headers = [
            ("x-api-key", key),
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", tool),
        ];
        self.https().post(path, &headers, &body)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Waits for its end, and until nothing of it is left.
    pub(crate) fn end(mut self) -> ExitStatus {
        let until = Instant::now() + LIMIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < until, "it doesn't end");
            std::thread::sleep(Duration::from_millis(10));
        };
        gone(&self.home);
        status
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until no process is left that has this HOME.
fn gone(home: &Path) {
    let until = Instant::now() + LIMIT;
    loop {
        let left = survivors(home);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "processes are left: {left:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The commands of the processes that have this HOME.
pub(crate) fn survivors(home: &Path) -> Vec<String> {
    let marker = format!("HOME={}", home.display());
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        // One that has ended meanwhile isn't there any more.
        let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
        if environment.split(|byte| *byte == 0).any(|variable| variable == marker.as_bytes()) {
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&command).replace('\0', " "));
        }
    }
    found
}
