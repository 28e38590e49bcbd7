//! An MCP server with sessions, as small as it can be. It answers only the gate, by the header that
//! the gate signs, unless it is told to be open.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    calls: Arc<AtomicUsize>,
}

struct Asked {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Backend {
    pub(crate) fn start(open: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let counted = Arc::clone(&counted);
                thread::spawn(move || serve(stream, open, &counted));
            }
        });
        Self { address, calls }
    }

    /// Calls that got through to it.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, open: bool, calls: &AtomicUsize) {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut buffer = Vec::new();
    while let Some(asked) = read(&mut stream, &mut buffer) {
        let answer = match () {
            () if asked.path == "/probe" => answer(200, "", ""),
            () if !open && !asked.headers.contains_key("farmgate-principal") => answer(403, "", ""),
            () => {
                calls.fetch_add(1, Ordering::SeqCst);
                reply(&asked)
            }
        };
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn reply(asked: &Asked) -> String {
    let known = asked.headers.get("mcp-session-id").is_some_and(|id| id == "its-own-session");
    if asked.method == "DELETE" {
        return answer(if known { 200 } else { 404 }, "", "");
    }
    if asked.body.contains("initialize") {
        let result = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"test","version":"1"}}}"#;
        return answer(200, "mcp-session-id: its-own-session\r\n", result);
    }
    match known {
        true => answer(200, "", r#"{"jsonrpc":"2.0","id":2,"result":{"tools":[]}}"#),
        false => {
            answer(400, "", r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"x"}}"#)
        }
    }
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Asked> {
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
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    buffer.drain(..end + 4);
    let length = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
    while buffer.len() < length {
        more(stream, buffer)?;
    }
    let body = String::from_utf8_lossy(&buffer.drain(..length).collect::<Vec<_>>()).into_owned();
    Some(Asked { method, path, headers, body })
}

fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut part = [0; 16 << 10];
    match stream.read(&mut part) {
        Ok(0) | Err(_) => None,
        Ok(read) => {
            buffer.extend_from_slice(&part[..read]);
            Some(())
        }
    }
}
