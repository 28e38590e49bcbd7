//! The admin address over real sockets: what it answers, to whom, and that nobody holds it up.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use farmgate_gate::admin::{self, Ready, View};
use farmgate_gate::audit::Head;
use serde_json::Value;
use tokio::sync::oneshot;

#[derive(Default)]
struct Gate {
    ready: AtomicBool,
}

impl View for Gate {
    fn metrics(&self) -> String {
        "farmgate_ready 1\n".to_owned()
    }

    fn ready(&self) -> Ready {
        let ready = self.ready.load(Ordering::SeqCst);
        Ready { ready, farm: "f".to_owned(), draining: !ready, ..Ready::default() }
    }

    fn heads(&self) -> Vec<Head> {
        vec![Head { chain: "c".to_owned(), seq: 7, hash: "0".repeat(64) }]
    }
}

/// An admin address, for as long as this is kept.
struct Admin {
    address: SocketAddr,
    gate: Arc<Gate>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Admin {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let gate = Arc::new(Gate { ready: AtomicBool::new(true) });
        let (end, ended) = oneshot::channel();
        let view: Arc<dyn View> = Arc::clone(&gate) as _;
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let until = async { ended.await.unwrap_or_default() };
            runtime.unwrap().block_on(admin::run(listener, view, until)).unwrap();
        });
        Self { address, gate, end: Some(end), thread: Some(thread) }
    }

    /// The status and the whole answer to a request's bytes.
    fn send(&self, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap_or_else(|| panic!("{answer:?}"));
        (status.parse().unwrap(), answer)
    }

    fn ask(&self, method: &str, path: &str, host: &str) -> (u16, String) {
        self.send(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    }

    fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, &self.address.to_string())
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        drop(self.end.take());
        let ended = self.thread.take().unwrap().join();
        assert!(std::thread::panicking() || ended.is_ok());
    }
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn it_shows_metrics_liveness_readiness_and_heads() {
    let admin = Admin::start();
    let (status, answer) = admin.get("/metrics");
    assert_eq!(status, 200);
    assert!(answer.contains("text/plain; version=0.0.4") && answer.ends_with("farmgate_ready 1\n"));
    assert_eq!(admin.get("/live").0, 200);
    let (status, answer) = admin.get("/ready");
    assert_eq!((status, &body(&answer)["farm"]), (200, &"f".into()));
    let (status, answer) = admin.get("/audit/head");
    assert_eq!((status, &body(&answer)[0]["seq"]), (200, &7.into()));
    admin.gate.ready.store(false, Ordering::SeqCst);
    let (status, answer) = admin.get("/ready");
    assert_eq!((status, &body(&answer)["draining"]), (503, &true.into()));
    assert_eq!(admin.get("/live").0, 200, "a gate that drains lives");
}

#[test]
fn everything_else_is_refused() {
    let admin = Admin::start();
    assert_eq!(admin.get("/").0, 404);
    assert_eq!(admin.get("/metrics/").0, 404);
    let own = admin.address.to_string();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let (status, answer) = admin.ask(method, "/metrics", &own);
        assert_eq!(status, 405);
        assert!(answer.to_lowercase().contains("allow: get, head"), "{answer}");
    }
    let (status, answer) = admin.ask("HEAD", "/ready", &own);
    assert_eq!(status, 200);
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

/// CVE-2025-64443, CVE-2026-42559: DNS rebinding, here against the admin address.
#[test]
fn a_strangers_name_is_refused() {
    let admin = Admin::start();
    let port = admin.address.port();
    for host in ["evil.example.com", &format!("evil.example.com:{port}"), "10.1.2.3", "127.0.0.1:1"]
    {
        let (status, answer) = admin.ask("GET", "/metrics", host);
        assert_eq!(status, 403, "{host}");
        assert!(!answer.contains("farmgate_ready"));
    }
    for host in ["localhost", &format!("127.0.0.1:{port}"), &format!("localhost:{port}")] {
        assert_eq!(admin.ask("GET", "/metrics", host).0, 200, "{host}");
    }
    let none = admin.send("GET /metrics HTTP/1.0\r\n\r\n");
    assert_eq!(none.0, 403);
    let two = "GET /live HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\nConnection: close\r\n\r\n";
    assert!([400, 403].contains(&admin.send(two).0));
    // An absolute form names a host of its own, which counts for nothing.
    let absolute = "GET http://localhost/live HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n";
    assert_eq!(admin.send(absolute).0, 403);
}

#[test]
fn open_connections_are_bounded_and_end_with_it() {
    let admin = Admin::start();
    let idle: Vec<TcpStream> =
        (0..200).map(|_| TcpStream::connect(admin.address).unwrap()).collect();
    // Beyond the bound, connections are closed at once.
    let mut closed = 0;
    let start = Instant::now();
    while closed < 200 - 32 {
        assert!(start.elapsed() < Duration::from_secs(20), "{closed} of 200 are closed");
        closed = idle.iter().filter(|stream| is_closed(stream)).count();
    }
    drop(idle);
    let start = Instant::now();
    loop {
        let mut stream = TcpStream::connect(admin.address).unwrap();
        let request = "GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let mut answer = String::new();
        let sent = stream.write_all(request.as_bytes());
        if sent.and_then(|()| stream.read_to_string(&mut answer)).is_ok() && answer.contains("200")
        {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "it serves nobody any more");
    }
    let open = TcpStream::connect(admin.address).unwrap();
    drop(admin);
    drop(open);
}

fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let mut byte = [0];
    !matches!((&mut &*stream).read(&mut byte), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}
