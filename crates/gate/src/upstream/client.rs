//! A worker's client: sends requests to targets over connections that it keeps.
//!
//! HTTP/1.1, one request at a time on a connection. Dropping what it gives, the future or the
//! answer's body, closes the connection: that is how a cancelled request is cancelled at the target.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use farmgate_wire::client::{self, Connection, LongBody, SendFailure};
use farmgate_wire::{Body, Failure};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use super::pick::Pick;
use super::pool::{Idle, Pool};
use super::target::Target;
use crate::media::is_type;

/// One worker's connections to all targets. Clones are one.
#[derive(Debug, Clone)]
pub struct Client {
    idle: Rc<Idle>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// Nothing was sent, so another target may be tried with the request; and why.
    Unsent(Box<Request<Body>>, Failure),
    /// The target may have seen the request, and the connection broke.
    Broken(Failure),
    /// The answer didn't begin in time. The connection was closed.
    Late,
}

/// The body of a target's answer. Read to its end, it gives its connection back; dropped before, it
/// closes it.
#[derive(Debug)]
pub struct UpstreamBody(Source);

#[derive(Debug)]
enum Source {
    Leased {
        incoming: Incoming,
        lease: Option<Lease>,
    },
    /// A stream of events that somebody listens to: it may stay for hours, and its connection was
    /// given up for it.
    Long {
        body: Box<LongBody>,
        target: Arc<Target>,
    },
}

/// A connection that is in use.
#[derive(Debug)]
struct Lease {
    connection: Connection,
    idle: Rc<Idle>,
    target: Arc<Target>,
    /// How long it may wait for its next request; none if it is of no use then.
    time: Duration,
}

/// A connection that is being made counts until this is dropped.
struct Connecting<'a>(&'a Target);

// === impl Client ===

impl Client {
    /// A client without connections.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Self { idle: Rc::new(Idle::new(pool)) }
    }

    /// Sends a request to the target that was picked, and waits for the head of its answer, until
    /// `first_byte` from now. The request's target must be in origin form; its `Host` is set here.
    /// The pick must live as long as the answer's body. Must run within a `LocalSet`.
    ///
    /// # Errors
    /// If there is no answer. It is counted against the target, unless the connection was one that
    /// had waited: targets close those when they like.
    pub async fn send(
        &self,
        pick: &Pick,
        mut request: Request<Body>,
        first_byte: Duration,
    ) -> Result<Response<UpstreamBody>, Unanswered> {
        let target = &pick.target;
        let deadline = Instant::now() + first_byte;
        request.headers_mut().insert(header::HOST, pick.host_header());
        let listens = listens(&request);
        loop {
            let kept = self.idle.take(target);
            let reused = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                // Boxed: it is large and rare, and every request would carry the room for it.
                None => match Box::pin(self.connect(target, first_byte)).await {
                    Ok(connection) => connection,
                    Err(failure) => return Err(Unanswered::Unsent(Box::new(request), failure)),
                },
            };
            let sent = async {
                match listens {
                    true => connection.send_and_pause(request).await,
                    false => connection.send(request).await,
                }
            };
            match timeout_at(deadline, sent).await {
                // Nobody asked for another protocol, and what comes next on the connection is none
                // of HTTP's.
                Ok(Ok(response)) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                    target.failed();
                    return Err(Unanswered::Broken("the target switched protocols".into()));
                }
                Ok(Ok(response)) => {
                    target.succeeded(response.status());
                    if reused && !target.keeps_alive.load(Ordering::Relaxed) {
                        target.keeps_alive.store(true, Ordering::Relaxed);
                    }
                    return match listens {
                        true => self.listen(response, connection, target),
                        false => Ok(self.lend(response, connection, target)),
                    };
                }
                // The next one that waits, or a new one.
                Ok(Err(SendFailure::Unsent(unsent))) if reused => request = *unsent,
                Ok(Err(SendFailure::Unsent(unsent))) => {
                    target.failed();
                    let why = "the target closed the connection at once";
                    return Err(Unanswered::Unsent(unsent, why.into()));
                }
                Ok(Err(SendFailure::Broken(failure))) => {
                    if !reused {
                        target.failed();
                    }
                    return Err(Unanswered::Broken(failure));
                }
                Err(_) => {
                    target.failed();
                    return Err(Unanswered::Late);
                }
            }
        }
    }

    async fn connect(&self, target: &Target, patience: Duration) -> Result<Connection, Failure> {
        let pool = &self.idle.pool;
        let patience = pool.connect.min(patience);
        let connecting = turn(target, pool.connecting, patience).await?;
        let made = client::connect(target.address, target.dial.tls.as_ref(), patience).await;
        drop(connecting);
        made.inspect_err(|_| target.failed())
    }

    /// The answer to whoever listens: events, which keep neither the connection nor its buffers, or
    /// an answer like others.
    fn listen(
        &self,
        response: Response<Incoming>,
        connection: Connection,
        target: &Arc<Target>,
    ) -> Result<Response<UpstreamBody>, Unanswered> {
        if !is_events(&response) {
            connection.resume();
            return Ok(self.lend(response, connection, target));
        }
        let (head, _) = response.into_parts();
        let body = connection.into_long().map_err(|failure| {
            target.failed();
            Unanswered::Broken(failure)
        })?;
        let source = Source::Long { body: Box::new(body), target: Arc::clone(target) };
        Ok(Response::from_parts(head, UpstreamBody(source)))
    }

    /// The answer, with the connection on which its body comes.
    fn lend(
        &self,
        response: Response<Incoming>,
        connection: Connection,
        target: &Arc<Target>,
    ) -> Response<UpstreamBody> {
        let (head, incoming) = response.into_parts();
        let pool = &self.idle.pool;
        let time = match (closes(head.version, &head.headers), promised(&head.headers)) {
            (true, _) => Duration::ZERO,
            // It closes the connection then; so it is not used in the second before.
            (false, Some(time)) => {
                time.saturating_sub(Duration::from_secs(1)).min(pool.longest_idle_time)
            }
            (false, None) if target.dial.bridge => pool.longest_idle_time,
            (false, None) => pool.idle_time,
        };
        let (idle, target) = (Rc::clone(&self.idle), Arc::clone(target));
        let mut lease = Some(Lease { connection, idle, target, time });
        give_back_at_end(&incoming, &mut lease);
        Response::from_parts(head, UpstreamBody(Source::Leased { incoming, lease }))
    }
}

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.connecting.fetch_sub(1, Ordering::Relaxed);
        self.0.connected.notify_one();
    }
}

