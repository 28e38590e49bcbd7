//! Legacy sessions over HTTP: POST, GET, DELETE (MCP 2025-11-25, "Streamable HTTP").

use std::rc::Rc;

use farmgate_mcp::{Fault, Kind};
use farmgate_wire::Body;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::timeout;

use super::events::{self, Accepts, Manner};
use super::legacy::{OWN_STREAM, Session};
use super::splice::one_line;
use super::stream::{Event, Next, Reader};
use super::{Posted, Refused, Stdio, era, gone, is_request, random_id, session_id, version};
use crate::answer;

/// The session's id.
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// The last event that a client has seen.
const LAST_EVENT_ID: &str = "last-event-id";
/// The first version whose clients know an empty event that only has an id.
const FIRST_PRIMED: &str = "2025-11-25";
/// What SDKs answer for a session that isn't there: JSON-RPC's range for servers.
const NO_SESSION: i64 = -32001;

/// An answer, as far as `initialize` is concerned.
#[derive(Deserialize)]
struct Initialized<'a> {
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Agreed {
    #[serde(rename = "protocolVersion")]
    version: String,
}

/// Ends a session that didn't come about.
struct Unfinished(Option<Rc<Session>>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(session) = self.0.take() {
            session.process.stop();
        }
    }
}

// === impl Stdio ===

impl Stdio {
    pub(super) async fn legacy(&self, posted: Posted<'_>) -> Result<Response<Body>, Refused> {
        let message = posted.message;
        let id = session_id(posted.headers)?;
        if id.is_none() && message.method.as_deref() == Some("initialize") && is_request(message) {
            return self.open(posted).await;
        }
        let session = self.find(id, &posted.caller, message.id)?;
        check_version(posted.headers, &session, message.id)?;
        session.touch();
        if is_request(message) {
            return self.request(&session, &posted).await;
        }
        let line = one_line(posted.body.to_vec());
        session.process.send(line).await.map_err(|_| gone(None))?;
        if let (Kind::Notification, Some(request)) = (message.kind, message.cancelled) {
            session.cancelled(request);
        }
        Ok(answer::empty(StatusCode::ACCEPTED))
    }

    /// A session, if it is there and the caller's.
    fn find(
        &self,
        id: Option<&str>,
        caller: &Rc<str>,
        request: Option<&str>,
    ) -> Result<Rc<Session>, Fault> {
        let refused = |status, code, words| Err(Fault::new(status, code, words).with_id(request));
        let Some(id) = id else {
            return refused(400, era::SERVER_ERROR, "the header `Mcp-Session-Id` is missing");
        };
        let session = self.sessions.borrow().get(id).cloned();
        match session.filter(|it| it.subject == *caller && !it.is_over()) {
            Some(session) => Ok(session),
            None => refused(404, NO_SESSION, "there is no such session"),
        }
    }

    /// `initialize`: a session with a process of its own.
    async fn open(&self, posted: Posted<'_>) -> Result<Response<Body>, Refused> {
        let id = random_id()?;
        let permit = self.pool.enter(&posted.caller).map_err(|busy| self.busy(busy))?;
        let (process, ends) = self.pool.process();
        let (caller, log) = (Rc::clone(&posted.caller), self.pool.log().clone());
        let session = Session::new(id, caller, process, log);
        let launched = self.pool.launch(permit, &session.process, ends, Rc::clone(&session));
        launched.map_err(|_| gone(posted.message.id))?;
        let mut unfinished = Unfinished(Some(Rc::clone(&session)));
        // What the server says before its answer is kept for the session's own stream.
        let stream = session.expect(posted.message, false)?;
        let line = one_line(posted.body.to_vec());
        session.process.send(line).await.map_err(|_| gone(posted.message.id))?;
        let event = timeout(self.bounds.start_time, last(stream.reader(None))).await;
        let Ok(event) = event else {
            let fault = Fault::new(504, era::SERVER_ERROR, "the server did not start in time");
            return Err(fault.with_id(posted.message.id).into());
        };
        let Some(event) = event else { return Err(gone(posted.message.id).into()) };
        let Some(agreed) = agreed(&event) else {
            // The server's own error, as it is. There is no session.
            return Ok(answer::json(era::status(&event.message), event.message));
        };
        *session.version.borrow_mut() = agreed;
        session.touch();
        unfinished.0 = None;
        self.sessions.borrow_mut().insert(session.id.clone(), Rc::clone(&session));
        let mut answer = answer::json(StatusCode::OK, event.message);
        if let Ok(value) = HeaderValue::from_str(&session.id) {
            answer.headers_mut().insert(SESSION, value);
        }
        Ok(answer)
    }

