//! The guard beside hyper, over the same bytes in the same pieces: whenever both have accepted all so
//! far, they have seen as many heads and as many whole messages. The fuzz target `http_framing`
//! includes this file.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use farmgate_wire::framing::{Follower, Place, Seen, Side};
use http::{Request, Response};
use http_body::Body as _;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};

/// The most bytes of a head, for both.
const MOST: usize = 4096;

/// What has come of some bytes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Heads that were seen to their end.
    pub(crate) heads: u64,
    /// Messages that were seen to their end.
    pub(crate) messages: u64,
}

/// Gives both the bytes in pieces, cut at `cuts`. Returns how far they came together.
///
/// # Panics
/// If they don't agree.
pub(crate) fn agree(bytes: &[u8], cuts: &[usize]) -> Progress {
    let wire = Rc::new(RefCell::new(Wire::default()));
    let seen = Rc::new(RefCell::new(Progress::default()));
    let service = {
        let seen = Rc::clone(&seen);
        hyper::service::service_fn(move |request: Request<Incoming>| {
            seen.borrow_mut().heads += 1;
            let seen = Rc::clone(&seen);
            async move {
                if read_all(request.into_body()).await {
                    seen.borrow_mut().messages += 1;
                }
                Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
            }
        })
    };
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.max_header_size(MOST);
    let mut hyper = pin!(builder.serve_connection(End(Rc::clone(&wire)), service));
    let mut guard = Follower::new(Side::Requests, MOST);
    let mut agreed = Progress::default();
    for piece in pieces(bytes, cuts) {
        if guard.follow(piece) != Seen::Clear {
            return agreed;
        }
        wire.borrow_mut().unread.extend_from_slice(piece);
        let ended = settle(hyper.as_mut(), &wire);
        if ended || wire.borrow().refused() {
            return agreed;
        }
        let open = u64::from(guard.place() == Place::Body);
        let followed = Progress { heads: guard.heads(), messages: guard.heads() - open };
        assert_eq!(followed, *seen.borrow(), "guard, hyper; before {piece:?}: {agreed:?}");
        agreed = followed;
    }
    agreed
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// Whether a body came to its end as it should.
async fn read_all(mut body: Incoming) -> bool {
    loop {
        match std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            None => return true,
            Some(Ok(_)) => {}
            Some(Err(_)) => return false,
        }
    }
}

/// Polls until nothing moves any more. True: the connection ended.
fn settle(mut connection: Pin<&mut impl Future>, wire: &RefCell<Wire>) -> bool {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    loop {
        woken.0.store(false, Ordering::Relaxed);
        if connection.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return true;
        }
        let moved = woken.0.load(Ordering::Relaxed) || !wire.borrow().unread.is_empty();
        if !moved {
            return false;
        }
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What lies between hyper and its peer.
#[derive(Default)]
struct Wire {
    unread: Vec<u8>,
    written: Vec<u8>,
}

impl Wire {
    /// Whether hyper answered by itself: the service says 200 only.
    fn refused(&self) -> bool {
        let mut answers = self.written.split(|byte| *byte == b'\n');
        answers.any(|line| {
            line.starts_with(b"HTTP/1.")
                && !line[8..].starts_with(b" 200")
                && !line[8..].starts_with(b" 100")
        })
    }
}

struct End(Rc<RefCell<Wire>>);

impl Read for End {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut wire = self.0.borrow_mut();
        if wire.unread.is_empty() {
            return Poll::Pending;
        }
        let length = buffer.remaining().min(wire.unread.len());
        buffer.put_slice(&wire.unread[..length]);
        wire.unread.drain(..length);
        Poll::Ready(Ok(()))
    }
}

impl Write for End {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().written.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
