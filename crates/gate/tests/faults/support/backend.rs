//! A server behind the gate: it does as it is told, and remembers every request that reached it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::PATIENCE;

/// The path of the gate's probes, which the backend answers by itself.
pub(crate) const PROBE: &str = "/probe";

/// A request that reached the backend.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Keep,
    Close,
}

pub(crate) struct Backend {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    /// Connections that are open, to close them from outside.
    open: Mutex<Vec<TcpStream>>,
    under_way: AtomicUsize,
    probes: AtomicUsize,
    connections: AtomicUsize,
    sick: AtomicBool,
    stopped: AtomicBool,
}

type Handler = dyn Fn(&Seen, &mut TcpStream) -> Then + Send + Sync;

// === impl Seen ===

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

// === impl Backend ===

impl Backend {
    /// One that answers every call with its arguments.
    pub(crate) fn echo() -> Self {
        Self::start(|seen, stream| {
            write_json(stream, &echoed(seen));
            Then::Keep
        })
    }

    pub(crate) fn start(
        handler: impl Fn(&Seen, &mut TcpStream) -> Then + Send + Sync + 'static,
    ) -> Self {
        let listener = listener();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let (own, handler) = (Arc::clone(&shared), Arc::new(handler) as Arc<Handler>);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if own.stopped.load(Ordering::SeqCst) {
                    return; // and the listener is closed
                }
                let Ok(stream) = stream else { continue };
                own.open.lock().unwrap().push(stream.try_clone().unwrap());
                own.connections.fetch_add(1, Ordering::SeqCst);
                let (own, handler) = (Arc::clone(&own), Arc::clone(&handler));
                thread::spawn(move || own.serve(stream, &*handler));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests so far; probes aren't counted.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.shared.seen.lock().unwrap().len()
    }

    pub(crate) fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.into_iter().next().unwrap()
    }

    /// About what it remembers of requests, in MiB.
    pub(crate) fn memory_mib(&self) -> usize {
        let seen = self.shared.seen.lock().unwrap();
        // A header is two short texts, each with what an allocation costs.
        let of = |seen: &Seen| seen.body.len() + seen.headers.len() * 200 + 300;
        (seen.iter().map(of).sum::<usize>() >> 20) + 1
    }

    /// Requests whose handlers haven't returned.
    pub(crate) fn under_way(&self) -> usize {
        self.shared.under_way.load(Ordering::SeqCst)
    }

    /// Connections so far; a probe has one of its own.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst) - self.probes()
    }

    pub(crate) fn probes(&self) -> usize {
        self.shared.probes.load(Ordering::SeqCst)
    }

    /// Whether probes are answered with 500 from now on.
    pub(crate) fn sick(&self, sick: bool) {
        self.shared.sick.store(sick, Ordering::SeqCst);
    }

    /// Breaks all connections, and takes no more: as a process that is killed.
    pub(crate) fn kill(&self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _woken = TcpStream::connect(self.address);
        for stream in self.shared.open.lock().unwrap().drain(..) {
            // With unread or unsent bytes the peer gets a reset, else an end.
            let _closed = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A listener where a thousand may wait: the standard library's takes 128.
fn listener() -> TcpListener {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    socket.listen(4096).unwrap();
    socket.into()
}

// === impl Shared ===

impl Shared {
    fn serve(&self, mut stream: TcpStream, handler: &Handler) {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut buffer = Vec::new();
        while let Some(seen) = read_request(&mut stream, &mut buffer) {
            if seen.path == PROBE {
                self.probes.fetch_add(1, Ordering::SeqCst);
                let status = if self.sick.load(Ordering::SeqCst) { 500 } else { 200 };
                write_answer(&mut stream, status, &[], b"");
                continue;
            }
            self.seen.lock().unwrap().push(seen.clone());
            self.under_way.fetch_add(1, Ordering::SeqCst);
            let then = handler(&seen, &mut stream);
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            if then == Then::Close {
                break;
            }
        }
        let _closed = stream.shutdown(Shutdown::Both);
    }
}

/// The JSON-RPC answer to a call: its own id, and the text among its arguments.
pub(crate) fn echoed(seen: &Seen) -> String {
    let message: serde_json::Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    let id = &message["id"];
    let text = &message["params"]["arguments"]["text"];
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":{text}}}]}}}}"#
    )
}

pub(crate) fn write_json(stream: &mut TcpStream, body: &str) {
    write_answer(stream, 200, &[("Content-Type", "application/json")], body.as_bytes());
}

pub(crate) fn write_answer(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(&str, &str)],
    body: &[u8],
) {
    let mut text = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    // Whoever asked may be gone.
    let _sent = stream.write_all(&bytes);
}

/// The head of a stream of events, in chunks.
pub(crate) fn begin_events(stream: &mut TcpStream) -> bool {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).is_ok()
}

/// One event; false if nobody takes it.
pub(crate) fn event(stream: &mut TcpStream, data: &str) -> bool {
    let event = format!("data: {data}\n\n");
    stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).is_ok()
}

/// Waits until the gate closes the connection: true if it does.
pub(crate) fn is_closed_by_gate(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut byte = [0];
    match stream.read(&mut byte) {
        Ok(0) => true,
        Ok(_) => panic!("the gate sent more on a connection whose answer isn't done"),
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

/// The next request on a connection; none at its end. The backend reads as the simplest server
/// does, so that what could be smuggled past the gate would show as a request of its own.
fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        more(stream, buffer)?;
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    buffer.drain(..end + 4);
    let mut seen = Seen { method, path, headers, body: Vec::new() };
    if seen.header("transfer-encoding").is_some() {
        seen.body = read_chunks(stream, buffer)?;
    } else if let Some(length) = seen.header("content-length") {
        let length: usize = length.parse().unwrap();
        while buffer.len() < length {
            more(stream, buffer)?;
        }
        seen.body = buffer.drain(..length).collect();
    }
    Some(seen)
}

fn read_chunks(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(2).position(|two| two == b"\r\n") {
                break end;
            }
            more(stream, buffer)?;
        };
        let size = usize::from_str_radix(std::str::from_utf8(&buffer[..end]).unwrap(), 16).unwrap();
        buffer.drain(..end + 2);
        while buffer.len() < size + 2 {
            more(stream, buffer)?;
        }
        body.extend(buffer.drain(..size));
        buffer.drain(..2);
        if size == 0 {
            return Some(body);
        }
    }
}

fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut part = [0; 16 << 10];
    match stream.read(&mut part) {
        Ok(0) | Err(_) => None,
        Ok(length) => {
            buffer.extend_from_slice(&part[..length]);
            Some(())
        }
    }
}
