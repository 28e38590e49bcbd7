//! On to a server: which task, with which headers, and again where that is safe.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use farmgate_keys::PRINCIPAL_HEADER;
use farmgate_wire::Body;
use http::header::HeaderName;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};

use super::answer::{Answer, Hold};
use super::entry::Entry;
use super::{Call, Worker, no_server, session};
use crate::client_address::FORWARDED_FOR;
use crate::refusal::Refusal;
use crate::state::State;
use crate::upstream::{Pick, Targets, Unanswered};

/// How many targets are tried with a request that none of them got.
const MOST_TRIES: usize = 3;

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

// === impl Worker ===

impl Worker {
    /// Sends a call to a target of its server, and gives what it answers.
    pub(super) async fn forward(
        &self,
        state: &Arc<State>,
        mut call: Call<'_>,
        entry: &mut Entry,
    ) -> Result<Answer, Refusal> {
        let targets = self.shared.upstreams.server(&call.server.name).ok_or_else(no_server)?;
        let headers = &call.head.headers;
        let opened = session::open(state, call.server, &call.principal, headers, &call.facts)?;
        if let Some(opened) = &opened {
            entry.session(&opened.sealed);
        }
        let mut request = self.request(state, &mut call, opened.as_ref(), entry)?;
        let limit = Duration::from_secs(state.config.limits.answer_seconds);
        let mut tried = Vec::new();
        loop {
            let pick = pick(&targets, opened.as_ref(), &tried, &call)?;
            entry.target(pick.address());
            match self.client.send(&pick, request, limit).await {
                Ok(response) => {
                    let hold = Hold { pick, permit: call.permit };
                    let about = (&call.principal, &call.facts, opened.as_ref());
                    let answer = Answer::of(state, call.server, about, response, hold).await?;
                    let sealed = answer.head.headers.get(session::SESSION_ID);
                    if let Some(sealed) = sealed.filter(|_| opened.is_none()) {
                        entry.session(sealed);
                    }
                    return Ok(answer);
                }
                // Nothing of it was sent, so another target may have it.
                Err(Unanswered::Unsent(unsent, _)) => {
                    tried.push(pick.address());
                    entry.retried();
                    if tried.len() >= MOST_TRIES {
                        return Err(broken(&call));
                    }
                    request = *unsent;
                }
                // It may have been done: only the caller knows whether it may be done twice.
                Err(Unanswered::Broken(_)) => return Err(broken(&call)),
                Err(Unanswered::Late) => {
                    let text = "the server did not answer in time";
                    let (status, id) = (StatusCode::GATEWAY_TIMEOUT, call.facts.id.as_deref());
                    return Err(Refusal::answering("server_late", status, text, id));
                }
            }
        }
    }

    /// The request as the server gets it: the same body, byte for byte; the path as it came; the
    /// headers that are its business.
    fn request(
        &self,
        state: &State,
        call: &mut Call<'_>,
        opened: Option<&session::Opened>,
        entry: &Entry,
    ) -> Result<Request<Body>, Refusal> {
        let headers = &mut call.head.headers;
        farmgate_wire::strip_hop_by_hop(headers);
        let mut kept = HeaderMap::with_capacity(headers.len() + 6);
        for (name, value) in headers.iter() {
            if is_carried(name) && !state.credentials.contains(name) {
                kept.append(name, value.clone());
            }
        }
        if let Some(opened) = opened {
            kept.insert(session::SESSION_ID, opened.upstream.clone());
        }
        let about = (call.server.index, &*call.server.name);
        let signed = self.principals.get(&state.signer, state.generation, &call.principal, about);
        kept.insert(HeaderName::from_static(PRINCIPAL_HEADER), signed.ok_or_else(no_server)?);
        if let Ok(client) = HeaderValue::try_from(call.client.to_string()) {
            kept.insert(HeaderName::from_static(FORWARDED_FOR), client);
        }
        let scheme = if state.config.plain { "http" } else { "https" };
        kept.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
        kept.insert(REQUEST_ID, entry.id_header());
        entry.trace(&mut kept);
        let body = match call.body.is_empty() {
            true => Body::Empty,
            false => Body::full(std::mem::take(&mut call.body)),
        };
        let mut request = Request::new(body);
        *request.method_mut() = call.head.method.clone();
        *request.uri_mut() = Uri::from(target(&call.head.uri)?);
        *request.headers_mut() = kept;
        Ok(request)
    }
}

/// The path and the query as they came, but for what a presigned request has in its query: that is
/// a credential.
fn target(uri: &Uri) -> Result<PathAndQuery, Refusal> {
    let Some(whole) = uri.path_and_query() else { return Ok(PathAndQuery::from_static("/")) };
    let query = whole.query().unwrap_or_default();
    let left = farmgate_sigv4::strip_presigned(query).unwrap_or_default();
    if left == query {
        return Ok(whole.clone());
    }
    let mut text = whole.path().to_owned();
    if !left.is_empty() {
        text.push('?');
        text.push_str(&left);
    }
    // A part of what was a path and a query is one.
    PathAndQuery::try_from(text).map_err(|_| no_server())
}

/// Whether a client's header is a server's business.
///
/// `Host` and the framing are made anew; the origin was checked here, and a server that checks it
/// knows other hosts; compression would hide what the gate has to see. What the gate says of the
/// client, the client can't: not even with `_` for `-`, which some servers read alike.
fn is_carried(name: &HeaderName) -> bool {
    if let "host"
    | "content-length"
    | "transfer-encoding"
    | "accept-encoding"
    | "expect"
    | "origin"
    | "forwarded"
    | "x-real-ip"
    | "x-request-id"
    | "traceparent"
    | "tracestate"
    | "mcp-session-id"
    | "x-amz-security-token" = name.as_str()
    {
        return false;
    }
    let starts = |prefix: &str| {
        let name = name.as_str().bytes().map(|b| if b == b'_' { b'-' } else { b });
        name.take(prefix.len()).eq(prefix.bytes())
    };
    !starts("farmgate-") && !starts("x-forwarded-") && !starts("mcp-session-id")
}

fn pick(
    targets: &Arc<Targets>,
    opened: Option<&session::Opened>,
    tried: &[SocketAddr],
    call: &Call<'_>,
) -> Result<Pick, Refusal> {
    let id = call.facts.id.as_deref();
    match opened {
        Some(_) if !tried.is_empty() => Err(broken(call)),
        Some(opened) => targets.find(opened.target).ok_or_else(|| {
            // Its task is gone, and the session with it: the client has to begin a new one.
            let text = "session not found";
            Refusal::answering("session_target_gone", StatusCode::NOT_FOUND, text, id)
        }),
        None => targets.pick(tried).map_err(|_| {
            let text = "no task of the server is healthy";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Refusal::answering("no_target", status, text, id).retry_after(5)
        }),
    }
}

fn broken(call: &Call<'_>) -> Refusal {
    let (status, id) = (StatusCode::BAD_GATEWAY, call.facts.id.as_deref());
    Refusal::answering("server_broken", status, "the server did not answer", id)
}
