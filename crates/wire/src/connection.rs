//! One connection of a client, from its first byte to its last.

mod redirect;
mod service;

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::counts::count;
use crate::framing::{Follower, Side};
use crate::link::{End, Link, Phase};
use crate::listen::{Handler, Peer, TlsFacts};
use crate::stream::Guarded;
use crate::{Counts, Settings};

/// What a client of HTTP/2 begins with (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The most that is read to see which version of HTTP comes: room for a usual head.
const FIRST_READ: usize = 1024;
/// The first byte of TLS: a record of its handshake.
const TLS_HANDSHAKE: u8 = 0x16;
/// The number of headers for which hyper needs no memory of its own.
const HEADERS_INLINE: usize = 100;
/// The least that hyper wants to be let read at a time.
const READ_LEAST: usize = 8192;
/// The most that is read ahead, and the most that waits to be written, of one request.
const BUFFER: usize = 64 << 10;

/// What a client of HTTP/2 may send before it is taken up, in one stream and in all.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// How often a silent client of HTTP/2 is asked whether it is there, and how long it has to answer.
const PING: Duration = Duration::from_secs(20);
const PONG: Duration = Duration::from_secs(20);
/// Streams that a client has opened and reset before they were seen (rapid reset, CVE-2023-44487),
/// and those that were reset because of its errors; with more, the connection is closed.
const RESET_EARLY: usize = 20;
const RESET_BY_ERROR: usize = 64;

/// A connection that is served.
pub(crate) struct Connection<H> {
    pub(crate) link: Rc<Link>,
    pub(crate) address: SocketAddr,
    pub(crate) config: Option<Arc<ServerConfig>>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) handler: Rc<H>,
}

impl<H: Handler> Connection<H> {
    /// Serves it until it ends. How it ends is counted, and nobody else's business.
    ///
    /// What it may come to is boxed, so that a connection takes the memory of what it is, and not of
    /// the largest that it could be.
    pub(crate) async fn serve(self, stream: TcpStream) {
        let Some(config) = self.config.clone() else { return self.serve_plain(stream).await };
        match self.unless_ended(first_byte(&stream)).await {
            Some(Ok(Some(TLS_HANDSHAKE))) => Box::pin(self.serve_tls(stream, config)).await,
            Some(Ok(Some(_))) if self.settings.redirect => {
                let answer = Box::pin(redirect::answer(stream, &self.link, &self.settings));
                self.unless_ended(answer).await;
            }
            _ => {}
        }
    }

    async fn serve_tls(self, stream: TcpStream, config: Arc<ServerConfig>) {
        let accepted = self.unless_ended(TlsAcceptor::from(config).accept(stream)).await;
        let Some(accepted) = accepted else { return };
        let Ok(stream) = accepted else { return count(&self.counts.refusals.handshake) };
        let (_, session) = stream.get_ref();
        let h2 = session.alpn_protocol() == Some(b"h2");
        let facts = TlsFacts {
            version: session.protocol_version().unwrap_or(rustls::ProtocolVersion::TLSv1_2),
            sni: session.server_name().map(str::to_owned),
            h2,
        };
        self.link.enter(Phase::Head);
        if h2 {
            Box::pin(self.serve_http2(stream, Bytes::new(), Some(facts))).await;
        } else {
            Box::pin(self.serve_http1(stream, Bytes::new(), Some(facts))).await;
        }
    }

    /// Without TLS, what comes first says whether it is HTTP/2.
    async fn serve_plain(self, mut stream: TcpStream) {
        let mut start = Vec::with_capacity(FIRST_READ);
        while start.len() < PREFACE.len() && PREFACE.starts_with(&start) {
            match self.unless_ended(stream.read_buf(&mut start)).await {
                Some(Ok(1..)) => {}
                _ => return,
            }
        }
        let h2 = start.starts_with(PREFACE);
        let start = Bytes::from(start);
        if h2 {
            Box::pin(self.serve_http2(stream, start, None)).await;
        } else {
            Box::pin(self.serve_http1(stream, start, None)).await;
        }
    }

