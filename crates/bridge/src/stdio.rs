//! A server that speaks MCP on its standard streams, as HTTP, in both eras.
//!
//! - Legacy (`initialize`, sessions): one process for each session, which ends with it.
//! - Modern (2026-07-28: every request stands alone): one process for each principal, which all its
//!   requests share. Ids and progress tokens are replaced by unique ones and put back: what else is
//!   in a message, known or not, goes through byte for byte.
//!
//! A process serves one era, since servers decide by the first message that they see.
//!
//! Reading order: `process` (lines in, lines out), `pool` (how many), `stream` and `events` (what
//! comes back, and how it is written), `legacy` and `sessions`, `modern`, `calls` and `era`.

mod calls;
mod era;
mod events;
mod legacy;
mod modern;
mod outline;
mod parameters;
mod pool;
mod process;
mod sessions;
mod splice;
mod stream;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

use farmgate_mcp::fault::{INTERNAL_ERROR, INVALID_REQUEST};
use farmgate_mcp::headers::{PROTOCOL_VERSION, SESSION_ID, check_content, single};
use farmgate_mcp::{Era, Fault, Kind, Message};
use farmgate_runner::Start;
use farmgate_runner::lines::Line;
use farmgate_wire::body::collect;
use farmgate_wire::{Body, Drain, Incoming};
use http::{HeaderMap, Method, Request, Response, StatusCode};

use crate::answer;
use crate::settings::{Children, Log, Settings};
use era::Eras;
use events::Accepts;
use legacy::Session;
use modern::Shared;
use pool::{Busy, Pool};

/// How long a request's body may take.
const BODY_TIME: Duration = Duration::from_secs(30);

/// How much of a line that is no message is logged.
const JUNK: usize = 512;

/// A stdio server as HTTP.
pub(crate) struct Stdio {
    pool: Rc<Pool>,
    sessions: RefCell<HashMap<String, Rc<Session>>>,
    shared: RefCell<HashMap<Rc<str>, Rc<Shared>>>,
    eras: Eras,
    drain: Drain,
    bounds: Children,
    message_bytes: usize,
}

/// A message as it came.
struct Posted<'a> {
    headers: &'a HeaderMap,
    caller: Rc<str>,
    body: &'a [u8],
    message: &'a Message<'a>,
    accepts: Accepts,
}

// === impl Stdio ===

impl Stdio {
    pub(crate) fn new(settings: &Settings, start: &Start, drain: &Drain) -> Rc<Self> {
        let stdio = Rc::new(Self {
            pool: Pool::new(settings, start),
            sessions: RefCell::default(),
            shared: RefCell::default(),
            eras: Eras::default(),
            drain: drain.clone(),
            bounds: settings.children.clone(),
            message_bytes: settings.message_bytes,
        });
        let often = stdio.bounds.idle.min(stdio.bounds.lifetime) / 8;
        let often = often.clamp(Duration::from_millis(20), Duration::from_secs(10));
        tokio::task::spawn_local(tidy(Rc::downgrade(&stdio), often));
        stdio
    }

    pub(crate) async fn answer(
        self: &Rc<Self>,
        request: Request<Incoming>,
        caller: Rc<str>,
    ) -> Response<Body> {
        let answered = match *request.method() {
            Method::POST => self.post(request, caller).await,
            Method::GET => self.listen(request.headers(), &caller),
            Method::DELETE => self.delete(request.headers(), &caller),
            _ => return answer::not_allowed("GET, POST, DELETE"),
        };
        answered.unwrap_or_else(|refused| refused.answer())
    }

    async fn post(
        self: &Rc<Self>,
        request: Request<Incoming>,
        caller: Rc<str>,
    ) -> Result<Response<Body>, Refused> {
        let (parts, body) = request.into_parts();
        check_content(&parts.headers)?;
        let accepts = Accepts::of(&parts.headers);
        if !accepts.json && !accepts.events {
            return Err(Refused::Status(StatusCode::NOT_ACCEPTABLE, NOT_ACCEPTABLE));
        }
        let body = match collect(body, self.message_bytes, BODY_TIME).await {
            Ok(body) => body,
            Err(error) => return Err(Refused::Status(error.status(), "the body can't be read\n")),
        };
        let message = Message::parse(&body)?;
        let era = farmgate_mcp::check(&parts.headers, &message)?;
        let posted =
            Posted { headers: &parts.headers, caller, body: &body, message: &message, accepts };
        match era {
            Era::Modern => self.modern(posted).await,
            Era::Legacy => self.legacy(posted).await,
        }
    }

