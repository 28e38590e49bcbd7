//! One connection to a target: HTTP/1.1, one request at a time, over TCP or TLS.
//!
//! What the target answers passes the framing guard, as requests do: an answer that could be read in
//! two ways, or that nobody asked for, breaks the connection, so that nothing of it can be taken for
//! the answer to somebody else's request. Pools, retries and the choice of a target are the caller's.

mod long;
mod socket;
mod trust;

use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::{AbortHandle, spawn_local};

use crate::framing::Due;
use crate::{Body, Failure};
pub use long::LongBody;
use long::{Driven, TakeApart};
use socket::{Guarded, Pause, Signals, Socket};
pub use trust::{TlsClient, Trust};

/// Bytes of an answer's head.
const HEAD_BYTES: usize = 64 << 10;

/// One connection to a target. Dropping it closes it, whatever is under way.
pub struct Connection {
    sender: SendRequest<Body>,
    signals: Rc<Signals>,
    socket: Socket,
    driven: Box<dyn TakeApart>,
    driver: AbortHandle,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendFailure {
    /// Nothing was sent: the request may go to another target.
    #[error("the connection was closed before the request was sent")]
    Unsent(Box<Request<Body>>),
    /// The target may have seen the request, or a part of it.
    #[error("the connection broke off")]
    Broken(#[source] Failure),
}

/// Connects within `timeout`, TLS's handshake included. Must run within a
/// [`tokio::task::LocalSet`].
///
/// # Errors
/// If there is no connection in time, or the target is not to be believed.
pub async fn connect(
    address: SocketAddr,
    tls: Option<&TlsClient>,
    timeout: Duration,
) -> Result<Connection, Failure> {
    tokio::time::timeout(timeout, open(address, tls)).await.map_err(|_| "no connection in time")?
}

async fn open(address: SocketAddr, tls: Option<&TlsClient>) -> Result<Connection, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let socket = Socket::new(stream);
    match tls {
        None => start(socket.clone(), socket).await,
        Some(tls) => {
            let socket = socket.with_tls();
            // Boxed: a handshake is large, and plain connections have none.
            let stream = Box::pin(tls.handshake(address, socket.clone())).await?;
            start(stream, socket).await
        }
    }
}

async fn start<S>(stream: S, socket: Socket) -> Result<Connection, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let signals = Rc::new(Signals::default());
    let guarded = Guarded::new(stream, Rc::clone(&signals), HEAD_BYTES);
    let mut builder = http1::Builder::new();
    builder.max_header_size(HEAD_BYTES);
    let (sender, connection) = builder.handshake(TokioIo::new(guarded)).await?;
    let driven = Driven::new(connection);
    let driver = spawn_local(driven.again()).abort_handle();
    Ok(Connection { sender, signals, socket, driven: Box::new(driven), driver })
}

impl Connection {
    /// Whether a request can be sent now: the last answer was read to its end.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    /// Whether it is known to be closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed() || self.driver.is_finished()
    }

    /// Whether the target closed it, or sent what nobody asked for, even if nobody noticed yet: what
    /// is in the socket already would be read as the answer to the next request. One system call,
    /// for connections that rested.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.is_closed() || self.socket.is_stale()
    }

    /// Waits until a request can be sent; false if it was closed.
    pub async fn ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Sends a request and waits for the head of the answer. The request's URI is sent as it is, and
    /// `Host` is the caller's to set. If the future is dropped, or the answer's body before its end,
    /// the connection is closed.
    ///
    /// # Errors
    /// With the request, if nothing of it was sent.
    pub async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, SendFailure> {
        if !self.is_ready() && !self.ready().await {
            return Err(SendFailure::Unsent(Box::new(request)));
        }
        let head = *request.method() == Method::HEAD;
        self.signals.due.set(Some(if head { Due::Head } else { Due::Other }));
        self.sender.try_send_request(request).await.map_err(|mut error| {
            match error.take_message() {
                Some(request) => SendFailure::Unsent(Box::new(request)),
                None => SendFailure::Broken(error.into_error().into()),
            }
        })
    }

    /// As [`Connection::send`], for an answer that may have no end in sight: nothing is read beyond
    /// its head until [`Connection::resume`] or [`Connection::into_long`] is called.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub async fn send_and_pause(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, SendFailure> {
        self.signals.pause.set(Pause::AfterHead);
        let sent = self.send(request).await;
        if sent.is_err() {
            self.signals.pause.set(Pause::No);
        }
        sent
    }

    /// Reads on, after [`Connection::send_and_pause`]: the answer is one as others are.
    pub fn resume(&self) {
        self.signals.resume();
    }

    /// The body of an answer that [`Connection::send_and_pause`] gave, without the connection and
    /// its buffers. The body that came with the answer is of no use any more.
    ///
    /// # Errors
    /// If the connection has ended, or the answer has no body.
    pub fn into_long(self) -> Result<LongBody, Failure> {
        if self.signals.pause.get() != Pause::Now {
            return Err("the connection is not paused after a head".into());
        }
        self.driven.take_apart().ok_or_else(|| "the connection has ended".into())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("ready", &self.is_ready())
            .field("closed", &self.is_closed())
            .finish()
    }
}
