//! Streams under a connection and under an answer: bytes that pass the framing guard, and bodies that
//! tell whether they move.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::counts::{Counts, count};
use crate::framing::{Follower, Place, Seen};
use crate::link::{Busy, Clock, Link, Phase};
use crate::{Body, Failure};

/// What hyper gets to read in place of a message that is refused: it is not HTTP, wherever in a head
/// or in a chunked body it comes, so hyper answers 400, after what it has to answer before, and
/// closes.
const POISON: &[u8] = b"\0\r\n\r\n";
/// The most that is read and thrown away after the last answer, so that the client gets to read it
/// before it learns that nobody read all it sent.
const LINGER_BYTES: usize = 256 << 10;

/// A client's connection, above TLS: what is read passes the guard, what is written is watched.
pub(crate) struct Guarded<S> {
    stream: S,
    link: Rc<Link>,
    /// Read before already, or put in the place of what was refused.
    ahead: Bytes,
    guard: Option<Guard>,
    closing: Option<usize>,
}

struct Guard {
    follower: Follower,
    counts: Arc<Counts>,
}

impl<S> Guarded<S> {
    /// For HTTP/1.
    pub(crate) fn http1(
        stream: S,
        link: Rc<Link>,
        ahead: Bytes,
        follower: Follower,
        counts: Arc<Counts>,
    ) -> Self {
        let guard = Some(Guard { follower, counts });
        Self { stream, link, ahead, guard, closing: None }
    }

    /// For HTTP/2, whose framing leaves no choice.
    pub(crate) fn http2(stream: S, link: Rc<Link>, ahead: Bytes) -> Self {
        Self { stream, link, ahead, guard: None, closing: None }
    }

    /// Looks at what was read, and takes out what is not to be seen.
    fn look(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let Some(guard) = &mut self.guard else { return };
        let new = buffer.filled().get(before..).unwrap_or_default();
        let seen = guard.follower.follow(new);
        if guard.follower.place() != Place::Between {
            // What is waited for matters only while no request is under way.
            self.link.enter(Phase::Head);
        } else {
            self.link.enter(Phase::Idle);
        }
        match seen {
            Seen::Clear => {}
            Seen::TooLarge { at } => buffer.set_filled(before + at),
            Seen::Fault { at, .. } => {
                count(&guard.counts.refusals.framing);
                buffer.set_filled(before + at);
                self.ahead = Bytes::from_static(POISON);
                self.deliver(buffer);
            }
        }
    }

    fn deliver(&mut self, buffer: &mut ReadBuf<'_>) {
        let length = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.ahead.split_to(length));
    }

    fn is_lost(&self) -> bool {
        self.guard.as_ref().is_some_and(|guard| guard.follower.place() == Place::Lost)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.is_lost() {
            // Then the stream has ended, as far as hyper can see.
            this.deliver(buffer);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        if this.ahead.has_remaining() {
            this.deliver(buffer);
        } else {
            ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        }
        if buffer.filled().len() > before {
            this.look(buffer, before);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guarded<S> {
    fn watch(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Pending => self.link.stuck(),
            Poll::Ready(Ok(bytes)) => self.link.wrote(*bytes),
            Poll::Ready(Err(_)) => {}
        }
        written
    }

    /// Throws away what still comes. Ends with the client's end, with too much of it, or when the
    /// sweep says so.
    fn linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut scrap = [0; 4096];
        while let Some(left) = self.closing.filter(|left| *left > 0) {
            let mut buffer = ReadBuf::new(&mut scrap);
            if ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)).is_err() {
                break;
            }
            let read = buffer.filled().len();
            self.closing = Some(if read == 0 { 0 } else { left.saturating_sub(read) });
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_pending() {
            self.link.stuck();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.closing.is_none() {
            this.link.enter(Phase::Lingering);
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
            // If all that came was read and answered, there is nothing to wait for.
            let guard = this.guard.as_ref();
            let all_read = guard.is_none_or(|guard| guard.follower.place() == Place::Between);
            this.closing = Some(if all_read { 0 } else { LINGER_BYTES });
        }
        ready!(this.linger(context));
        Poll::Ready(Ok(()))
    }
}

/// The body of an answer, which counts as a request under way until it is dropped.
pub(crate) struct Answer {
    body: Moving,
    _busy: Busy,
}

enum Moving {
    /// Over HTTP/1 a client that doesn't read is seen at its connection.
    Plain(Body),
    /// Over HTTP/2 it may read the connection and still not let a stream go on.
    Watched(Rc<Flow>),
}

/// A body over HTTP/2, which is taken away if the client does not let it go on.
#[derive(Debug)]
pub(crate) struct Flow {
    body: RefCell<Option<Body>>,
    /// Runs while something was given out and nothing more was asked for.
    given: Cell<Option<Clock>>,
}

impl Flow {
    pub(crate) fn sweep(&self, now: Instant, most: Duration) {
        let Some(mut given) = self.given.get() else { return };
        if given.exceeds(most, now) {
            // This ends what fills it, too.
            drop(self.body.borrow_mut().take());
        }
        self.given.set(Some(given));
    }
}

impl Answer {
    pub(crate) fn new(body: Body, busy: Busy) -> Self {
        Self { body: Moving::Plain(body), _busy: busy }
    }

    pub(crate) fn watched(body: Body, busy: Busy, link: &Link) -> Self {
        if !matches!(body, Body::Stream(_)) {
            return Self::new(body, busy);
        }
        let flow = Rc::new(Flow { body: RefCell::new(Some(body)), given: Cell::new(None) });
        link.watch(&flow);
        Self { body: Moving::Watched(flow), _busy: busy }
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        match &mut self.body {
            Moving::Plain(body) => Pin::new(body).poll_frame(context),
            Moving::Watched(flow) => {
                flow.given.set(None);
                let mut body = flow.body.borrow_mut();
                let Some(body) = &mut *body else {
                    return Poll::Ready(Some(Err("the client does not read".into())));
                };
                let frame = Pin::new(body).poll_frame(context);
                if matches!(frame, Poll::Ready(Some(Ok(_)))) {
                    flow.given.set(Some(Clock::default()));
                }
                frame
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.body {
            Moving::Plain(body) => body.is_end_stream(),
            Moving::Watched(flow) => flow.body.borrow().as_ref().is_some_and(Body::is_end_stream),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Moving::Plain(body) => body.size_hint(),
            Moving::Watched(flow) => {
                flow.body.borrow().as_ref().map(Body::size_hint).unwrap_or_default()
            }
        }
    }
}
