//! Listeners: connections are accepted, counted, swept, and drained at the end.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use http::{Request, Response};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout};

use crate::balance::{Given, Held, Place};
use crate::connection;
use crate::counts::{Ticket, count};
use crate::link::{End, Link, Phase};
use crate::{Body, Certificate, Counts, Drain, Incoming, Settings};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;
/// After how long a silence TCP asks whether the other end is still there, and how often then.
const SILENCE: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_secs(15);
/// Between sweeps: at most, and at least (where limits are short).
const SWEEP: Duration = Duration::from_secs(1);
const SWEEP_LEAST: Duration = Duration::from_millis(5);
/// How long to wait when nothing can be accepted, at first and at most.
const BACK_OFF: Duration = Duration::from_millis(10);
const BACK_OFF_MOST: Duration = Duration::from_secs(1);
/// How long connections get to end once they were told to end now.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The address from which the connection comes. A proxy's, if one stands between.
    pub address: SocketAddr,
    /// What TLS agreed on; absent for plain HTTP.
    pub tls: Option<TlsFacts>,
}

/// What TLS agreed on.
#[derive(Debug, Clone)]
pub struct TlsFacts {
    /// The protocol's version.
    pub version: rustls::ProtocolVersion,
    /// The name that the client asked for. It is not authenticated: nothing may depend on it.
    pub sni: Option<String>,
    /// Whether HTTP/2 was agreed on.
    pub h2: bool,
}

/// What answers requests.
pub trait Handler: 'static {
    /// Answers a request. The future is dropped if the client goes away meanwhile, and so is the
    /// answer's body; a client that closes its own side of the connection has gone away. (Over
    /// HTTP/1 its leaving shows behind what it sent: a handler that waits for something else must
    /// have read the request's body to its end, or to its error.)
    ///
    /// Whatever the version of HTTP, the request's URI has a path and no authority, and the
    /// authority is in `Host`, once, and is `host[:port]`; only HTTP/1.0 may have none. There is no
    /// CONNECT, and no GET, HEAD or TRACE with a body.
    fn handle(
        self: Rc<Self>,
        request: Request<Incoming>,
        peer: Rc<Peer>,
    ) -> impl Future<Output = Response<Body>> + 'static;
}

/// A listening socket that doesn't block; `reuse`: other workers listen on the same address, and
/// the kernel shares connections out among them.
///
/// # Errors
/// If the address can't be listened on.
pub fn bind(address: SocketAddr, reuse: bool) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(reuse)?;
    if address.is_ipv6() {
        // `[::]` takes IPv4, too, whatever the machine's setting.
        socket.set_only_v6(false)?;
    }
    // What is accepted inherits these.
    socket.set_tcp_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(SILENCE).with_interval(ASK_AGAIN);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves until drained; returns when every connection is done, or
/// [`drain_time`](Settings::drain_time) after the drain began. Must run within a
/// [`tokio::task::LocalSet`]. If it is dropped, its connections are.
///
/// Without a certificate HTTP/1.1, and HTTP/2 by prior knowledge, are served plainly.
///
/// # Errors
/// If the listener can't be used. Errors of single connections only end these.
pub async fn serve<H: Handler>(
    listener: std::net::TcpListener,
    tls: Option<Certificate>,
    settings: Arc<ArcSwap<Settings>>,
    counts: Arc<Counts>,
    handler: Rc<H>,
    drain: Drain,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let worker = Worker { tls, settings, counts, handler, links: RefCell::default() };
    let mut tasks = JoinSet::new();
    let place = worker.counts.workers.join();
    tokio::select! {
        biased;
        () = drain.begun() => {}
        never = worker.accept_all(&listener, place, &mut tasks) => match never {},
    }
    drop(listener);
    worker.end_all(&mut tasks).await;
    Ok(())
}

enum Never {}

/// What the connections of one listener share.
struct Worker<H> {
    tls: Option<Certificate>,
    settings: Arc<ArcSwap<Settings>>,
    counts: Arc<Counts>,
    handler: Rc<H>,
    links: RefCell<Vec<Weak<Link>>>,
}

