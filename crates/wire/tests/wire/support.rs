//! A server under test in a thread of its own, with a handler that does what paths say, and clients
//! that speak raw bytes.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bytes::Bytes;
use farmgate_wire::{
    Body, Certificate, Counts, Drain, Failure, Figures, Handler, Incoming, Peer, Settings,
};
use http::{Request, Response, StatusCode};
use http_body::Frame;

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of a body that the handler takes.
pub(crate) const BODY: usize = 1 << 20;

/// What the handler saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Requests, as `METHOD target host body`.
    pub(crate) requests: Mutex<Vec<String>>,
    /// Requests and streams that are under way.
    pub(crate) open: AtomicUsize,
    /// Bytes that endless streams gave out.
    pub(crate) given: AtomicUsize,
}

/// A server under test. Dropping it ends it, and fails the test if it doesn't end.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) counts: Arc<Counts>,
    pub(crate) settings: Arc<ArcSwap<Settings>>,
    pub(crate) drain: Drain,
    pub(crate) seen: Arc<Seen>,
    thread: Option<JoinHandle<()>>,
    ended: mpsc::Receiver<()>,
}

/// Limits for tests: long enough not to matter where they are not tested.
pub(crate) fn settings() -> Settings {
    Settings { drain_time: Duration::from_millis(200), ..Settings::default() }
}

impl Server {
    pub(crate) fn plain() -> Self {
        Self::start(settings(), None)
    }

    pub(crate) fn start(settings: Settings, certificate: Option<Certificate>) -> Self {
        let listener = farmgate_wire::bind("127.0.0.1:0".parse().unwrap(), false).unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::new(Counts::new());
        let settings = Arc::new(ArcSwap::from_pointee(settings));
        let drain = Drain::new();
        let seen = Arc::new(Seen::default());
        let (end, ended) = mpsc::channel();
        let thread = {
            let (counts, settings) = (Arc::clone(&counts), Arc::clone(&settings));
            let (drain, seen) = (drain.clone(), Arc::clone(&seen));
            std::thread::spawn(move || {
                let handler = Rc::new(Paths { seen });
                local(async {
                    farmgate_wire::serve(listener, certificate, settings, counts, handler, drain)
                        .await
                        .unwrap();
                });
                drop(end);
            })
        };
        Self { address, counts, settings, drain, seen, thread: Some(thread), ended }
    }

    pub(crate) fn figures(&self) -> Figures {
        self.counts.figures()
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    pub(crate) fn open(&self) -> usize {
        self.seen.open.load(Ordering::SeqCst)
    }

    pub(crate) fn connect(&self) -> Client<TcpStream> {
        Client::new(tcp(self.address))
    }

    /// Whether it has ended, within `time`.
    pub(crate) fn ends_within(&self, time: Duration) -> bool {
        !matches!(self.ended.recv_timeout(time), Err(mpsc::RecvTimeoutError::Timeout))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.drain.begin();
        if std::thread::panicking() {
            return;
        }
        assert!(self.ends_within(PATIENCE), "the server did not end");
        self.thread.take().unwrap().join().unwrap();
        assert_eq!(self.figures().open, 0, "connections are left");
        assert_eq!(self.open(), 0, "requests are left");
    }
}

/// Runs a future as a worker does.
pub(crate) fn local<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, future)
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A client that speaks bytes.
pub(crate) struct Client<S> {
    pub(crate) stream: S,
    read: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl<S: io::Read + io::Write> Client<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    pub(crate) fn write(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).unwrap();
        self.stream.flush().unwrap();
    }

    pub(crate) fn ask(&mut self, text: impl AsRef<[u8]>) -> Answer {
        self.write(text);
        self.answer()
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"))
    }

    /// The head of an answer; what came of its body stays.
    pub(crate) fn head(&mut self) -> (u16, String) {
        let end = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break end + 4;
            }
            assert!(self.more() > 0, "closed within a head: {}", self.read.escape_ascii());
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head)
    }

    /// An answer with a declared length, or without a body.
    pub(crate) fn answer(&mut self) -> Answer {
        let (status, head) = self.head();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        while self.read.len() < length {
            assert!(self.more() > 0, "closed within a body");
        }
        Answer { status, head, body: self.read.drain(..length).collect() }
    }

    /// Reads on until the bytes have come.
    pub(crate) fn read_until(&mut self, wanted: &[u8]) {
        while find(&self.read, wanted).is_none() {
            assert!(self.more() > 0, "closed before {}", wanted.escape_ascii());
        }
    }

    /// Everything up to the end; an abrupt one is one, too.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        loop {
            let mut piece = [0; 4096];
            match self.stream.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => self.read.extend_from_slice(&piece[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => panic!("not closed"),
                Err(_) => break,
            }
        }
        std::mem::take(&mut self.read)
    }

    /// That nothing more comes but the end.
    pub(crate) fn is_closed(&mut self) {
        let rest = self.rest();
        assert!(rest.is_empty(), "more came: {}", rest.escape_ascii());
    }

    pub(crate) fn more(&mut self) -> usize {
        let mut piece = [0; 4096];
        let read = self.stream.read(&mut piece).unwrap();
        self.read.extend_from_slice(&piece[..read]);
        read
    }
}