    async fn request(
        &self,
        session: &Rc<Session>,
        posted: &Posted<'_>,
    ) -> Result<Response<Body>, Refused> {
        if session.open() >= self.bounds.requests {
            let words = "this session has as many open requests as allowed";
            return Err(Fault::new(429, era::SERVER_ERROR, words)
                .with_id(posted.message.id)
                .into());
        }
        let stream = session.expect(posted.message, posted.accepts.events)?;
        let line = one_line(posted.body.to_vec());
        if session.process.send(line).await.is_err() {
            session.forget(&stream);
            return Err(gone(posted.message.id).into());
        }
        let mut reader = stream.reader(None);
        if !posted.accepts.events {
            return Ok(last(reader).await.map_or_else(
                || answer::fault(&gone(posted.message.id)),
                |event| answer::json(StatusCode::OK, event.message),
            ));
        }
        let first = timeout(self.bounds.stream_after, reader.next()).await;
        match first {
            Ok(Next::Event(event)) if event.is_answer && posted.accepts.json => {
                Ok(answer::json(StatusCode::OK, event.message))
            }
            Ok(Next::Event(event)) => Ok(self.stream(session, reader, Some(event), false)),
            Ok(Next::End | Next::Lost) => Err(gone(posted.message.id).into()),
            Err(_) => Ok(self.stream(session, reader, None, true)),
        }
    }

    /// GET: the stream of what belongs to no request, or the rest of one that broke off.
    pub(super) fn listen(
        &self,
        headers: &HeaderMap,
        caller: &Rc<str>,
    ) -> Result<Response<Body>, Refused> {
        if version(headers)?.is_some_and(era::is_modern) {
            return Ok(answer::not_allowed("POST"));
        }
        let id = session_id(headers)?;
        if id.is_none() {
            // What health checks ask. A command that doesn't work isn't well.
            self.pool.works().map_err(Refused::Busy)?;
        }
        let session = self.find(id, caller, None)?;
        check_version(headers, &session, None)?;
        if !Accepts::of(headers).events {
            let words = "`Accept` must list `text/event-stream`\n";
            return Err(Refused::Status(StatusCode::NOT_ACCEPTABLE, words));
        }
        session.touch();
        let place = farmgate_mcp::headers::single(headers, LAST_EVENT_ID)?.and_then(events::place);
        let resumed = place.and_then(|(stream, after)| Some((session.stream(stream)?, after)));
        // What isn't kept any more can't be given back; what comes from now on can.
        let reader = match resumed {
            Some((stream, after)) => stream.reader(Some(after)),
            None => match session.stream(OWN_STREAM) {
                Some(stream) => stream.reader(None),
                None => return Err(gone(None).into()),
            },
        };
        Ok(self.stream(&session, reader, None, place.is_none()))
    }

    /// DELETE: the session ends, and its process.
    pub(super) fn delete(
        &self,
        headers: &HeaderMap,
        caller: &Rc<str>,
    ) -> Result<Response<Body>, Refused> {
        if version(headers)?.is_some_and(era::is_modern) {
            return Ok(answer::not_allowed("POST"));
        }
        let session = self.find(session_id(headers)?, caller, None)?;
        self.sessions.borrow_mut().remove(&session.id);
        session.process.stop();
        Ok(answer::empty(StatusCode::NO_CONTENT))
    }

    fn stream(
        &self,
        session: &Rc<Session>,
        reader: Reader,
        first: Option<Event>,
        primed: bool,
    ) -> Response<Body> {
        let primed = primed && session.version.borrow().as_str() >= FIRST_PRIMED;
        let own = reader.stream().number == OWN_STREAM;
        let manner = Manner {
            ids: true,
            primed,
            keep_alive: self.bounds.keep_alive,
            ends_with: own.then(|| self.drain.clone()),
        };
        // A client that goes away cancels nothing: it may come back for the rest.
        let used = Rc::clone(session);
        answer::events(events::body(reader, first, manner, Box::new(Used(used))))
    }
}

/// The session was in use until now.
struct Used(Rc<Session>);

impl Drop for Used {
    fn drop(&mut self) {
        self.0.touch();
    }
}

/// The answer, for a client that takes nothing else.
pub(super) async fn last(mut reader: Reader) -> Option<Event> {
    loop {
        match reader.next().await {
            Next::Event(event) if event.is_answer => return Some(event),
            Next::Event(_) => {}
            Next::End | Next::Lost => return None,
        }
    }
}

/// The version that a server has agreed to; none if it didn't.
fn agreed(event: &Event) -> Option<String> {
    let answer: Initialized<'_> = serde_json::from_slice(&event.message).ok()?;
    let agreed: Agreed = serde_json::from_str(answer.result?.get()).ok()?;
    Some(agreed.version)
}

/// A version that isn't the session's, and none that there ever was, is refused (MCP 2025-11-25).
fn check_version(
    headers: &HeaderMap,
    session: &Session,
    request: Option<&str>,
) -> Result<(), Fault> {
    let Some(version) = version(headers)? else { return Ok(()) };
    let agreed = session.version.borrow();
    if *agreed == version || era::LEGACY.contains(&version) {
        return Ok(());
    }
    Err(Fault::unsupported_version(version, &[agreed.as_str()]).with_id(request))
}