    /// Ends all processes, and waits until nothing is left of them.
    pub(crate) async fn end(&self) {
        self.pool.end().await;
    }

    /// Ends what is too old, or wasn't used for long.
    fn tidy(&self) {
        self.sessions.borrow_mut().retain(|_, session| {
            session.tidy();
            let kept = !session.is_over()
                && session.idle() < self.bounds.idle
                && session.born.elapsed() < self.bounds.lifetime;
            if !kept {
                session.process.stop();
            }
            kept
        });
        self.shared.borrow_mut().retain(|_, shared| {
            let kept = !shared.is_over()
                && shared.idle() < self.bounds.idle
                && shared.born.elapsed() < self.bounds.lifetime;
            if !kept {
                // What is under way is finished first; new requests find a new process.
                shared.retire();
            }
            kept
        });
    }

    /// There is no place: whoever keeps a process without using it gives it up.
    fn make_room(&self) {
        let shared = self.shared.borrow();
        let unused = shared.values().filter(|it| it.idle() > Duration::ZERO);
        if let Some(longest) = unused.max_by_key(|it| it.idle()) {
            longest.retire();
        }
    }

    fn busy(&self, busy: Busy) -> Refused {
        if busy == Busy::All {
            self.make_room();
        }
        Refused::Busy(busy)
    }
}

/// Tidies for as long as there is something to tidy.
async fn tidy(stdio: Weak<Stdio>, often: Duration) {
    loop {
        tokio::time::sleep(often).await;
        let Some(stdio) = stdio.upgrade() else { return };
        stdio.tidy();
    }
}

/// Why a request isn't answered by the server.
enum Refused {
    Status(StatusCode, &'static str),
    Fault(Box<Fault>),
    Busy(Busy),
}

const NOT_ACCEPTABLE: &str = "`Accept` must list `application/json` and `text/event-stream`\n";

// === impl Refused ===

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl Refused {
    fn answer(self) -> Response<Body> {
        match self {
            Self::Status(status, words) => answer::words(status, words),
            Self::Fault(fault) => answer::fault(&fault),
            Self::Busy(Busy::All) => answer::later(1, "all of the server's processes are in use"),
            Self::Busy(Busy::One) => {
                answer::later(10, "this caller has as many sessions as allowed")
            }
            Self::Busy(Busy::Broken(seconds)) => answer::later(
                seconds,
                "the server's process ended at once, and is tried again later",
            ),
        }
    }
}

/// The server can't be started, or its process is gone.
fn gone(id: Option<&str>) -> Fault {
    Fault::new(502, INTERNAL_ERROR, "the server's process is gone").with_id(id)
}

/// An id, or a token, by which it is found again whatever way it is written.
fn key(raw: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(raw) {
        Ok(value) => value.to_string(),
        Err(_) => raw.to_owned(),
    }
}

/// 256 random bits, as hexadecimal digits.
fn random_id() -> Result<String, Fault> {
    let mut bytes = [0_u8; 32];
    let filled = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    if filled.ok() != Some(bytes.len()) {
        return Err(Fault::new(500, INTERNAL_ERROR, "no randomness for a session's id"));
    }
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A line that is no message.
fn log_junk(log: &Log, number: u64, line: &[u8], fault: &Fault) {
    let shown = line.get(..line.len().min(JUNK)).unwrap_or_default().to_vec();
    let cut = (line.len() - shown.len()) as u64;
    let text = Line { bytes: shown, cut }.text();
    log.say(Some(number), format!("what it printed is no message ({fault}): {text}"));
}

/// A response of a client, which only legacy ones send, or none at all.
fn unexpected(message: &Message<'_>) -> Fault {
    Fault::new(400, INVALID_REQUEST, "nobody asked for this response").with_id(message.id)
}

/// The header with the protocol's version.
fn version(headers: &HeaderMap) -> Result<Option<&str>, Fault> {
    single(headers, PROTOCOL_VERSION)
}

/// The header with the session's id.
fn session_id(headers: &HeaderMap) -> Result<Option<&str>, Fault> {
    single(headers, SESSION_ID)
}

/// Whether a message asks for an answer.
fn is_request(message: &Message<'_>) -> bool {
    message.kind == Kind::Request
}
