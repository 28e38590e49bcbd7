//! The socket of a connection to a target, and the framing guard above it.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::framing::{Due, Follower, Seen, Side};

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

/// A target's stream, above TLS: answers pass the framing guard.
pub(super) struct Guarded<S> {
    stream: S,
    follower: Follower,
    /// Set by whoever sends a request, and taken when something comes.
    due: Rc<Cell<Option<Due>>>,
}

impl<S> Guarded<S> {
    pub(super) fn new(stream: S, due: Rc<Cell<Option<Due>>>, most: usize) -> Self {
        Self { stream, follower: Follower::new(Side::Answers, most), due }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let new = buffer.filled().get(before..).unwrap_or_default();
        if new.is_empty() {
            return Poll::Ready(Ok(()));
        }
        if let Some(due) = this.due.take() {
            this.follower.expect(due);
        }
        match this.follower.follow(new) {
            Seen::Clear => Poll::Ready(Ok(())),
            seen => {
                buffer.set_filled(before);
                let why = match seen {
                    Seen::Fault { fault, .. } => fault.to_string(),
                    _ => "the head of an answer is too large".to_owned(),
                };
                Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)))
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
