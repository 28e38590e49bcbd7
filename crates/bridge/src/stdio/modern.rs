//! The process that all modern requests of one principal share.
//!
//! Two clients of one principal use the same ids, so each request gets one of ours, which is its
//! progress token, too, if it has one. In what comes back, ours is replaced by theirs again: in ids,
//! progress tokens, the ids of subscriptions, and nowhere else.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use farmgate_mcp::fault::{INTERNAL_ERROR, METHOD_NOT_FOUND};
use farmgate_mcp::{Fault, Kind, Message};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout};

use super::log_junk;
use super::outline::{self, Cut, answer_id};
use super::parameters::Repeats;
use super::process::{Listener, Process, TOO_LONG};
use super::splice::{Splice, one_line};
use super::stream::Stream;
use crate::settings::Log;

/// How long the word that a request was cancelled may wait for a process that doesn't read.
const LAST_WORD: Duration = Duration::from_secs(30);

/// The request whose answer is a stream of what changes.
pub(super) const LISTEN: &str = "subscriptions/listen";

/// A process, and the requests that it hasn't answered.
pub(super) struct Shared {
    pub(super) process: Process,
    pub(super) born: Instant,
    used: Cell<Instant>,
    requests: RefCell<BTreeMap<u64, Pending>>,
    next: Cell<u64>,
    retired: Cell<bool>,
    over: Cell<bool>,
    log: Log,
    /// Which arguments of its tools are repeated in headers.
    pub(super) repeats: RefCell<Repeats>,
}

/// A request that isn't answered.
struct Pending {
    stream: Rc<Stream>,
    id: String,
    token: Option<String>,
    /// `subscriptions/listen`: it is answered at its end, and isn't what a server works for.
    listens: bool,
}

/// A request that is under way. Dropped before its answer, it is cancelled.
pub(super) struct Call {
    shared: Rc<Shared>,
    number: u64,
    pub(super) stream: Rc<Stream>,
}

/// The answer to `subscriptions/listen` bears the subscription's id, too.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: Option<ResultOf<'a>>,
}

#[derive(Deserialize)]
struct ResultOf<'a> {
    #[serde(borrow, rename = "_meta")]
    meta: Option<Meta<'a>>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow, rename = "io.modelcontextprotocol/subscriptionId")]
    subscription: Option<&'a RawValue>,
}

// === impl Shared ===

impl Shared {
    pub(super) fn new(process: Process, log: Log) -> Rc<Self> {
        let now = Instant::now();
        Rc::new(Self {
            process,
            born: now,
            used: Cell::new(now),
            requests: RefCell::default(),
            next: Cell::new(0),
            retired: Cell::new(false),
            over: Cell::new(false),
            log,
            repeats: RefCell::default(),
        })
    }

    /// Whether it takes no more requests.
    pub(super) fn is_over(&self) -> bool {
        self.over.get() || self.retired.get()
    }

    /// For how long it has had nothing to do.
    pub(super) fn idle(&self) -> Duration {
        if self.open() > 0 { Duration::ZERO } else { self.used.get().elapsed() }
    }

    pub(super) fn open(&self) -> usize {
        self.requests.borrow().len()
    }

    /// It ends when it has answered what is open; subscriptions end at once.
    pub(super) fn retire(&self) {
        self.retired.set(true);
        self.requests.borrow_mut().retain(|_, pending| {
            if pending.listens {
                pending.stream.end();
            }
            !pending.listens
        });
        self.done();
    }

    /// Sends a client's request on.
    pub(super) async fn call(
        self: &Rc<Self>,
        body: &[u8],
        message: &Message<'_>,
    ) -> Result<Call, Fault> {
        let listens = message.method.as_deref() == Some(LISTEN);
        let id = message.id.unwrap_or("null").to_owned();
        let token = message.progress_token.map(str::to_owned);
        let (number, stream) = self.expect(id, token, listens);
        let call = Call { shared: Rc::clone(self), number, stream };
        let own = number.to_string();
        let mut splice = Splice::default();
        splice.replace(body, message.id, &own);
        splice.replace(body, message.progress_token, &own);
        let line = one_line(splice.done(body));
        self.process.send(line).await.map_err(|_| super::gone(message.id))?;
        Ok(call)
    }

