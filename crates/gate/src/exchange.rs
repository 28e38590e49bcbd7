//! One request, from its head to the last byte of its answer.
//!
//! The order is the point: what is cheap is asked first, the body is read only of those who proved
//! who they are, and nothing reaches a server that one of the steps refused. What is written here is
//! the order; each step is a file of its own.

mod answer;
mod entry;
mod forward;
mod message;
mod session;
mod stream;

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use farmgate_keys::Principal;
use farmgate_wire::body::BodyError;
use farmgate_wire::{Body, Handler, Incoming, Peer};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};

use self::answer::Answer;
use self::entry::Entry;
use self::message::Facts;
use crate::authn::{self, AtHead, Caller, Wrong};
use crate::client_address;
use crate::limit::Permit;
use crate::principal;
use crate::refusal::Refusal;
use crate::route::{Foreign, check_path};
use crate::shared::Shared;
use crate::state::{ServerState, State};
use crate::upstream::Client;

/// One worker: a thread with its own listener and its own connections to the servers.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) client: Client,
    pub(crate) principals: principal::Headers,
}

/// A request that may go to a server.
struct Call<'a> {
    head: Parts,
    body: Bytes,
    facts: Facts,
    client: IpAddr,
    server: &'a ServerState,
    principal: Arc<Principal>,
    permit: Permit,
}

// === impl Worker ===

impl Handler for Worker {
    async fn handle(self: Rc<Self>, request: Request<Incoming>, peer: Rc<Peer>) -> Response<Body> {
        self.answer(request, &peer).await
    }
}

impl Worker {
    async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
        let (head, body) = request.into_parts();
        if head.uri.path() == farmgate_farm::gate::HEALTH_PATH {
            return health(&head.method);
        }
        let state = self.shared.state.load_full();
        // If the client goes away, this future is dropped with the entry, which then says so.
        let mut entry = Entry::new(&self.shared, &head);
        let passed = self.pass(&state, head, body, peer, &mut entry).await;
        match passed {
            Ok(response) => entry.follow(response),
            Err(refusal) => {
                let code = refusal.code;
                let status = refusal.status();
                let (response, bytes) = refusal.into_response();
                entry.refused(code, status, bytes as u64, response)
            }
        }
    }

    /// All steps. An answer has the parts that its body needs to hold until it ends.
    async fn pass(
        &self,
        state: &Arc<State>,
        head: Parts,
        body: Incoming,
        peer: &Peer,
        entry: &mut Entry,
    ) -> Result<Answer, Refusal> {
        if !self.shared.log.accepts() {
            let why = "the audit can't be written";
            return Err(
                Refusal::new("audit_full", StatusCode::SERVICE_UNAVAILABLE, why).retry_after(5)
            );
        }
        let client = self.client_of(state, &head, peer, entry)?;
        let Some(index) = at_the_door(state, &head)? else {
            return Ok(Answer::fixed(state.routes.default_answer()));
        };
        // Routes and servers were made of the same configuration.
        let server = state.servers.get(index).ok_or_else(no_server)?;
        entry.server(server);
        method(&head.method)?;
        let (principal, permit, body) =
            self.authenticate(state, server, &head, body, entry).await?;
        entry.bytes_in(body.len());
        let facts = message::look(state, server, &principal, &head, &body, entry)?;
        let call = Call { head, body, facts, client, server, principal, permit };
        self.forward(state, call, entry).await
    }

    /// Who asks, and whether from there anyone may, and not too often.
    fn client_of(
        &self,
        state: &State,
        head: &Parts,
        peer: &Peer,
        entry: &mut Entry,
    ) -> Result<IpAddr, Refusal> {
        let trusted = &state.config.trusted_proxies;
        let client = client_address::of(peer.address.ip(), &head.headers, trusted);
        let client = client.map_err(|_| {
            let text = "a proxy forwarded an address that can't be read";
            Refusal::new("forwarded_for_unreadable", StatusCode::BAD_REQUEST, text)
        })?;
        entry.address(client);
        let allow = &state.config.allow;
        if !allow.is_empty() && !allow.iter().any(|block| block.contains(&client)) {
            let text = "your address is not allowed";
            return Err(Refusal::new("address_not_allowed", StatusCode::FORBIDDEN, text));
        }
        let within = self.shared.limiter.address(client);
        within.map_err(|wait| Refusal::too_many("rate_of_address", wait.seconds))?;
        Ok(client)
    }

    /// Who calls, and what they say. The body is read only of those whose head proves enough, and
    /// who don't ask too often.
    async fn authenticate(
        &self,
        state: &State,
        server: &ServerState,
        head: &Parts,
        body: Incoming,
        entry: &mut Entry,
    ) -> Result<(Arc<Principal>, Permit, Bytes), Refusal> {
        let refused = |wrong| refused(wrong, &server.challenges);
        match authn::at_head(&server.ways, head) {
            AtHead::No(wrong) => Err(refused(wrong)),
            AtHead::Is(principal) => {
                entry.principal(&principal);
                let permit = self.limit(&server.name, &principal).await?;
                let body = read(state, head, body).await?;
                Ok((principal, permit, body))
            }
            AtHead::Later(later) => {
                let body = read(state, head, body).await?;
                let principal = authn::with_body(&server.ways, &later, head, &body).await;
                let principal = principal.map_err(refused)?;
                entry.principal(&principal);
                let permit = self.limit(&server.name, &principal).await?;
                Ok((principal, permit, body))
            }
        }
    }

    /// How often, and how much at a time.
    async fn limit(&self, server: &str, principal: &Principal) -> Result<Permit, Refusal> {
        let limiter = &self.shared.limiter;
        let within = limiter.principal(&principal.subject);
        within.map_err(|wait| Refusal::too_many("rate_of_principal", wait.seconds))?;
        let within = limiter.server(server);
        within.map_err(|wait| Refusal::too_many("rate_of_server", wait.seconds))?;
        limiter.enter(server, &principal.subject).await.map_err(|_| {
            let text = "the server is busy";
            Refusal::new("busy", StatusCode::SERVICE_UNAVAILABLE, text).retry_after(1)
        })
    }
}