    async fn serve_http1<S>(self, stream: S, start: Bytes, tls: Option<TlsFacts>)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let settings = &self.settings;
        let follower = Follower::new(Side::Requests, settings.head_bytes);
        let counts = Arc::clone(&self.counts);
        let guarded = Guarded::http1(stream, Rc::clone(&self.link), start, follower, counts);
        let mut builder = http1::Builder::new();
        builder
            .max_header_size(settings.head_bytes)
            .max_buf_size(settings.head_bytes.max(BUFFER).max(READ_LEAST));
        if settings.headers != HEADERS_INLINE {
            builder.max_headers(settings.headers);
        }
        let (handler, peer, link) = self.shared(tls);
        let service = service_fn(move |request| {
            service::http1(Rc::clone(&handler), request, Rc::clone(&peer), Rc::clone(&link))
        });
        let connection = builder.serve_connection(TokioIo::new(guarded), service);
        self.drive(pin!(connection), http1::Connection::graceful_shutdown).await;
    }

    async fn serve_http2<S>(self, stream: S, start: Bytes, tls: Option<TlsFacts>)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let settings = &self.settings;
        let guarded = Guarded::http2(stream, Rc::clone(&self.link), start);
        let mut builder = http2::Builder::new(Here);
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(settings.streams)
            .max_header_list_size(u32::try_from(settings.head_bytes).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(RESET_EARLY)
            .max_local_error_reset_streams(RESET_BY_ERROR)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(BUFFER)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG);
        let (handler, peer, link) = self.shared(tls);
        let service = service_fn(move |request| {
            service::http2(Rc::clone(&handler), request, Rc::clone(&peer), Rc::clone(&link))
        });
        let connection = builder.serve_connection(TokioIo::new(guarded), service);
        self.drive(pin!(connection), http2::Connection::graceful_shutdown).await;
    }

    fn shared(&self, tls: Option<TlsFacts>) -> (Rc<H>, Rc<Peer>, Rc<Link>) {
        let peer = Rc::new(Peer { address: self.address, tls });
        (Rc::clone(&self.handler), peer, Rc::clone(&self.link))
    }

    /// Drives it to its end: its own, or that which the worker sets.
    async fn drive<C: Future>(&self, mut connection: Pin<&mut C>, finish: fn(Pin<&mut C>)) {
        let mut finishing = false;
        poll_fn(|context| {
            match self.link.end(context) {
                None => {}
                Some(End::Drained) if finishing => {}
                Some(End::Drained) => {
                    finishing = true;
                    finish(connection.as_mut());
                }
                Some(end) => {
                    self.count(end);
                    return Poll::Ready(());
                }
            }
            connection.as_mut().poll(context).map(drop)
        })
        .await;
    }

    /// Waits for something that comes before the first request, unless the connection has to end.
    async fn unless_ended<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|context| match self.link.end(context) {
            None => future.as_mut().poll(context).map(Some),
            Some(end) => {
                self.count(end);
                Poll::Ready(None)
            }
        })
        .await
    }

    fn count(&self, end: End) {
        let refusals = &self.counts.refusals;
        match end {
            End::Late(Phase::Handshake) => count(&refusals.handshake),
            End::Late(Phase::Head) => count(&refusals.head_late),
            End::Late(Phase::Idle) => count(&refusals.idle),
            End::Stalled => count(&refusals.stalled),
            End::Late(Phase::Lingering) | End::Drained | End::Abandoned => {}
        }
    }
}

/// The first byte that comes, which stays where it is. None: nothing comes.
async fn first_byte(stream: &TcpStream) -> io::Result<Option<u8>> {
    let mut first = [0];
    let read = stream.peek(&mut first).await?;
    let [first] = first;
    Ok((read == 1).then_some(first))
}

/// Runs the tasks of an HTTP/2 connection on the thread that it is on.
#[derive(Clone)]
struct Here;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for Here {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}
