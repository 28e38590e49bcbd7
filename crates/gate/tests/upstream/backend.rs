//! Small servers on loopback that behave, and misbehave, as they are told.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// What a backend does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Does {
    /// Answers with a status, headers (each ended by CRLF) and a body.
    Answers(u16, &'static str, &'static str),
    /// Waits until it is released, and answers then.
    Holds,
    /// Reads, and says nothing.
    Nothing,
    /// Sends a part of its answer, and closes.
    DiesMidAnswer,
    /// Sends the head of a stream of events, one event, and nothing more.
    Streams,
    /// Closes when it has read the request.
    Closes,
}

/// A backend, which ends when this is dropped.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Rc<Seen>,
    task: JoinHandle<()>,
}

/// What a backend saw, and what it does.
pub(crate) struct Seen {
    does: RefCell<Does>,
    pub(crate) released: Notify,
    /// Connections so far.
    pub(crate) connections: Cell<usize>,
    /// Connections now.
    pub(crate) open: Cell<usize>,
    /// Connections that the other side closed while a request was being served.
    pub(crate) cancelled: Cell<usize>,
    /// Heads and bodies of requests.
    pub(crate) requests: RefCell<Vec<String>>,
}

impl Backend {
    pub(crate) async fn start(does: Does) -> Self {
        Self::on(SocketAddr::from(([127, 0, 0, 1], 0)), does).await
    }

    /// At an address that was in use a moment ago, perhaps.
    pub(crate) async fn on(address: SocketAddr, does: Does) -> Self {
        for _ in 0..2000 {
            match TcpListener::bind(address).await {
                Ok(listener) => return Self::from(listener, does),
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            }
        }
        panic!("{address} is never free");
    }

    pub(crate) fn from(listener: TcpListener, does: Does) -> Self {
        let address = listener.local_addr().unwrap();
        let seen = Rc::new(Seen {
            does: RefCell::new(does),
            released: Notify::new(),
            connections: Cell::default(),
            open: Cell::default(),
            cancelled: Cell::default(),
            requests: RefCell::default(),
        });
        let shared = Rc::clone(&seen);
        let task = tokio::task::spawn_local(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.set(shared.connections.get() + 1);
                let seen = Rc::clone(&shared);
                connections.spawn_local(async move {
                    seen.open.set(seen.open.get() + 1);
                    seen.serve(stream).await;
                    seen.open.set(seen.open.get() - 1);
                });
            }
        });
        Self { address, seen, task }
    }

    pub(crate) fn now_does(&self, does: Does) {
        *self.seen.does.borrow_mut() = does;
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.requests.borrow().len()
    }

    pub(crate) fn last_request(&self) -> String {
        self.seen.requests.borrow().last().cloned().unwrap_or_default()
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    async fn serve(&self, mut stream: TcpStream) {
        while let Some(request) = read(&mut stream).await {
            self.requests.borrow_mut().push(request);
            let does = self.does.borrow().clone();
            let (text, goes_on) = match does {
                Does::Answers(status, headers, body) => (answer(status, headers, body), true),
                Does::Holds => {
                    tokio::select! {
                        () = self.released.notified() => (answer(200, "", "held"), true),
                        () = closed(&mut stream) => return self.cancel(),
                    }
                }
                Does::Nothing => {
                    closed(&mut stream).await;
                    return self.cancel();
                }
                Does::DiesMidAnswer => {
                    ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_owned(), false)
                }
                Does::Streams => {
                    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                        transfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n";
                    stream.write_all(head.as_bytes()).await.unwrap();
                    closed(&mut stream).await;
                    return self.cancel();
                }
                Does::Closes => return,
            };
            if stream.write_all(text.as_bytes()).await.is_err() || !goes_on {
                return;
            }
        }
    }

    fn cancel(&self) {
        self.cancelled.set(self.cancelled.get() + 1);
    }
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Some\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

/// Waits until the other side closes. It must not send anything.
async fn closed(stream: &mut TcpStream) {
    let mut byte = [0];
    let read = stream.read(&mut byte).await;
    assert!(!matches!(read, Ok(1)), "nothing was asked for");
}

/// A request, whole; none if there is none.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut text = Vec::new();
    loop {
        let mut part = [0; 4096];
        let end = text.windows(4).position(|four: &[u8]| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&text[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if text.len() >= end + 4 + length {
                return String::from_utf8(text).ok();
            }
        }
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => text.extend_from_slice(&part[..count]),
        }
    }
}
