//! What the client wrote, line by line: who of it waits for what, and how a request is cancelled.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;
use farmgate_mcp::headers::PROTOCOL_VERSION;
use farmgate_mcp::{Era, Kind, Message};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{AbortHandle, JoinHandle};

use super::carry::Sent;
use super::exchange::Content;
use super::heard;
use super::link::{Link, Pass};
use super::session::is_lost;
use super::stdio::Line;

/// The most requests under way, those that wait for their turn among them.
const MOST_REQUESTS: usize = 512;
/// The most notifications that wait.
const MOST_NOTIFICATIONS: usize = 256;

/// Reads what the client wrote.
pub(crate) struct Front {
    link: Rc<Link>,
    /// Requests by their ids.
    under_way: UnderWay,
    /// How many messages there were before which no later one may be sent.
    turn: u64,
    speaker: Sender<Spoken>,
    speaking: JoinHandle<()>,
}

type UnderWay = Rc<RefCell<HashMap<String, AbortHandle>>>;

/// A notification, or an answer to a server's request.
struct Spoken {
    line: Bytes,
    modern: bool,
    after: u64,
    /// `notifications/initialized`: what comes later waits for it.
    opens: Option<Pass>,
    /// The request that it cancels.
    cancels: Option<String>,
}

// === impl Front ===

impl Front {
    pub(crate) fn new(link: &Rc<Link>) -> Self {
        let (speaker, spoken) = channel(MOST_NOTIFICATIONS);
        let under_way = UnderWay::default();
        let speak = speak(Rc::clone(link), spoken, Rc::clone(&under_way));
        let speaking = tokio::task::spawn_local(speak);
        Self { link: Rc::clone(link), under_way, turn: 0, speaker, speaking }
    }

    /// Takes a line.
    pub(crate) async fn take(&mut self, line: Line) {
        let Line::Whole(line) = line else {
            let text = "the message is longer than any may be";
            return self.link.put(heard::error(&Value::Null, -32600, text)).await;
        };
        let line = line.slice_ref(line.trim_ascii());
        let message = match Message::parse(&line) {
            Ok(message) => message,
            Err(fault) => return self.link.put(heard::one_line(&fault.body())).await,
        };
        let modern = self.is_modern(&message);
        match message.kind {
            Kind::Request => {
                let raw = message.id.unwrap_or("null");
                let id: Value = serde_json::from_str(raw).unwrap_or_default();
                let method = message.method.as_deref().unwrap_or_default().to_owned();
                let era = if modern { Era::Modern } else { Era::Legacy };
                self.request(Sent { line: line.clone(), id, method, era }).await;
            }
            Kind::Notification | Kind::Response => self.speak(&line, &message, modern),
        }
    }

    /// Whether it is of the modern era: a request says so itself.
    fn is_modern(&self, message: &Message<'_>) -> bool {
        let Some(version) = message.protocol_version.as_deref() else {
            let request = message.kind == Kind::Request;
            return !request && !self.link.session.is_open() && self.link.modern.borrow().is_some();
        };
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(version) {
            headers.insert(PROTOCOL_VERSION, value);
        }
        let modern = matches!(farmgate_mcp::check(&headers, message), Ok(Era::Modern));
        if modern {
            *self.link.modern.borrow_mut() = Some(version.to_owned());
        }
        modern
    }

    async fn request(&mut self, sent: Sent) {
        let key = sent.id.to_string();
        let problem = {
            let under_way = self.under_way.borrow();
            if under_way.contains_key(&key) {
                Some("a request with this id is under way")
            } else if under_way.len() >= MOST_REQUESTS {
                Some("too many requests are under way")
            } else {
                None
            }
        };
        if let Some(problem) = problem {
            return self.link.put(heard::error(&sent.id, -32600, problem)).await;
        }
        let after = self.turn;
        let opens = (sent.method == "initialize" && sent.era == Era::Legacy).then(|| {
            self.turn += 1;
            Pass(Rc::clone(&self.link))
        });
        let (link, under_way) = (Rc::clone(&self.link), Rc::clone(&self.under_way));
        let done = key.clone();
        let task = tokio::task::spawn_local(async move {
            link.wait_for(after).await;
            if opens.is_some() {
                link.delete().await;
                link.session.reset();
            }
            link.carry(&sent).await;
            under_way.borrow_mut().remove(&done);
            drop(opens);
        });
        self.under_way.borrow_mut().insert(key, task.abort_handle());
    }

