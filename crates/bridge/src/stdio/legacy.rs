//! A legacy session: one client, one process, and where each message of the process belongs.
//!
//! Ids are the client's own and go through as they are: nobody shares the process. A server on
//! standard streams doesn't say to which request its own messages belong, so that is found out: by
//! the progress token; else the youngest request that is open gets them, which is the only one most
//! of the time; without any the stream does that the client has opened by GET.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use farmgate_mcp::fault::{INTERNAL_ERROR, INVALID_REQUEST};
use farmgate_mcp::{Fault, Kind, Message};
use tokio::time::Instant;

use super::outline::{self, Cut, answer_id};
use super::process::{Listener, Process, TOO_LONG};
use super::stream::Stream;
use super::{key, log_junk};
use crate::settings::Log;

/// The stream of what belongs to no request.
pub(super) const OWN_STREAM: u64 = 0;

/// How long, and how many, streams that ended are kept for a client that comes back.
const KEPT: Duration = Duration::from_secs(300);
const MOST_KEPT: usize = 32;

/// How long a process may take to answer a request that was cancelled, before it is answered here.
const CANCELLED: Duration = Duration::from_secs(2);

/// A session.
pub(super) struct Session {
    /// Its id: 256 random bits.
    pub(super) id: String,
    /// Whose it is. Nobody else's requests find it.
    pub(super) subject: Rc<str>,
    pub(super) process: Process,
    /// The version that the two have agreed on.
    pub(super) version: RefCell<String>,
    pub(super) born: Instant,
    used: Cell<Instant>,
    requests: RefCell<BTreeMap<String, Pending>>,
    streams: RefCell<BTreeMap<u64, Rc<Stream>>>,
    next: Cell<u64>,
    over: Cell<bool>,
    log: Log,
}

/// A request that the process hasn't answered.
struct Pending {
    stream: Rc<Stream>,
    token: Option<String>,
    /// Whether its client takes events.
    events: bool,
    id: String,
}

// === impl Session ===

impl Session {
    pub(super) fn new(id: String, subject: Rc<str>, process: Process, log: Log) -> Rc<Self> {
        let now = Instant::now();
        Rc::new(Self {
            id,
            subject,
            process,
            version: RefCell::default(),
            born: now,
            used: Cell::new(now),
            requests: RefCell::default(),
            streams: RefCell::new(BTreeMap::from([(OWN_STREAM, Stream::new(OWN_STREAM))])),
            next: Cell::new(OWN_STREAM),
            over: Cell::new(false),
            log,
        })
    }

    /// It is being used.
    pub(super) fn touch(&self) {
        self.used.set(Instant::now());
    }

    /// For how long it hasn't been used; a client that reads a stream is using it.
    pub(super) fn idle(&self) -> Duration {
        let read = self.streams.borrow().values().any(|stream| stream.is_read());
        if read { Duration::ZERO } else { self.used.get().elapsed() }
    }

    /// Whether its process is gone.
    pub(super) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// How many requests are open.
    pub(super) fn open(&self) -> usize {
        self.requests.borrow().len()
    }

    /// A stream by its number.
    pub(super) fn stream(&self, number: u64) -> Option<Rc<Stream>> {
        self.streams.borrow().get(&number).cloned()
    }

    /// Writes down a request; what answers it comes on the stream.
    pub(super) fn expect(&self, message: &Message<'_>, events: bool) -> Result<Rc<Stream>, Fault> {
        let id = message.id.unwrap_or("null");
        let mut requests = self.requests.borrow_mut();
        let own = key(id);
        if requests.contains_key(&own) {
            let fault = Fault::new(400, INVALID_REQUEST, "a request with this id is still open");
            return Err(fault.with_id(message.id));
        }
        self.next.set(self.next.get() + 1);
        let stream = Stream::new(self.next.get());
        self.streams.borrow_mut().insert(stream.number, Rc::clone(&stream));
        let token = message.progress_token.map(key);
        let (pending, id) = (Rc::clone(&stream), id.to_owned());
        requests.insert(own, Pending { stream: pending, token, events, id });
        Ok(stream)
    }

    /// Takes a request back that was never sent.
    pub(super) fn forget(&self, stream: &Stream) {
        self.requests.borrow_mut().retain(|_, pending| pending.stream.number != stream.number);
        self.streams.borrow_mut().remove(&stream.number);
    }

