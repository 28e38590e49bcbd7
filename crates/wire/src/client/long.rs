//! Bodies of answers that have no end in sight, without the connection that they came on.
//!
//! A connection holds buffers for requests and answers to come: some thirty kilobytes, which thousands
//! of open streams of events never use again. Once the head of such an answer is there, only the
//! stream and the place in its framing are kept. The connection serves no other request afterwards.

use std::cell::RefCell;
use std::fmt;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::socket::{Guarded, refused};
use crate::framing::{Follower, Place, Seen};
use crate::{Body, Failure};

/// What is read at a time, on the stack.
const PIECE: usize = 4 << 10;

/// A body that comes straight from its stream. Dropping it closes the stream.
pub struct LongBody {
    stream: Box<dyn AsyncRead + Unpin>,
    follower: Follower,
    /// What was read with the head.
    first: Vec<u8>,
    ended: bool,
}

/// hyper's connection, which its task drives until somebody takes what is beneath it.
pub(super) struct Driven<S: AsyncRead + AsyncWrite + Unpin>(Rc<RefCell<Option<Http1<S>>>>);

type Http1<S> = http1::Connection<TokioIo<Guarded<S>>, Body>;

/// A connection that can be taken apart, whatever its stream is.
pub(super) trait TakeApart {
    /// The body that is paused after its head; none if the connection has ended.
    fn take_apart(&self) -> Option<LongBody>;
}

// === impl Driven ===

impl<S: AsyncRead + AsyncWrite + Unpin> Driven<S> {
    pub(super) fn new(connection: Http1<S>) -> Self {
        Self(Rc::new(RefCell::new(Some(connection))))
    }

    /// The same, for its task.
    pub(super) fn again(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Driven<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut place = self.0.borrow_mut();
        let Some(connection) = &mut *place else { return Poll::Ready(()) };
        // An error shows where the answer is waited for.
        let _ = ready!(Pin::new(connection).poll(context));
        *place = None;
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> TakeApart for Driven<S> {
    fn take_apart(&self) -> Option<LongBody> {
        let parts = self.0.borrow_mut().take()?.into_parts();
        // Reading paused with the head's last byte: hyper has nothing of the body.
        if !parts.read_buf.is_empty() {
            return None;
        }
        let (stream, follower, first) = parts.io.into_inner().into_parts();
        Some(LongBody { stream: Box::new(stream), follower, first, ended: false })
    }
}

// === impl LongBody ===

impl LongBody {
    /// The body's own bytes among what was read.
    fn follow(&mut self, new: &[u8]) -> Result<Bytes, Failure> {
        let mut own = BytesMut::new();
        let seen = self.follower.follow_body(new, |piece| own.extend_from_slice(piece));
        self.ended = self.follower.place() == Place::Between;
        match seen {
            Seen::Clear => Ok(own.freeze()),
            seen => {
                self.ended = true;
                Err(refused(seen).into())
            }
        }
    }

    fn close(&mut self) -> Option<Result<Frame<Bytes>, Failure>> {
        self.ended = true;
        let whole = self.follower.ends_with_connection();
        (!whole).then(|| Err("the target closed the connection within its answer".into()))
    }
}

impl http_body::Body for LongBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let this = &mut *self;
        loop {
            if this.ended {
                return Poll::Ready(None);
            }
            let first = std::mem::take(&mut this.first);
            let own = if first.is_empty() {
                let mut room = [MaybeUninit::uninit(); PIECE];
                let mut buffer = ReadBuf::uninit(&mut room);
                if let Err(error) =
                    ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer))
                {
                    this.ended = true;
                    return Poll::Ready(Some(Err(error.into())));
                }
                if buffer.filled().is_empty() {
                    return Poll::Ready(this.close());
                }
                this.follow(buffer.filled())
            } else {
                this.follow(&first)
            };
            match own {
                Ok(own) if own.is_empty() => {}
                own => return Poll::Ready(Some(own.map(Frame::data))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}

impl fmt::Debug for LongBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LongBody").field("ended", &self.ended).finish_non_exhaustive()
    }
}
