//! The servers that are tested, each as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::suite::Tools;

/// Far longer than a server takes to start.
const LIMIT: Duration = Duration::from_secs(120);

/// A server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// The one that comes with farmgate, over HTTP.
    Embedded,
    /// npm's server-everything, over HTTP.
    NodeHttp,
    /// One with the official Python SDK, over HTTP.
    PythonHttp,
    /// The one that comes with farmgate, behind the bridge.
    EmbeddedStdio,
    /// npm's server-everything, behind the bridge.
    NodeStdio,
}

/// A server that runs.
pub(crate) struct Target {
    server: Server,
    command: Vec<String>,
    path: String,
    address: SocketAddr,
    _process: Process,
}

/// A process that ends with this.
pub(crate) struct Process(Child);

// === impl Server ===

impl Server {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::NodeHttp => "server-everything",
            Self::PythonHttp => "python",
            Self::EmbeddedStdio => "embedded-stdio",
            Self::NodeStdio => "server-everything-stdio",
        }
    }

    fn is_stdio(self) -> bool {
        matches!(self, Self::EmbeddedStdio | Self::NodeStdio)
    }

    /// Its command; one that listens gets the port.
    fn command(self, tools: &Tools, port: u16) -> Option<Vec<String>> {
        let farmgate = env!("CARGO_BIN_EXE_farmgate").to_owned();
        let node = |mode: &str| {
            let program = tools.program("mcp-server-everything").display().to_string();
            vec![program, mode.to_owned()]
        };
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        Some(match self {
            Self::Embedded => {
                let address = format!("127.0.0.1:{port}");
                [vec![farmgate], words(&["builtin", "everything", "--listen", &address])].concat()
            }
            Self::EmbeddedStdio => {
                [vec![farmgate], words(&["builtin", "everything", "--stdio"])].concat()
            }
            Self::NodeHttp => node("streamableHttp"),
            Self::NodeStdio => node("stdio"),
            Self::PythonHttp => {
                let script =
                    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/server.py");
                let python = tools.python()?.display().to_string();
                vec![python, script.display().to_string(), port.to_string()]
            }
        })
    }
}

// === impl Target ===

impl Target {
    /// Starts it: over HTTP itself, on stdio behind a bridge of its own. None if what it needs isn't
    /// there.
    pub(crate) fn start(tools: &Tools, server: Server) -> Option<Self> {
        let address = free();
        let command = server.command(tools, address.port())?;
        let path = tools.path();
        let process = match server.is_stdio() {
            true => bridge(&command, &path, address, &[]),
            false => {
                let port = address.port().to_string();
                Process::start(&command, &path, &[("PORT", &port)])
            }
        };
        answers(address);
        Some(Self { server, command, path, address, _process: process })
    }

    pub(crate) fn is_stdio(&self) -> bool {
        self.server.is_stdio()
    }

    /// The URL of the server itself.
    pub(crate) fn direct(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Another bridge before the same command, which takes only what a gate signed.
    pub(crate) fn bridge(&self, public_key: &str) -> (Process, SocketAddr) {
        let address = free();
        let environment = [("FARMGATE_PUBLIC_KEY", public_key), ("FARMGATE_SERVER", "under-test")];
        let process = bridge(&self.command, &self.path, address, &environment);
        answers(address);
        (process, address)
    }
}

fn bridge(
    command: &[String],
    path: &str,
    address: SocketAddr,
    environment: &[(&str, &str)],
) -> Process {
    let own = [env!("CARGO_BIN_EXE_farmgate"), "bridge", "--listen", &address.to_string()]
        .map(str::to_owned);
    let words = [own.as_slice(), &["--".to_owned()], command].concat();
    Process::start(&words, path, environment)
}

/// A port that nobody has.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Waits until something listens there.
fn answers(address: SocketAddr) {
    let until = Instant::now() + LIMIT;
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < until, "nothing listens on {address}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

// === impl Process ===

impl Process {
    fn start(command: &[String], path: &str, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(&command[0])
            .args(&command[1..])
            .env("PATH", path)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", command[0]));
        // What it says is shown if the test fails; a full pipe would stop it.
        let errors = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                println!("| {line}");
            }
        });
        Self(child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
