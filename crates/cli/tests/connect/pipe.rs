//! A stdio MCP server that is a child: `farmgate connect`, or another that does the same.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use serde_json::{Value, json};

use crate::running::LIMIT;

/// A child that speaks MCP.
pub(crate) struct Pipe {
    child: Child,
    to: Option<ChildStdin>,
    from: Receiver<String>,
    said: Option<JoinHandle<String>>,
    next: u64,
}

/// `farmgate connect`, with no credentials but those that a test gives it.
pub(crate) fn connect(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farmgate"));
    command.arg("connect").args(args);
    without_credentials(&mut command);
    command
}

/// Takes away what AWS's tools would find on this machine.
pub(crate) fn without_credentials(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
}

impl Pipe {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (tell, from) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let said = std::thread::spawn(move || {
            let mut said = String::new();
            let _ = stderr.read_to_string(&mut said);
            said
        });
        Self { to: child.stdin.take(), child, from, said: Some(said), next: 0 }
    }

    pub(crate) fn write(&mut self, message: &Value) {
        writeln!(self.to.as_mut().unwrap(), "{message}").unwrap();
    }

    pub(crate) fn read(&self) -> Value {
        let line = self.from.recv_timeout(LIMIT).expect("a line comes");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("it said: {line}"))
    }

    /// Asks, and waits for the answer; what comes before it is left out.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.read();
            if message["id"] == id && message["method"].is_null() {
                return message;
            }
        }
    }

    /// Begins a session of the older era.
    pub(crate) fn open(&mut self) -> Value {
        let opened = self.ask(
            "initialize",
            &json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": { "name": "test", "version": "1" },
            }),
        );
        self.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        opened
    }

    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.ask("tools/call", &json!({ "name": tool, "arguments": arguments }))
    }

    /// Closes the child's input; how it ends, and what it said to people.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        drop(self.to.take());
        let until = Instant::now() + LIMIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < until, "it doesn't end");
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        (status, self.said.take().unwrap().join().unwrap())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text of a tool's result.
pub(crate) fn text(answer: &Value) -> &str {
    let text = answer.pointer("/result/content/0/text").and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("no text in: {answer}"))
}

/// A Python of the tools' folder, in the environment of this name; none, and said so, if there is none.
pub(crate) fn tool(name: &str) -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("FARMGATE_NODE_TOOLS").map(std::path::PathBuf::from);
    let program = folder.map(|folder| folder.join(name)).filter(|program| program.is_file());
    if program.is_none() {
        let name = Path::new(name).display();
        println!("skipped: {name} is not in FARMGATE_NODE_TOOLS (.ci/conformance-tools.sh)");
    }
    program
}
