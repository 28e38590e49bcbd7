//! The session of a legacy client, which is opened again when the server has lost it.
//!
//! What the client subscribed to or set in the lost session is not set again: it is told nothing, and
//! neither are we.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use farmgate_mcp::headers::{PROTOCOL_VERSION, SESSION_ID};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use tokio::task::AbortHandle;

use super::exchange::{Answer, Content, Outgoing};
use super::heard::{self, Heard};
use super::link::Link;
use super::messages::{Messages, Resume};
use super::trouble::Trouble;

/// What follows an `initialize` if the client's own was not heard yet.
const INITIALIZED: &[u8] = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// The session.
#[derive(Debug, Default)]
pub(crate) struct Session {
    state: RefCell<State>,
    /// Held by whoever opens it again.
    opening: tokio::sync::Mutex<()>,
    pub(crate) listener: RefCell<Option<AbortHandle>>,
}

#[derive(Debug, Default)]
struct State {
    /// Counts sessions.
    generation: u64,
    id: Option<HeaderValue>,
    version: Option<String>,
    /// The client's own.
    initialize: Option<Bytes>,
    initialized: Option<Bytes>,
}

// === impl Session ===

impl Session {
    /// Which session it is: the next one has another number.
    pub(crate) fn generation(&self) -> u64 {
        self.state.borrow().generation
    }

    /// Whether there is one that can be lost.
    pub(crate) fn has_id(&self) -> bool {
        self.state.borrow().id.is_some()
    }

    /// Whether the client began one, with an id or without.
    pub(crate) fn is_open(&self) -> bool {
        self.state.borrow().version.is_some()
    }

    /// The headers of what is sent in it.
    pub(crate) fn headers(&self) -> HeaderMap {
        let state = self.state.borrow();
        let mut headers = HeaderMap::new();
        if let Some(id) = &state.id {
            headers.insert(HeaderName::from_static(SESSION_ID), id.clone());
        }
        let version = state.version.as_deref().and_then(|it| HeaderValue::from_str(it).ok());
        if let Some(version) = version {
            headers.insert(HeaderName::from_static(PROTOCOL_VERSION), version);
        }
        headers
    }

    /// The client begins anew.
    pub(crate) fn reset(&self) {
        let mut state = self.state.borrow_mut();
        *state = State { generation: state.generation + 1, ..State::default() };
        if let Some(listener) = self.listener.borrow_mut().take() {
            listener.abort();
        }
    }

    /// The server answered the client's `initialize`.
    pub(crate) fn open(&self, id: Option<HeaderValue>, version: String, initialize: Bytes) {
        let mut state = self.state.borrow_mut();
        state.generation += 1;
        state.id = id;
        state.version = Some(version);
        state.initialize = Some(initialize);
    }

    /// The client's own `notifications/initialized`.
    pub(crate) fn initialized(&self, line: Bytes) {
        self.state.borrow_mut().initialized = Some(line);
    }
}

/// A session id in an answer, if it is one: visible ASCII.
pub(crate) fn id_of(head: &Parts) -> Option<HeaderValue> {
    let id = head.headers.get(SESSION_ID)?;
    let visible = !id.is_empty() && id.as_bytes().iter().all(|it| (0x21..=0x7e).contains(it));
    let mut id = id.clone();
    id.set_sensitive(true);
    visible.then_some(id)
}

/// Whether a refusal means that the session is gone: 404, as MCP has it, or 400 with a word about
/// sessions, as some servers have it.
pub(crate) fn is_lost(status: StatusCode, body: &[u8]) -> bool {
    match status {
        StatusCode::NOT_FOUND => true,
        StatusCode::BAD_REQUEST => {
            let body = body.to_ascii_lowercase();
            body.windows(7).any(|part| part == b"session")
        }
        _ => false,
    }
}

impl Link {
    /// Opens the session again, if it is still the one that was lost.
    pub(crate) async fn reopen(self: &Rc<Self>, lost: u64) -> Result<(), Trouble> {
        let _alone = self.session.opening.lock().await;
        if self.session.generation() != lost {
            return Ok(());
        }
        let (initialize, initialized, version) = {
            let state = self.session.state.borrow();
            (state.initialize.clone(), state.initialized.clone(), state.version.clone())
        };
        let (Some(initialize), Some(version)) = (initialize, version) else {
            return Err(Trouble::refused("the farm knows no session, and none was begun"));
        };
        let (id, answered) = self.begin(&initialize).await?;
        if answered != version {
            let text = format!(
                "the server was restarted and speaks `{answered}` now, and not `{version}`: start the \
                 client again"
            );
            self.tell(&text);
            return Err(Trouble::refused(text));
        }
        self.session.open(id, version, initialize);
        let initialized = initialized.unwrap_or_else(|| Bytes::from_static(INITIALIZED));
        let outgoing = self.post(self.session.headers(), initialized, true, false);
        let taken = self.exchange(&outgoing).await?;
        if !taken.head.status.is_success() {
            return Err(Trouble::refused("the farm opens no session any more"));
        }
        if self.session.listener.borrow().is_some() {
            self.listen();
        }
        Ok(())
    }

