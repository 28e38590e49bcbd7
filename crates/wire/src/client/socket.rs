//! The socket of a connection to a target, and the framing guard above it.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::framing::{Due, Follower, Place, Seen, Side};

/// A socket that can be looked at while something else reads and writes it.
#[derive(Debug, Clone)]
pub(super) struct Socket {
    stream: Rc<RefCell<TcpStream>>,
    tls: bool,
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream: Rc::new(RefCell::new(stream)), tls: false }
    }

    /// The same, which TLS is spoken on.
    pub(super) fn with_tls(self) -> Self {
        Self { tls: true, ..self }
    }

    /// Whether something is there to be read, though nothing was asked: its end, an error, or what
    /// nobody wants. Over TLS only the end counts: what waits may be TLS's own, as a ticket is.
    pub(super) fn is_stale(&self) -> bool {
        let stream = self.stream.borrow();
        let mut byte = [MaybeUninit::uninit(); 1];
        match SockRef::from(&*stream).peek(&mut byte) {
            Ok(read) => read == 0 || !self.tls,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_shutdown(context)
    }
}

/// What a connection's user and its guard say to each other.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// Set by whoever sends a request, and taken when something comes.
    pub(super) due: Cell<Option<Due>>,
    pub(super) pause: Cell<Pause>,
    /// Who reads, while the pause lasts.
    reader: RefCell<Option<Waker>>,
}

/// Whether reading ends with the head of an answer.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pause {
    /// It goes on.
    #[default]
    No,
    /// It will, so that nobody has read of the body.
    AfterHead,
    /// It has.
    Now,
}

impl Signals {
    /// Reading goes on.
    pub(super) fn resume(&self) {
        self.pause.set(Pause::No);
        if let Some(reader) = self.reader.borrow_mut().take() {
            reader.wake();
        }
    }
}

/// A target's stream, above TLS: answers pass the framing guard.
pub(super) struct Guarded<S> {
    stream: S,
    follower: Follower,
    signals: Rc<Signals>,
    /// What came with a head, and was not given out with it.
    kept: Vec<u8>,
}

impl<S> Guarded<S> {
    pub(super) fn new(stream: S, signals: Rc<Signals>, most: usize) -> Self {
        let follower = Follower::new(Side::Answers, most);
        Self { stream, follower, signals, kept: Vec::new() }
    }

    /// The stream, where its answer is, and what was read of it and given to nobody.
    pub(super) fn into_parts(self) -> (S, Follower, Vec<u8>) {
        (self.stream, self.follower, self.kept)
    }

    /// Follows what was read; returns how much of it the reader gets now.
    fn follow(&mut self, new: &[u8]) -> Result<usize, Seen> {
        if let Some(due) = self.signals.due.take() {
            self.follower.expect(due);
        }
        if self.signals.pause.get() == Pause::AfterHead {
            let Some(end) = self.follower.follow_head(new)? else { return Ok(new.len()) };
            if self.follower.place() == Place::Body {
                self.signals.pause.set(Pause::Now);
                self.kept = new.get(end..).unwrap_or_default().to_vec();
                return Ok(end);
            }
            // There is no body to wait for.
            self.signals.pause.set(Pause::No);
            return self.follow(new.get(end..).unwrap_or_default()).map(|rest| end + rest);
        }
        match self.follower.follow(new) {
            Seen::Clear => Ok(new.len()),
            seen => Err(seen),
        }
    }
}

/// What is wrong with an answer, as an error of reading.
pub(super) fn refused(seen: Seen) -> io::Error {
    let why = match seen {
        Seen::Fault { fault, .. } => fault.to_string(),
        _ => "the head of an answer is too large".to_owned(),
    };
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.signals.pause.get() == Pause::Now {
            *this.signals.reader.borrow_mut() = Some(context.waker().clone());
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        if this.kept.is_empty() {
            ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        } else {
            let part = this.kept.len().min(buffer.remaining());
            buffer.put_slice(this.kept.get(..part).unwrap_or_default());
            this.kept.drain(..part);
        }
        let new = buffer.filled().get(before..).unwrap_or_default();
        if new.is_empty() {
            return Poll::Ready(Ok(()));
        }
        match this.follow(new) {
            Ok(given) => {
                buffer.set_filled(before + given);
                Poll::Ready(Ok(()))
            }
            Err(seen) => {
                buffer.set_filled(before);
                Poll::Ready(Err(refused(seen)))
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