    /// Asks something of our own; none if the process is gone. It can't be cancelled.
    pub(super) async fn ask(&self, method: &str, params: &str) -> Option<Rc<Stream>> {
        let (number, stream) = self.expect("0".to_owned(), None, false);
        let text =
            format!(r#"{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":{params}}}"#);
        self.process.send(one_line(text.into_bytes())).await.ok()?;
        Some(stream)
    }

    fn expect(&self, id: String, token: Option<String>, listens: bool) -> (u64, Rc<Stream>) {
        let number = self.next.get() + 1;
        self.next.set(number);
        let stream = Stream::new(number);
        let pending = Pending { stream: Rc::clone(&stream), id, token, listens };
        self.requests.borrow_mut().insert(number, pending);
        (number, stream)
    }

    fn take(&self, number: u64) -> Option<Pending> {
        let taken = self.requests.borrow_mut().remove(&number);
        self.done();
        taken
    }

    /// One request less.
    fn done(&self) {
        self.used.set(Instant::now());
        if self.retired.get() && self.open() == 0 {
            self.process.stop();
        }
    }

    /// An answer, with the client's id in place of ours.
    fn answered(&self, id: Option<&str>, line: &[u8]) {
        self.process.works();
        let number = id.and_then(number);
        let Some(pending) = number.and_then(|number| self.take(number)) else {
            // To a request that was cancelled: such answers may come.
            return;
        };
        let subscription = pending.listens.then(|| subscription(line)).flatten();
        let theirs = subscription.map(|own| pending.subscription(own));
        let mut splice = Splice::default();
        splice.replace(line, id, &pending.id);
        if let Some(theirs) = &theirs {
            splice.replace(line, subscription, theirs);
        }
        pending.stream.push(splice.done(line).into(), true);
    }

    /// A notification: the stream that it belongs to, and what the client gets.
    fn notified(&self, message: &Message<'_>, line: &[u8]) -> Option<Rc<Stream>> {
        if let Some(ended) = message.cancelled.and_then(number) {
            // The server ends a subscription, which over HTTP is the end of its stream.
            self.take(ended)?.stream.end();
            return None;
        }
        let requests = self.requests.borrow();
        let mut splice = Splice::default();
        if let Some(own) = message.subscription {
            let pending = requests.get(&number(own)?)?;
            let theirs = pending.subscription(own);
            splice.replace(line, Some(own), &theirs);
            pending.stream.push(splice.done(line).into(), false);
            return Some(Rc::clone(&pending.stream));
        }
        if let Some(own) = message.progress {
            let pending = requests.get(&number(own)?)?;
            splice.replace(line, Some(own), pending.token.as_ref()?);
            pending.stream.push(splice.done(line).into(), false);
            return Some(Rc::clone(&pending.stream));
        }
        // It doesn't say what it belongs to: the youngest request, which is the only one most of
        // the time. All are of the same principal.
        let (_, pending) = requests.iter().rev().find(|(_, pending)| !pending.listens)?;
        pending.stream.push(line.to_vec().into(), false);
        Some(Rc::clone(&pending.stream))
    }

    /// Modern servers ask their clients nothing; one that does isn't left waiting.
    async fn refuse(&self, message: &Message<'_>) {
        let words = "no requests are sent to clients in this revision";
        let fault = Fault::new(200, METHOD_NOT_FOUND, words).with_id(message.id);
        // If it is gone it doesn't wait.
        let _gone = self.process.send(one_line(fault.body())).await;
    }
}

impl Listener for Shared {
    async fn printed(&self, line: Vec<u8>) {
        let message = match Message::parse(&line) {
            Ok(message) => message,
            Err(fault) => match answer_id(&line) {
                Some(id) => return self.answered(Some(id), &line),
                None => return log_junk(&self.log, self.process.number, &line, &fault),
            },
        };
        self.process.works();
        match message.kind {
            Kind::Response => self.answered(message.id, &line),
            Kind::Request => self.refuse(&message).await,
            Kind::Notification => match self.notified(&message, &line) {
                Some(stream) => stream.room().await,
                None if message.cancelled.is_some() => {}
                None => self.log.say(
                    Some(self.process.number),
                    "a notification that belongs to no open request is left out",
                ),
            },
        }
    }

    fn too_long(&self, start: &[u8]) {
        let failed: Vec<Pending> = match outline::cut(start) {
            Cut::Answer(id) => {
                number(&id).and_then(|number| self.take(number)).into_iter().collect()
            }
            Cut::Other => Vec::new(),
            // Whose it was isn't known, and nobody waits for ever.
            Cut::Unknown => {
                std::mem::take(&mut *self.requests.borrow_mut()).into_values().collect()
            }
        };
        failed.iter().for_each(|pending| pending.fail(TOO_LONG));
        self.done();
    }

    fn gone(&self, why: &str) {
        self.over.set(true);
        for pending in std::mem::take(&mut *self.requests.borrow_mut()).into_values() {
            pending.fail(&format!("the server's process is gone: {why}"));
        }
    }
}

// === impl Pending ===

impl Pending {
    fn fail(&self, why: &str) {
        let fault = Fault::new(502, INTERNAL_ERROR, why).with_id(Some(&self.id));
        self.stream.push(fault.body().into(), true);
    }

    /// The client's id in the way in which the server wrote ours: a number's digits may be a text.
    fn subscription(&self, own: &str) -> Cow<'_, str> {
        if own.starts_with('"') && !self.id.starts_with('"') {
            Cow::Owned(format!("\"{}\"", self.id))
        } else {
            Cow::Borrowed(&self.id)
        }
    }
}

// === impl Call ===

impl Drop for Call {
    fn drop(&mut self) {
        // It was answered, or the process is gone.
        if self.shared.take(self.number).is_none() || self.shared.over.get() {
            return;
        }
        let cancelled = format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{},"reason":"the client closed the stream"}}}}"#,
            self.number
        );
        let process = self.shared.process.clone();
        tokio::task::spawn_local(async move {
            // A process that never reads again is ended when it has been idle for long enough.
            let _late = timeout(LAST_WORD, process.send(one_line(cancelled.into_bytes()))).await;
        });
    }
}

/// One of our ids, as a number or as a text with its digits.
fn number(raw: &str) -> Option<u64> {
    let digits = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
    digits.parse().ok()
}

/// The subscription's id in an answer.
fn subscription(line: &[u8]) -> Option<&str> {
    let answer: Answer<'_> = serde_json::from_slice(line).ok()?;
    Some(answer.result?.meta?.subscription?.get())
}