impl<H: Handler> Worker<H> {
    async fn accept_all(
        &self,
        listener: &TcpListener,
        mut place: Place<'_>,
        tasks: &mut JoinSet<()>,
    ) -> Never {
        let mut ticks = interval(self.between_sweeps());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut back_off = BackOff::default();
        loop {
            tokio::select! {
                accepted = back_off.accept(listener) => match accepted {
                    Ok((stream, address)) => match place.settle(stream, address) {
                        Ok(Some((stream, held))) => self.take(stream, address, held, tasks),
                        Ok(None) => {}
                        Err(_) => count(&self.counts.refusals.accept),
                    },
                    Err(_) => count(&self.counts.refusals.accept),
                },
                Given { stream, address, held } = place.given() => {
                    match TcpStream::from_std(stream) {
                        Ok(stream) => self.take(stream, address, held, tasks),
                        Err(_) => count(&self.counts.refusals.accept),
                    }
                }
                _ = ticks.tick() => {
                    let between = self.between_sweeps();
                    if between != ticks.period() {
                        ticks = interval(between);
                        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                    }
                    self.sweep();
                }
                // A handler's panic ends its connection, and nothing else.
                Some(_) = tasks.join_next() => {}
            }
        }
    }

    fn take(&self, stream: TcpStream, address: SocketAddr, held: Held, tasks: &mut JoinSet<()>) {
        let settings = self.settings.load();
        let Some(ticket) = self.ticket(address, &settings) else { return };
        let socket = SockRef::from(&stream);
        // For listeners that `bind` didn't make. A failure shows when the stream is used.
        let _ = socket.set_tcp_nodelay(true);
        // A stream to a client that is gone without a word ends in the same time as one that is
        // there and doesn't read.
        let _ = socket.set_tcp_user_timeout(Some(settings.write_time));
        let phase = if self.tls.is_some() { Phase::Handshake } else { Phase::Head };
        let link = Link::new(phase);
        self.links.borrow_mut().push(Rc::downgrade(&link));
        let connection = connection::Connection {
            link,
            address,
            config: self.tls.as_ref().map(Certificate::config),
            settings: Arc::clone(&settings),
            counts: Arc::clone(&self.counts),
            handler: Rc::clone(&self.handler),
        };
        tasks.spawn_local(async move {
            connection.serve(stream).await;
            drop((ticket, held));
        });
    }

    fn ticket(&self, address: SocketAddr, settings: &Settings) -> Option<Ticket> {
        let ip = address.ip().to_canonical();
        let uncounted = settings.uncounted.iter().any(|net| net.contains(&ip));
        let counted = (!uncounted).then_some(ip);
        let most = settings.connections_per_address;
        self.counts.enter(counted, settings.connections, most).ok()
    }

    fn sweep(&self) {
        let settings = self.settings.load();
        let now = Instant::now();
        self.links.borrow_mut().retain(|link| match link.upgrade() {
            Some(link) => {
                link.sweep(now, &settings);
                true
            }
            None => false,
        });
    }

    fn between_sweeps(&self) -> Duration {
        let settings = self.settings.load();
        let limits = [settings.head_time, settings.idle_time, settings.write_time];
        let shortest = limits.into_iter().min().unwrap_or(SWEEP);
        (shortest / 8).clamp(SWEEP_LEAST, SWEEP)
    }

    /// Lets what is under way come to its end, for as long as it may.
    async fn end_all(&self, tasks: &mut JoinSet<()>) {
        self.stop_all(End::Drained);
        let drain_time = self.settings.load().drain_time;
        if timeout(drain_time, self.wait(tasks)).await.is_err() {
            self.stop_all(End::Abandoned);
            let _ = timeout(LAST_WORDS, self.wait(tasks)).await;
        }
        tasks.abort_all();
    }

    async fn wait(&self, tasks: &mut JoinSet<()>) {
        let mut ticks = interval(self.between_sweeps());
        while !tasks.is_empty() {
            tokio::select! {
                _ = tasks.join_next() => {}
                _ = ticks.tick() => self.sweep(),
            }
        }
    }

    fn stop_all(&self, end: End) {
        for link in self.links.borrow().iter().filter_map(Weak::upgrade) {
            link.stop(end);
        }
    }
}

/// Waits after an error of `accept` that will not go away by itself at once: without it, a lack of
/// file descriptors makes a busy loop.
#[derive(Debug, Default)]
struct BackOff {
    until: Option<(tokio::time::Instant, Duration)>,
}

impl BackOff {
    /// Accepts one. It may be dropped at any time and called again.
    async fn accept(&mut self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        if let Some((until, _)) = self.until {
            sleep_until(until).await;
        }
        loop {
            match listener.accept().await {
                Ok(accepted) => {
                    self.until = None;
                    return Ok(accepted);
                }
                // One that is gone already is nobody's fault, and the next one may be there.
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    let wait = self.until.map_or(BACK_OFF, |(_, wait)| wait * 2).min(BACK_OFF_MOST);
                    self.until = Some((tokio::time::Instant::now() + wait, wait));
                    return Err(error);
                }
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