    /// Sends `initialize` again, and gives the session's id and version.
    async fn begin(&self, initialize: &Bytes) -> Result<(Option<HeaderValue>, String), Trouble> {
        let outgoing = self.post(HeaderMap::new(), initialize.clone(), true, true);
        let answer = self.exchange(&outgoing).await?;
        if !answer.head.status.is_success() {
            let status = answer.head.status.as_u16();
            return Err(Trouble::refused(format!("the farm answers {status} to a new session")));
        }
        let id = id_of(&answer.head);
        let wanted: Value = farmgate_mcp::Message::parse(initialize)
            .ok()
            .and_then(|message| serde_json::from_str(message.id?).ok())
            .unwrap_or_default();
        let mut messages = Messages::of(answer, Resume::default());
        while let Ok(Some(line)) = messages.next(self.settings.limits.silence).await {
            match heard::read(&line) {
                Some(Heard::Answer(found, true)) if found == wanted => {
                    let version = heard::version(&line).unwrap_or_default();
                    return Ok((id, version));
                }
                Some(Heard::Call) => self.put(line).await,
                _ => break,
            }
        }
        Err(Trouble::refused("the farm opens no session any more"))
    }

    /// A POST of one message.
    pub(crate) fn post(
        &self,
        mut headers: HeaderMap,
        body: Bytes,
        repeatable: bool,
        patient: bool,
    ) -> Outgoing {
        use http::header::{ACCEPT, CONTENT_TYPE};
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let both = HeaderValue::from_static("application/json, text/event-stream");
        headers.insert(ACCEPT, both);
        let limits = &self.settings.limits;
        let patience = if patient { limits.patience_at_start } else { limits.patience };
        Outgoing { method: Method::POST, headers, body, repeatable, patience }
    }

    /// Ends the session, if there is one. Whether the server takes it is its affair.
    pub(crate) async fn delete(&self) {
        if !self.session.has_id() {
            return;
        }
        let outgoing = Outgoing {
            method: Method::DELETE,
            headers: self.session.headers(),
            body: Bytes::new(),
            repeatable: false,
            patience: std::time::Duration::ZERO,
        };
        let deleted = tokio::time::timeout(self.settings.limits.small, self.exchange(&outgoing));
        if let Ok(Ok(Answer { body: Content::Coming(mut coming), .. })) = deleted.await {
            let _unread = coming.whole(1 << 10, self.settings.limits.small).await;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_session_is_told_from_other_refusals() {
        assert!(is_lost(StatusCode::NOT_FOUND, b""));
        assert!(is_lost(StatusCode::BAD_REQUEST, b"Bad Request: No valid session ID provided"));
        assert!(is_lost(StatusCode::BAD_REQUEST, b"{\"error\":\"Unknown Session\"}"));
        assert!(!is_lost(StatusCode::BAD_REQUEST, b"{\"error\":\"invalid params\"}"));
        assert!(!is_lost(StatusCode::OK, b"session"));
    }

    #[test]
    fn a_session_has_its_headers() {
        let session = Session::default();
        assert!(session.headers().is_empty() && !session.has_id());
        let id = Some(HeaderValue::from_static("abc"));
        session.open(id, "2025-11-25".to_owned(), Bytes::new());
        let headers = session.headers();
        assert_eq!(headers.get("mcp-session-id").unwrap(), "abc");
        assert_eq!(headers.get("mcp-protocol-version").unwrap(), "2025-11-25");
        let before = session.generation();
        session.reset();
        assert!(session.headers().is_empty() && session.generation() > before);
    }

    #[test]
    fn an_id_is_visible_ascii() {
        let head = |value: &[u8]| {
            let value = HeaderValue::from_bytes(value).unwrap();
            http::Response::builder()
                .header("mcp-session-id", value)
                .body(())
                .unwrap()
                .into_parts()
                .0
        };
        assert!(id_of(&head(b"abc-123")).is_some());
        assert!(id_of(&head(b"a b")).is_none() && id_of(&head(b"")).is_none());
        assert!(id_of(&head(b"\xff")).is_none());
    }
}
