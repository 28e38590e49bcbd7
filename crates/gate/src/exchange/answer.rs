//! What a server answers, made ready for the client.

use std::sync::Arc;

use bytes::Bytes;
use farmgate_keys::Principal;
use farmgate_mcp::tools;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderName, HeaderValue, Response, StatusCode, response};
use http_body_util::{BodyExt as _, Limited};

use super::message::Facts;
use super::session;
use super::stream::Events;
use crate::limit::Permit;
use crate::media::is_type;
use crate::refusal::Refusal;
use crate::state::{ServerState, State};
use crate::upstream::{Pick, UpstreamBody};

/// What an answer holds until its last byte: it counts as under way as long.
pub(super) struct Hold {
    #[allow(dead_code, reason = "counts as long as it lives")]
    pub(super) pick: Pick,
    #[allow(dead_code, reason = "counts as long as it lives")]
    pub(super) permit: Permit,
}

/// An answer, and what goes on while its body is sent.
pub(super) struct Answer {
    pub(super) head: response::Parts,
    pub(super) body: Content,
}

pub(super) enum Content {
    /// The gate has all of it.
    Whole(Bytes),
    /// It comes from the server.
    Stream { body: UpstreamBody, hold: Hold, idle: Idle, events: Option<Events> },
}

/// For how long a body may say nothing, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Idle {
    pub(super) end: u64,
    /// Then a comment is sent, if it is a stream of events.
    pub(super) keep_alive: u64,
}

/// Proxies in front must not hold a stream back.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

// === impl Answer ===

impl Answer {
    /// What is answered where no server's path matches.
    pub(super) fn fixed(answer: Response<Arc<str>>) -> Self {
        let (head, body) = answer.into_parts();
        Self { head, body: Content::Whole(Bytes::copy_from_slice(body.as_bytes())) }
    }

    /// What a server answers: without what is between it and the gate, with the session's id sealed,
    /// and with nothing in a list of tools that the caller may not call.
    pub(super) async fn of(
        state: &Arc<State>,
        server: &ServerState,
        (principal, facts, opened): (&Arc<Principal>, &Facts, Option<&session::Opened>),
        response: Response<UpstreamBody>,
        hold: Hold,
    ) -> Result<Self, Refusal> {
        let (mut head, body) = response.into_parts();
        farmgate_wire::strip_hop_by_hop(&mut head.headers);
        let about = (hold.pick.address(), opened);
        session::seal(state, &server.name, principal, about, &mut head.headers)?;
        let events = is_type(&head.headers, "text/event-stream");
        let json = is_type(&head.headers, "application/json");
        // An answer in a way that nobody asked for: what is in it can't be seen.
        let hidden = head.headers.contains_key(CONTENT_ENCODING)
            || (facts.era.is_some() && head.status.is_success() && !events && !json);
        if facts.lists_tools && hidden {
            return Err(unreadable());
        }
        if facts.lists_tools && json {
            let body = whole(state, body).await?;
            let permissions = state.authorizer.permissions(principal, &server.name);
            let filtered = tools::filter(&body, &|tool| permissions.allows(tool));
            let filtered = filtered.map_err(|_| unreadable())?;
            head.headers.remove(CONTENT_LENGTH);
            return Ok(Self { head, body: Content::Whole(filtered.map_or(body, Bytes::from)) });
        }
        let idle = Idle {
            end: if events {
                state.config.idle_timeout
            } else {
                state.config.limits.answer_seconds
            },
            keep_alive: state.config.limits.keep_alive_seconds,
        };
        let events = (events && !head.headers.contains_key(CONTENT_ENCODING)).then(|| {
            // Comments come on top, and what is taken out is missing.
            head.headers.remove(CONTENT_LENGTH);
            head.headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
            let no_store = HeaderValue::from_static("no-cache, no-transform");
            head.headers.entry(CACHE_CONTROL).or_insert(no_store);
            match facts.lists_tools {
                true => Events::filtered(state, principal, &server.name),
                false => Events::watched(),
            }
        });
        Ok(Self { head, body: Content::Stream { body, hold, idle, events } })
    }
}

/// All of a body, within its bounds.
async fn whole(state: &State, body: UpstreamBody) -> Result<Bytes, Refusal> {
    let limits = &state.config.limits;
    let time = std::time::Duration::from_secs(limits.answer_seconds);
    let read = Limited::new(body, limits.answer_bytes).collect();
    match tokio::time::timeout(time, read).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        _ => Err(unreadable()),
    }
}

fn unreadable() -> Refusal {
    let text = "the server's list of tools can't be read";
    Refusal::new("answer_unreadable", StatusCode::BAD_GATEWAY, text)
}