/// A target that doesn't accept must not take all of the gate's descriptors: so many connections are
/// being made at a time, and others wait for their turn.
async fn turn(target: &Target, most: u32, patience: Duration) -> Result<Connecting<'_>, Failure> {
    let deadline = Instant::now() + patience;
    loop {
        let mut freed = std::pin::pin!(target.connected.notified());
        // What is freed from here on isn't missed.
        freed.as_mut().enable();
        let more = |making| (making < most).then_some(making + 1);
        if target.connecting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok() {
            return Ok(Connecting(target));
        }
        let late = |_| "too many connections to the target are being made";
        timeout_at(deadline, freed).await.map_err(late)?;
    }
}

/// Whether the target said that it closes the connection (RFC 9112, 9.3).
fn closes(version: Version, headers: &HeaderMap) -> bool {
    version != Version::HTTP_11
        || headers.get_all(header::CONNECTION).iter().any(|value| {
            let mut options = value.as_bytes().split(|byte| *byte == b',');
            options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
        })
}

/// How long the target said that it waits for another request: `Keep-Alive: timeout=5`, as Node's
/// servers do.
fn promised(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("keep-alive")?.to_str().ok()?;
    let seconds = value.split(',').find_map(|part| {
        let (name, seconds) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("timeout").then_some(seconds.trim())
    });
    seconds?.parse().ok().map(Duration::from_secs)
}

/// Whether a request asks for a stream of what happens, and not for an answer: GET (MCP 2025-11-25,
/// "Listening for Messages from the Server") or `subscriptions/listen` (2026-07-28).
fn listens(request: &Request<Body>) -> bool {
    *request.method() == Method::GET
        || request.headers().get("mcp-method").is_some_and(|it| it == "subscriptions/listen")
}

fn is_events<B>(response: &Response<B>) -> bool {
    response.status() == StatusCode::OK && is_type(response.headers(), "text/event-stream")
}

/// Gives the connection back if nothing more comes.
fn give_back_at_end(incoming: &Incoming, lease: &mut Option<Lease>) {
    if incoming.is_end_stream() {
        give_back(lease);
    }
}

fn give_back(lease: &mut Option<Lease>) {
    if let Some(Lease { connection, idle, target, time }) = lease.take() {
        idle.put(&target, connection, time);
    }
}

// === impl UpstreamBody ===

impl http_body::Body for UpstreamBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        match &mut self.0 {
            Source::Leased { incoming, lease } => {
                let frame = ready!(Pin::new(&mut *incoming).poll_frame(context));
                match &frame {
                    Some(Ok(_)) => give_back_at_end(incoming, lease),
                    Some(Err(_)) => {
                        if let Some(lease) = lease.take() {
                            lease.target.failed();
                        }
                    }
                    None => give_back(lease),
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Source::Long { body, target } => {
                let frame = ready!(Pin::new(body).poll_frame(context));
                if let Some(Err(_)) = &frame {
                    target.failed();
                }
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Leased { incoming, .. } => incoming.is_end_stream(),
            Source::Long { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Leased { incoming, .. } => incoming.size_hint(),
            Source::Long { body, .. } => body.size_hint(),
        }
    }
}

// === impl Unanswered ===

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent(_, failure) => write!(f, "the request could not be sent: {failure}"),
            Self::Broken(failure) => write!(f, "the connection to the target broke: {failure}"),
            Self::Late => f.write_str("the target did not answer in time"),
        }
    }
}

impl std::error::Error for Unanswered {}
