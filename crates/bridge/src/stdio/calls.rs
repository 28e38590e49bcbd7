//! Modern requests over HTTP: each is a POST, and closing its stream cancels it (MCP 2026-07-28,
//! "Streamable HTTP").

use std::rc::Rc;

use farmgate_mcp::fault::{HEADER_MISMATCH, INVALID_PARAMS};
use farmgate_mcp::headers::{METHOD, NAME, single};
use farmgate_mcp::{Fault, Kind, Message};
use farmgate_wire::Body;
use http::{HeaderMap, Response, StatusCode};
use tokio::time::timeout;

use super::era::{self, Era};
use super::events::{self, Guard, Manner};
use super::modern::{LISTEN, Shared};
use super::sessions::last;
use super::stream::{Event, Next, Reader};
use super::{Posted, Refused, Stdio, gone, parameters, unexpected};
use crate::answer;

/// The methods whose requests repeat in a header what they are about.
const NAMED: [&str; 3] = ["tools/call", "prompts/get", "resources/read"];

/// Ends a process that isn't to be used.
struct Unfinished(Option<Rc<Shared>>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.process.stop();
        }
    }
}

// === impl Stdio ===

impl Stdio {
    pub(super) async fn modern(&self, posted: Posted<'_>) -> Result<Response<Body>, Refused> {
        let message = posted.message;
        match message.kind {
            Kind::Request => {}
            // There is none that a client sends over HTTP and that would mean something here.
            Kind::Notification => return Ok(answer::empty(StatusCode::ACCEPTED)),
            Kind::Response => return Err(unexpected(message).into()),
        }
        let version = complete(posted.headers, message).map_err(|it| it.with_id(message.id))?;
        let shared = self.shared(&posted.caller, version, message.id).await?;
        if shared.open() >= self.bounds.requests {
            let words = "this caller has as many open requests as allowed";
            let fault = Fault::new(429, era::SERVER_ERROR, words);
            return Err(fault.with_id(message.id).into());
        }
        let checked = parameters::check(&shared, posted.headers, message).await;
        checked.map_err(|fault| fault.with_id(message.id))?;
        let call = shared.call(posted.body, message).await?;
        let mut reader = call.stream.reader(None);
        if !posted.accepts.events {
            return Ok(match last(reader).await {
                Some(event) => answer::json(era::status(&event.message), event.message),
                None => answer::fault(&gone(message.id)),
            });
        }
        let first = timeout(self.bounds.keep_alive, reader.next()).await;
        match first {
            Ok(Next::Event(event)) if event.is_answer && posted.accepts.json => {
                Ok(answer::json(era::status(&event.message), event.message))
            }
            Ok(Next::Event(event)) => {
                Ok(self.events(posted.message, reader, Some(event), Box::new(call)))
            }
            Ok(Next::End | Next::Lost) => Err(gone(message.id).into()),
            Err(_) => Ok(self.events(posted.message, reader, None, Box::new(call))),
        }
    }

    fn events(
        &self,
        message: &Message<'_>,
        reader: Reader,
        first: Option<Event>,
        guard: Guard,
    ) -> Response<Body> {
        let keep_alive = self.bounds.keep_alive;
        // A subscription has no answer that a drain would wait for.
        let listens = message.method.as_deref() == Some(LISTEN);
        let ends_with = listens.then(|| self.drain.clone());
        let manner = Manner { ids: false, primed: false, keep_alive, ends_with };
        answer::events(events::body(reader, first, manner, guard))
    }

    /// The caller's process, started if there is none.
    async fn shared(
        &self,
        caller: &Rc<str>,
        version: &str,
        id: Option<&str>,
    ) -> Result<Rc<Shared>, Refused> {
        loop {
            if let Some(Era::Legacy(versions)) = self.eras.known() {
                return Err(era::not_modern(&versions, version, id).into());
            }
            let there = || self.shared.borrow().get(caller).filter(|it| !it.is_over()).cloned();
            if let Some(shared) = there() {
                return Ok(shared);
            }
            // One at a time; with what is known afterwards there may be nothing left to do.
            let _starting = self.eras.starting.lock().await;
            if there().is_some() || matches!(self.eras.known(), Some(Era::Legacy(_))) {
                continue;
            }
            if let Some(shared) = self.start(caller, id).await? {
                self.shared.borrow_mut().insert(Rc::clone(caller), Rc::clone(&shared));
                return Ok(shared);
            }
        }
    }

    /// Starts a process; none if it served only to find out what it knows.
    async fn start(
        &self,
        caller: &Rc<str>,
        id: Option<&str>,
    ) -> Result<Option<Rc<Shared>>, Refused> {
        let permit = self.pool.enter(caller).map_err(|busy| self.busy(busy))?;
        let (process, ends) = self.pool.process();
        let shared = Shared::new(process, self.pool.log().clone());
        let launched = self.pool.launch(permit, &shared.process, ends, Rc::clone(&shared));
        launched.map_err(|_| gone(id))?;
        if self.eras.known().is_some() {
            return Ok(Some(shared));
        }
        let mut unfinished = Unfinished(Some(Rc::clone(&shared)));
        let learnt = era::learn(&shared, &self.bounds).await.map_err(|it| it.with_id(id))?;
        if let Era::Legacy(_) = learnt.era {
            self.pool.log().say(None, "the server knows only sessions, and no 2026-07-28");
        }
        self.eras.learnt(learnt.era);
        if learnt.usable {
            unfinished.0 = None;
        }
        Ok(learnt.usable.then_some(shared))
    }
}

/// What a request must have beside what was checked: without it no server takes it. (A stdio server
/// sees no headers, so whether they are there is checked here.)
fn complete<'a>(headers: &HeaderMap, message: &'a Message<'_>) -> Result<&'a str, Fault> {
    let lacks = |code, what: &str| Fault::new(400, code, format!("{what} is missing"));
    let key = "`_meta[\"io.modelcontextprotocol/protocolVersion\"]`";
    let version = message.protocol_version.as_deref();
    let version = version.ok_or_else(|| lacks(INVALID_PARAMS, key))?;
    if !message.has_client_capabilities {
        let key = "`_meta[\"io.modelcontextprotocol/clientCapabilities\"]`";
        return Err(lacks(INVALID_PARAMS, key));
    }
    if single(headers, METHOD)?.is_none() {
        return Err(lacks(HEADER_MISMATCH, "the header `Mcp-Method`"));
    }
    let named = message.method.as_deref().is_some_and(|method| NAMED.contains(&method));
    if named && single(headers, NAME)?.is_none() {
        return Err(lacks(HEADER_MISMATCH, "the header `Mcp-Name`"));
    }
    Ok(version)
}
