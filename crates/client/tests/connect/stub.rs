//! A server that answers as a test says, and remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Far longer than anything takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// Which one it is, from 0.
    pub(crate) number: usize,
}

/// A server.
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

// === impl Seen ===

impl Seen {
    pub(crate) fn message(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The method of the message, or of the request if there is none.
    pub(crate) fn what(&self) -> String {
        self.message()["method"].as_str().map_or(self.method.clone(), str::to_owned)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

// === impl Stub ===

impl Stub {
    /// One that answers each request by writing to its connection; it is closed if that says false.
    pub(crate) fn new(
        answer: impl Fn(&Seen, &mut TcpStream) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    pub(crate) fn on(
        listener: TcpListener,
        answer: impl Fn(&Seen, &mut TcpStream) -> bool + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, notes) = (Arc::new(answer), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, notes) = (Arc::clone(&answer), Arc::clone(&notes));
                std::thread::spawn(move || serve(stream, &*answer, &notes));
            }
        });
        Self { address, seen }
    }

    /// One that answers requests as [`legacy`] does, but where `other` has something else to say.
    pub(crate) fn legacy(
        other: impl Fn(&Seen, &mut TcpStream) -> Option<bool> + Send + Sync + 'static,
    ) -> Self {
        Self::new(move |seen, stream| other(seen, stream).unwrap_or_else(|| legacy(seen, stream)))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/s/mcp", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// What was asked, in order: methods of messages, or of HTTP.
    pub(crate) fn order(&self) -> Vec<String> {
        self.seen().iter().map(Seen::what).collect()
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.order().iter().filter(|found| *found == what).count()
    }

    /// Waits until so many of these were asked.
    pub(crate) fn until(&self, what: &str, times: usize) {
        let until = Instant::now() + LIMIT;
        while self.count(what) < times {
            assert!(Instant::now() < until, "no {times} of `{what}` in {:?}", self.order());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn serve(
    stream: TcpStream,
    answer: &(dyn Fn(&Seen, &mut TcpStream) -> bool + Send + Sync),
    notes: &Mutex<Vec<Seen>>,
) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let Some((method, target, headers)) = head(&mut reader) else { return };
        let length = headers.get("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let body = String::from_utf8(body).unwrap();
        let seen = {
            let mut notes = notes.lock().unwrap();
            let seen = Seen { method, target, headers, body, number: notes.len() };
            notes.push(seen.clone());
            seen
        };
        if !answer(&seen, &mut writer) {
            let _ = writer.shutdown(std::net::Shutdown::Both);
            return;
        }
    }
}

fn head(reader: &mut impl std::io::BufRead) -> Option<(String, String, BTreeMap<String, String>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            return Some((method, target, headers));
        };
        assert!(headers.insert(name.to_ascii_lowercase(), value.to_owned()).is_none(), "{name}");
    }
}

/// Writes an answer of this status with these headers (each with its end) and this body.
pub(crate) fn write(stream: &mut TcpStream, status: &str, headers: &str, body: &str) -> bool {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).is_ok()
}

/// Writes JSON.
pub(crate) fn write_json(stream: &mut TcpStream, headers: &str, body: &str) -> bool {
    write(stream, "200 OK", &format!("content-type: application/json\r\n{headers}"), body)
}

/// Begins a stream of events, which ends with the connection.
pub(crate) fn begin_events(stream: &mut TcpStream, headers: &str) -> bool {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).is_ok()
}

/// The answer to a request.
pub(crate) fn result(seen: &Seen, result: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": seen.message()["id"], "result": result }).to_string()
}

/// What a server of the older era without a stream of its own answers: every session is `s-` and how
/// many sessions there were before, tools answer with the session in which they were called.
pub(crate) fn legacy(seen: &Seen, stream: &mut TcpStream) -> bool {
    match seen.what().as_str() {
        "initialize" => {
            let opened = result(
                seen,
                &json!({
                    "protocolVersion": "2025-11-25",
                    "capabilities": {},
                    "serverInfo": { "name": "stub", "version": "1" },
                }),
            );
            write_json(stream, &format!("mcp-session-id: s-{}\r\n", seen.number), &opened)
        }
        "GET" => write(stream, "405 Method Not Allowed", "", ""),
        "DELETE" => write(stream, "204 No Content", "", ""),
        _ if seen.message()["id"].is_null() => write(stream, "202 Accepted", "", ""),
        _ => {
            let session = seen.header("mcp-session-id").unwrap_or("none");
            write_json(stream, "", &result(seen, &json!({ "session": session })))
        }
    }
}