    fn speak(&mut self, line: &Bytes, message: &Message<'_>, modern: bool) {
        let cancels = message.cancelled.and_then(|raw| serde_json::from_str::<Value>(raw).ok());
        let cancels = cancels.map(|id| id.to_string());
        if let Some(id) = cancels.as_ref().filter(|_| modern) {
            // Closing the stream is the cancel.
            if let Some(task) = self.under_way.borrow_mut().remove(id) {
                task.abort();
            }
            return;
        }
        let opens = (message.method.as_deref() == Some("notifications/initialized")).then(|| {
            self.turn += 1;
            Pass(Rc::clone(&self.link))
        });
        let after = if opens.is_some() { self.turn - 1 } else { self.turn };
        let spoken = Spoken { line: line.clone(), modern, after, opens, cancels };
        if self.speaker.try_send(spoken).is_err() {
            self.link.tell("the farm takes no notifications: one is left out");
        }
    }

    /// Waits until all that was asked is answered, and all that was said is taken.
    pub(crate) async fn finish(&mut self) {
        // The one that is held here is the last.
        self.speaker = channel(1).0;
        let _aborted = (&mut self.speaking).await;
        while !self.under_way.borrow().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Ends what is under way, whatever it is.
    pub(crate) fn abort(&mut self) {
        self.speaking.abort();
        for (_, task) in self.under_way.borrow_mut().drain() {
            task.abort();
        }
        if let Some(listener) = self.link.session.listener.borrow_mut().take() {
            listener.abort();
        }
    }
}

/// Says one thing after the other.
async fn speak(link: Rc<Link>, mut spoken: Receiver<Spoken>, under_way: UnderWay) {
    while let Some(spoken) = spoken.recv().await {
        link.wait_for(spoken.after).await;
        let taken = link.say(&spoken).await;
        if spoken.opens.is_some() && !spoken.modern && taken {
            link.session.initialized(spoken.line.clone());
            link.listen();
        }
        // In the legacy era the server was told; whatever it answers now, nobody waits for.
        let cancelled = spoken.cancels.and_then(|id| under_way.borrow_mut().remove(&id));
        if let Some(task) = cancelled {
            task.abort();
        }
    }
}

impl Link {
    /// Sends what gets no answer; whether it was taken.
    async fn say(self: &Rc<Self>, spoken: &Spoken) -> bool {
        for attempt in 0..2 {
            let session = self.session.generation();
            let headers = if spoken.modern {
                self.modern_headers(&spoken.line)
            } else {
                self.session.headers()
            };
            let outgoing = self.post(headers, spoken.line.clone(), spoken.opens.is_some(), false);
            let answer = match self.exchange(&outgoing).await {
                Ok(answer) => answer,
                Err(trouble) => {
                    self.tell(&format!("a notification was not taken: {}", trouble.text));
                    return false;
                }
            };
            let status = answer.head.status;
            let body = match answer.body {
                Content::Whole(body) => body,
                Content::Coming(mut coming) => {
                    coming.whole(64 << 10, self.settings.limits.small).await.unwrap_or_default()
                }
            };
            if status.is_success() {
                return true;
            }
            let lost = !spoken.modern && self.session.has_id() && is_lost(status, &body);
            if !lost || attempt > 0 || self.reopen(session).await.is_err() {
                self.tell(&format!("the farm answers {} to a notification", status.as_u16()));
                return false;
            }
            if spoken.opens.is_some() {
                // Opening it again said this already.
                return true;
            }
        }
        false
    }
}