pub(crate) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// Does what the path says.
struct Paths {
    seen: Arc<Seen>,
}

/// Counts as under way until it is dropped.
struct Open(Arc<Seen>);

impl Open {
    fn new(seen: &Arc<Seen>) -> Self {
        seen.open.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(seen))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Handler for Paths {
    async fn handle(self: Rc<Self>, request: Request<Incoming>, peer: Rc<Peer>) -> Response<Body> {
        let open = Open::new(&self.seen);
        let (parts, body) = request.into_parts();
        let host = parts.headers.get("host").map_or("", |host| host.to_str().unwrap());
        let line = format!("{} {} {host}", parts.method, parts.uri);
        let log = |what: &str| {
            self.seen.requests.lock().unwrap().push(format!("{line}{what}"));
        };
        match parts.uri.path() {
            "/wait" => {
                log("");
                std::future::pending().await
            }
            "/read-and-wait" => {
                if let Err(error) = farmgate_wire::body::collect(body, BODY, PATIENCE).await {
                    return answer(error.status(), Body::Empty);
                }
                log("");
                std::future::pending().await
            }
            "/unread" => {
                log("");
                answer(StatusCode::PAYLOAD_TOO_LARGE, Body::Empty)
            }
            "/stream" => {
                log("");
                answer(StatusCode::OK, Body::stream(Chunks { first: true, endless: false, open }))
            }
            "/flood" => {
                log("");
                answer(StatusCode::OK, Body::stream(Chunks { first: true, endless: true, open }))
            }
            "/big" => {
                log("");
                answer(StatusCode::OK, Body::full(vec![b'x'; 8 << 20]))
            }
            "/peer" => {
                log("");
                answer(StatusCode::OK, Body::full(format!("{:?}", peer.tls)))
            }
            "/switch" => answer(StatusCode::SWITCHING_PROTOCOLS, Body::Empty),
            "/panic" => panic!("as asked for"),
            _ => {
                let time = Duration::from_secs(2);
                match farmgate_wire::body::collect(body, BODY, time).await {
                    Ok(body) => {
                        log(&format!(" {}", body.len()));
                        answer(StatusCode::OK, Body::full(body))
                    }
                    Err(error) => {
                        log(&format!(" {error}"));
                        answer(error.status(), Body::Empty)
                    }
                }
            }
        }
    }
}

fn answer(status: StatusCode, body: Body) -> Response<Body> {
    Response::builder().status(status).body(body).unwrap()
}

/// A first chunk, and then nothing, or more and more.
struct Chunks {
    first: bool,
    endless: bool,
    open: Open,
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        if self.endless {
            self.open.0.given.fetch_add(16 << 10, Ordering::SeqCst);
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; 16 << 10])))));
        }
        if std::mem::take(&mut self.first) {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b": hello\n\n")))));
        }
        Poll::Pending
    }
}