/// What is answered to those whose proof isn't taken, or who bring none.
fn refused(wrong: Option<Wrong>, challenges: &[HeaderValue]) -> Refusal {
    let Some(Wrong { code, caller, told }) = wrong else {
        return Refusal::unauthenticated("unauthenticated", None, challenges);
    };
    match caller {
        Caller::Unknown => Refusal::unauthenticated(code, told, challenges),
        Caller::Known => Refusal::new(code, StatusCode::FORBIDDEN, told.unwrap_or("forbidden")),
        Caller::Unclear => {
            let told = told.unwrap_or("who calls can't be verified at the moment");
            Refusal::new(code, StatusCode::SERVICE_UNAVAILABLE, told).retry_after(1)
        }
    }
}

/// The whole body, within its bounds.
async fn read(state: &State, head: &Parts, body: Incoming) -> Result<Bytes, Refusal> {
    if head.method != Method::POST && hyper::body::Body::is_end_stream(&body) {
        return Ok(Bytes::new());
    }
    let limits = &state.config.limits;
    let time = Duration::from_secs(limits.body_seconds);
    let read = farmgate_wire::body::collect(body, limits.body_bytes, time).await;
    read.map_err(|error| {
        let (code, text) = match error {
            BodyError::TooLarge(_) => ("body_too_large", "the body is too large"),
            BodyError::TooSlow => ("body_too_slow", "the body is too slow"),
            BodyError::Broken(_) => ("body_broken", "the body is broken"),
        };
        Refusal::new(code, error.status(), text)
    })
}

/// Whether the request is for this farm, and for which of its servers; none for what no server's
/// path matches.
///
/// Hosts are checked against DNS rebinding: a page of a stranger's site that got a browser to ask
/// here names its own site in `Host` and `Origin`.
fn at_the_door(state: &State, head: &Parts) -> Result<Option<usize>, Refusal> {
    state.hosts.check(&head.uri, &head.headers).map_err(|foreign| match foreign {
        Foreign::Host => {
            let text = "`Host` names no host of this farm";
            Refusal::new("host_unknown", StatusCode::MISDIRECTED_REQUEST, text)
        }
        Foreign::Origin => {
            let text = "`Origin` names no host of this farm";
            Refusal::new("origin_unknown", StatusCode::FORBIDDEN, text)
        }
    })?;
    let path = head.uri.path();
    check_path(path).map_err(|_| {
        let text = "the path can be read in two ways";
        Refusal::new("path_ambiguous", StatusCode::BAD_REQUEST, text)
    })?;
    Ok(state.routes.find(path).map(|route| route.index))
}

fn method(method: &Method) -> Result<(), Refusal> {
    match *method {
        Method::POST | Method::GET | Method::DELETE => Ok(()),
        _ => Err(Refusal::method()),
    }
}

/// What can't be, since all that is looked up was made of the same configuration.
fn no_server() -> Refusal {
    Refusal::new("no_server", StatusCode::INTERNAL_SERVER_ERROR, "there is no such server")
}

/// Whether the gate is up: open to everyone, and without detail.
fn health(method: &Method) -> Response<Body> {
    let mut response = match *method {
        Method::GET | Method::HEAD => Response::new(Body::full(&b"{\"status\":\"ok\"}\n"[..])),
        _ => {
            let mut response = Response::new(Body::Empty);
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            let methods = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(http::header::ALLOW, methods);
            return response;
        }
    };
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}