    /// A client cancelled a request. The process needn't answer it any more, so after a while it is
    /// answered here, lest its stream stays open.
    pub(super) fn cancelled(self: &Rc<Self>, request: &str) {
        let (session, request) = (Rc::clone(self), key(request));
        let number = self.requests.borrow().get(&request).map(|it| it.stream.number);
        let Some(number) = number else { return };
        tokio::task::spawn_local(async move {
            tokio::time::sleep(CANCELLED).await;
            let mut requests = session.requests.borrow_mut();
            let same = requests.get(&request).is_some_and(|it| it.stream.number == number);
            if let Some(pending) = same.then(|| requests.remove(&request)).flatten() {
                pending.fail("the request was cancelled");
            }
        });
    }

    /// Throws away streams that ended long ago, or that are too many.
    pub(super) fn tidy(&self) {
        let mut streams = self.streams.borrow_mut();
        streams.retain(|_, stream| stream.ended_for().is_none_or(|ended| ended < KEPT));
        let mut ended = streams.values().filter(|it| it.ended_for().is_some()).count();
        streams.retain(|_, stream| {
            let goes = ended > MOST_KEPT && stream.ended_for().is_some() && !stream.is_read();
            ended -= usize::from(goes);
            !goes
        });
    }

    fn answered(&self, id: &str, line: Vec<u8>) {
        self.process.works();
        self.touch();
        match self.requests.borrow_mut().remove(id) {
            Some(pending) => pending.stream.push(line.into(), true),
            None => self.log.say(
                Some(self.process.number),
                "an answer to a request that isn't open is left out",
            ),
        }
        self.tidy();
    }

    /// Where a message of the server's own goes.
    fn place(&self, message: &Message<'_>) -> Option<Rc<Stream>> {
        let requests = self.requests.borrow();
        let open = requests.values().filter(|pending| pending.events);
        if let Some(token) = message.progress.map(key) {
            let mut with_token = open.clone();
            if let Some(pending) = with_token.find(|it| it.token.as_ref() == Some(&token)) {
                return Some(Rc::clone(&pending.stream));
            }
        }
        let own = self.stream(OWN_STREAM);
        let general = message.method.as_deref().is_some_and(is_general);
        if general && own.as_ref().is_some_and(|own| own.is_read()) {
            return own;
        }
        // Rather one whose client is there than one that may come back.
        let youngest = open.max_by_key(|it| (it.stream.is_read(), it.stream.number));
        let youngest = youngest.map(|pending| &pending.stream);
        let own_is_read = own.as_ref().is_some_and(|own| own.is_read());
        youngest.filter(|it| it.is_read() || !own_is_read).cloned().or(own)
    }
}

impl Listener for Session {
    async fn printed(&self, line: Vec<u8>) {
        let message = match Message::parse(&line) {
            Ok(message) => message,
            Err(fault) => match answer_id(&line) {
                Some(id) => return self.answered(&key(id), line),
                None => return log_junk(&self.log, self.process.number, &line, &fault),
            },
        };
        if message.kind == Kind::Response {
            let id = key(message.id.unwrap_or("null"));
            return self.answered(&id, line);
        }
        self.process.works();
        self.touch();
        if let Some(stream) = self.place(&message) {
            stream.push(Bytes::from(line), false);
            stream.room().await;
        }
    }

    fn too_long(&self, start: &[u8]) {
        let mut requests = self.requests.borrow_mut();
        let failed: Vec<Pending> = match outline::cut(start) {
            Cut::Answer(id) => requests.remove(&key(&id)).into_iter().collect(),
            Cut::Other => Vec::new(),
            // Whose it was isn't known, and nobody waits for ever.
            Cut::Unknown => std::mem::take(&mut *requests).into_values().collect(),
        };
        failed.iter().for_each(|pending| pending.fail(TOO_LONG));
    }

    fn gone(&self, why: &str) {
        self.over.set(true);
        for pending in std::mem::take(&mut *self.requests.borrow_mut()).into_values() {
            pending.fail(&format!("the server's process is gone: {why}"));
        }
        for stream in self.streams.borrow().values() {
            stream.end();
        }
    }
}

// === impl Pending ===

impl Pending {
    fn fail(&self, why: &str) {
        let fault = Fault::new(502, INTERNAL_ERROR, why).with_id(Some(&self.id));
        self.stream.push(fault.body().into(), true);
    }
}

/// Whether a notification is about the server, and not about what it does for a request.
fn is_general(method: &str) -> bool {
    method.ends_with("/list_changed") || method == "notifications/resources/updated"
}
