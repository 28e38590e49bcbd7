//! A server over HTTP beside the bridge: requests and answers are passed on as they come, streams
//! too, and a client that goes away is a connection to the server that ends.
//!
//! Nothing is retried here that the server may have seen, and nothing is understood.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use farmgate_keys::PRINCIPAL_HEADER;
use farmgate_wire::client::{Connection, SendFailure, connect};
use farmgate_wire::{Body, Failure, strip_hop_by_hop};
use http::header::{HOST, HeaderValue};
use http::{Request, Response, StatusCode, Uri, Version};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use crate::answer;
use crate::settings::{Log, Settings};

/// How long the server may take to take a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// How many connections rest, and for how long: less than servers usually leave them open.
const RESTING: usize = 32;
const REST: Duration = Duration::from_secs(4);

/// Passes requests on to a server.
pub(crate) struct Upstream {
    address: SocketAddr,
    host: Option<HeaderValue>,
    pass_principal: bool,
    resting: Rc<RefCell<Vec<(Connection, Instant)>>>,
    log: Log,
}

/// The body of an answer. At its end the connection goes to rest; dropped before, it is closed.
struct Passed {
    body: Incoming,
    connection: Option<Connection>,
    resting: Rc<RefCell<Vec<(Connection, Instant)>>>,
}

// === impl Upstream ===

impl Upstream {
    pub(crate) fn new(address: SocketAddr, settings: &Settings) -> Self {
        Self {
            address,
            // An MCP server takes only names of its own machine, against DNS rebinding.
            host: HeaderValue::from_str(&address.to_string()).ok(),
            pass_principal: settings.pass_principal,
            resting: Rc::default(),
            log: settings.log.clone(),
        }
    }

    pub(crate) async fn pass(&self, request: Request<farmgate_wire::Incoming>) -> Response<Body> {
        let Some(mut request) = self.outgoing(request) else {
            return answer::words(StatusCode::BAD_REQUEST, "the request has no path\n");
        };
        loop {
            let rested = self.rested();
            let fresh = rested.is_none();
            let connected = match rested {
                Some(connection) => Ok(connection),
                None => connect(self.address, None, CONNECT).await,
            };
            let mut connection = match connected {
                Ok(connection) => connection,
                Err(error) => return self.failed("takes no connection", &error),
            };
            match connection.send(request).await {
                Ok(answer) => return self.incoming(answer, connection),
                // It was closed while it rested: nothing was sent, and the next one is tried.
                Err(SendFailure::Unsent(unsent)) if !fresh => request = *unsent,
                Err(error) => return self.failed("gave no answer", &error),
            }
        }
    }

    /// The request as the server gets it.
    fn outgoing(&self, request: Request<farmgate_wire::Incoming>) -> Option<Request<Body>> {
        let (mut parts, body) = request.into_parts();
        strip_hop_by_hop(&mut parts.headers);
        if !self.pass_principal {
            parts.headers.remove(PRINCIPAL_HEADER);
        }
        parts.headers.insert(HOST, self.host.clone()?);
        parts.version = Version::HTTP_11;
        parts.uri = Uri::from(parts.uri.path_and_query()?.clone());
        let body = match body.is_end_stream() {
            true => Body::Empty,
            false => Body::stream(Sent(body)),
        };
        Some(Request::from_parts(parts, body))
    }

    fn incoming(&self, answer: Response<Incoming>, connection: Connection) -> Response<Body> {
        let (mut parts, body) = answer.into_parts();
        strip_hop_by_hop(&mut parts.headers);
        let mut passed =
            Passed { body, connection: Some(connection), resting: Rc::clone(&self.resting) };
        let body = if passed.body.is_end_stream() {
            passed.rest();
            // A HEAD's answer has no body and says how long one would be.
            Body::Empty
        } else {
            Body::stream(passed)
        };
        Response::from_parts(parts, body)
    }

    /// A connection that rests and is still open.
    fn rested(&self) -> Option<Connection> {
        let mut resting = self.resting.borrow_mut();
        while let Some((connection, since)) = resting.pop() {
            if since.elapsed() >= REST {
                resting.clear(); // Those below have rested for longer.
                return None;
            }
            if !connection.is_stale() {
                return Some(connection);
            }
        }
        None
    }

    fn failed(&self, what: &str, error: &dyn std::fmt::Display) -> Response<Body> {
        self.log.say(None, format!("the server at {} {what}: {error}", self.address));
        answer::words(StatusCode::BAD_GATEWAY, "the server can't be reached\n")
    }
}

// === impl Passed ===

impl Passed {
    fn rest(&mut self) {
        let Some(connection) = self.connection.take().filter(|it| !it.is_closed()) else { return };
        let mut resting = self.resting.borrow_mut();
        if resting.len() >= RESTING {
            resting.remove(0);
        }
        resting.push((connection, Instant::now()));
    }
}

impl http_body::Body for Passed {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none()
            || (self.body.is_end_stream() && frame.as_ref().is_some_and(Result::is_ok))
        {
            self.rest();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a request, on its way.
struct Sent(farmgate_wire::Incoming);

// === impl Sent ===

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let frame = std::task::ready!(Pin::new(&mut self.0).poll_frame(context));
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
