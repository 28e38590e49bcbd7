//! Sessions of the legacy era. The id that a client has is sealed by the gate: the server, the
//! target and the target's own id are inside, so any replica of the gate knows where it goes, and it
//! opens only for the principal for whom it was made. The gate keeps no table of them.

use farmgate_keys::{Principal, Session};
use farmgate_mcp::Era;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::net::SocketAddr;

use super::message::Facts;
use crate::principal::unix_now;
use crate::refusal::Refusal;
use crate::state::{ServerState, State};

/// `Mcp-Session-Id` (MCP 2025-11-25, "Session Management").
pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// The longest id of a server's own that is sealed.
const LONGEST: usize = 512;

/// A client's session, opened.
#[derive(Debug)]
pub(super) struct Opened {
    /// What the client sent.
    pub(super) sealed: HeaderValue,
    /// The server's own id.
    pub(super) upstream: HeaderValue,
    /// The task that has it.
    pub(super) target: SocketAddr,
}

/// Opens the session that a request names, if it names one.
///
/// Whatever is wrong with it (forged, of another principal, of another server), the answer is the
/// one for a session that has ended, so that a client starts anew and a stranger learns nothing.
pub(super) fn open(
    state: &State,
    server: &ServerState,
    principal: &Principal,
    headers: &HeaderMap,
    facts: &Facts,
) -> Result<Option<Opened>, Refusal> {
    let mut named = headers.get_all(SESSION_ID).iter();
    let Some(sealed) = named.next() else { return Ok(None) };
    if facts.era == Some(Era::Modern) {
        return Ok(None); // it has no sessions, and ignores the header
    }
    if named.next().is_some() {
        let text = "`Mcp-Session-Id` comes twice";
        return Err(Refusal::new("session_twice", StatusCode::BAD_REQUEST, text));
    }
    let ended = || {
        let id = facts.id.as_deref();
        let text = "session not found";
        Refusal::answering("session_unknown", StatusCode::NOT_FOUND, text, id)
    };
    let text = sealed.to_str().map_err(|_| ended())?;
    let session = state.sealer.open(text, &principal.subject).ok_or_else(ended)?;
    if *server.name != *session.server {
        return Err(ended());
    }
    let target = session.target.parse().map_err(|_| ended())?;
    let upstream = HeaderValue::try_from(session.upstream).map_err(|_| ended())?;
    Ok(Some(Opened { sealed: sealed.clone(), upstream, target }))
}

/// Seals the session id in an answer's headers, if there is one.
///
/// # Errors
/// If the server's id is none (MCP allows the characters 0x21 to 0x7E): the client could not send
/// it again.
pub(super) fn seal(
    state: &State,
    server: &str,
    principal: &Principal,
    (target, opened): (SocketAddr, Option<&Opened>),
    headers: &mut HeaderMap,
) -> Result<(), Refusal> {
    let Some(own) = headers.get(SESSION_ID) else { return Ok(()) };
    if let Some(opened) = opened
        && opened.upstream == *own
    {
        // A client compares: what it sent comes back.
        headers.insert(SESSION_ID, opened.sealed.clone());
        return Ok(());
    }
    let visible = |text: &&str| {
        !text.is_empty()
            && text.len() <= LONGEST
            && text.bytes().all(|b| (0x21..=0x7e).contains(&b))
    };
    let sealed = own.to_str().ok().filter(visible).and_then(|own| {
        let session = Session {
            server: server.to_owned(),
            target: target.to_string(),
            upstream: own.to_owned(),
            opened: unix_now(),
        };
        HeaderValue::try_from(state.sealer.seal(&session, &principal.subject).ok()?).ok()
    });
    let Some(sealed) = sealed else {
        let text = "the server's session id can't be carried";
        return Err(Refusal::new("session_unreadable", StatusCode::BAD_GATEWAY, text));
    };
    headers.insert(SESSION_ID, sealed);
    Ok(())
}
