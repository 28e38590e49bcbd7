//! One request of the client, from the line that it wrote to the line that answers it.
//!
//! Every request gets exactly one answer: the server's, as it came, or an error that says why there is
//! none. A request goes out a second time only if it was refused before anything was done.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use farmgate_mcp::fault::HEADER_MISMATCH;
use farmgate_mcp::{Era, Message};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use super::exchange::{Answer, Content, Outgoing};
use super::explain::visible;
use super::heard::{self, Heard};
use super::link::Link;
use super::messages::{Messages, Resume, kind};
use super::pool::Broke;
use super::session::{id_of, is_lost};
use super::trouble::Trouble;

/// How often a stream goes on without anything coming.
const MOST_RESUMES: u32 = 10;
/// The longest that a server may be left alone before its stream goes on.
const LONGEST_RETRY: Duration = Duration::from_secs(60);
/// How long a stream may stay open behind the answer.
const AFTER_ANSWER: Duration = Duration::from_secs(2);
/// The most pages of tools that are asked for.
const MOST_PAGES: usize = 16;
/// What changes nothing if it is done twice.
const REPEATABLE: [&str; 11] = [
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "completion/complete",
    "logging/setLevel",
];

/// A request of the client.
pub(crate) struct Sent {
    pub(crate) line: Bytes,
    pub(crate) id: Value,
    pub(crate) method: String,
    pub(crate) era: Era,
}

/// What an answer is.
enum Sorted {
    /// One that was handed on.
    Answered,
    /// One that comes; with the id of the session that it opens.
    Messages(Box<Messages>, Option<HeaderValue>),
    /// The session is gone.
    Lost,
    /// Headers are missing that repeat arguments.
    Mismatch(Vec<u8>),
}

impl Link {
    /// Carries a request, and hands the client its answer.
    pub(crate) async fn carry(self: &Rc<Self>, sent: &Sent) {
        if let Err(trouble) = self.answer(sent).await {
            self.put(heard::error(&sent.id, trouble.code, &trouble.text)).await;
        }
    }

    async fn answer(self: &Rc<Self>, sent: &Sent) -> Result<(), Trouble> {
        let _turn = self.turns.acquire().await.map_err(|_| Trouble::local("it ends"))?;
        let (mut reopened, mut learnt) = (false, false);
        loop {
            let session = self.session.generation();
            let outgoing = self.outgoing(sent);
            let answer = self.exchange(&outgoing).await?;
            match self.sort(answer, sent).await? {
                Sorted::Answered => return Ok(()),
                Sorted::Messages(messages, id) => return self.follow(*messages, id, sent).await,
                Sorted::Lost if !std::mem::replace(&mut reopened, true) => {
                    self.reopen(session).await?;
                }
                Sorted::Lost => {
                    return Err(Trouble::refused("the farm loses every session that is opened"));
                }
                Sorted::Mismatch(body) => {
                    if !std::mem::replace(&mut learnt, true) {
                        self.learn(sent).await;
                        if self.outgoing(sent).headers != outgoing.headers {
                            continue;
                        }
                    }
                    return self.refusal(&body, 400, sent).await;
                }
            }
        }
    }

    /// The POST that carries it, as things are now.
    fn outgoing(&self, sent: &Sent) -> Outgoing {
        let opens = sent.method == "initialize";
        let headers = match sent.era {
            Era::Modern => self.modern_headers(&sent.line),
            Era::Legacy if opens => HeaderMap::new(),
            Era::Legacy => self.session.headers(),
        };
        let repeatable = REPEATABLE.contains(&sent.method.as_str());
        self.post(headers, sent.line.clone(), repeatable, opens || sent.method == "server/discover")
    }

    /// The headers of a modern message.
    pub(crate) fn modern_headers(&self, line: &[u8]) -> HeaderMap {
        let Ok(message) = Message::parse(line) else { return HeaderMap::new() };
        let last = self.modern.borrow();
        let version = message.protocol_version.as_deref().or(last.as_deref()).unwrap_or_default();
        self.params.borrow().headers(version, &message)
    }

    async fn sort(&self, answer: Answer, sent: &Sent) -> Result<Sorted, Trouble> {
        let status = answer.head.status;
        let legacy = sent.era == Era::Legacy && sent.method != "initialize";
        if status.is_success() {
            let id = id_of(&answer.head);
            let messages = Messages::of(answer, Resume::default());
            if messages.is_readable() {
                return Ok(Sorted::Messages(Box::new(messages), id));
            }
            let status = status.as_u16();
            let text =
                format!("the farm answers {status}, and neither JSON nor a stream of events");
            self.tell(&text);
            return Err(Trouble::broken(text));
        }
        let body = match answer.body {
            Content::Whole(body) => body,
            Content::Coming(mut coming) => {
                coming.whole(64 << 10, self.settings.limits.small).await.unwrap_or_default()
            }
        };
        if legacy && self.session.has_id() && is_lost(status, &body) {
            return Ok(Sorted::Lost);
        }
        let mismatch = heard::code(&body) == Some(HEADER_MISMATCH);
        if sent.era == Era::Modern && sent.method == "tools/call" && mismatch {
            return Ok(Sorted::Mismatch(body));
        }
        self.refusal(&body, status.as_u16(), sent).await?;
        Ok(Sorted::Answered)
    }

    /// A refusal: the server's own words, if they are an answer to this request.
    async fn refusal(&self, body: &[u8], status: u16, sent: &Sent) -> Result<(), Trouble> {
        match heard::read(body) {
            Some(Heard::Answer(id, false)) if id == sent.id => {
                self.put(heard::one_line(body)).await;
                Ok(())
            }
            // A server that read no id may put anything in its place.
            Some(Heard::Answer(_, false)) => Err(nameless(body)),
            _ => {
                let said = std::str::from_utf8(body).map(visible).unwrap_or_default();
                let said = if said.is_empty() { said } else { format!(": `{said}`") };
                let text = format!("the farm answers {status}{said}");
                self.tell(&text);
                Err(Trouble::refused(text))
            }
        }
    }

    /// Hands on what comes, until the answer did.
    async fn follow(
        self: &Rc<Self>,
        mut messages: Messages,
        session: Option<HeaderValue>,
        sent: &Sent,
    ) -> Result<(), Trouble> {
        let mut resumes = 0;
        loop {
            match messages.next(self.settings.limits.silence).await {
                Ok(Some(line)) => match heard::read(&line) {
                    Some(Heard::Answer(id, good)) if id == sent.id => {
                        self.answered(sent, &line, good, session);
                        self.put(line).await;
                        self.read_out(messages);
                        return Ok(());
                    }
                    Some(Heard::Answer(Value::Null, false)) => return Err(nameless(&line)),
                    Some(Heard::Call) => self.put(line).await,
                    Some(Heard::Answer(..)) => {
                        self.tell("the farm answers what nobody asked: left out");
                    }
                    None => self.tell("the farm sends what is no message: left out"),
                },
                Err(Broke::TooLong) => {
                    return Err(Trouble::broken("the answer is longer than any may be"));
                }
                Ok(None) | Err(Broke::Connection | Broke::Silent) => {
                    resumes = if messages.resume.moved { 1 } else { resumes + 1 };
                    if sent.era == Era::Modern || resumes > MOST_RESUMES {
                        let text =
                            "the stream ended before the answer; it may have been carried out";
                        return Err(Trouble::broken(text));
                    }
                    messages = self.resume(messages.resume.clone()).await?;
                }
            }
        }
    }

    /// Asks for what comes behind the last event (MCP 2025-11-25, "Resumability and Redelivery").
    async fn resume(&self, resume: Resume) -> Result<Messages, Trouble> {
        let Some(last) = resume.last.as_deref().and_then(|it| HeaderValue::from_str(it).ok())
        else {
            let text = "the stream ended before the answer; it may have been carried out";
            return Err(Trouble::broken(text));
        };
        let retry = resume.retry.unwrap_or(Duration::from_secs(1)).min(LONGEST_RETRY);
        tokio::time::sleep(retry).await;
        let answer = match self.exchange(&self.get(Some(last))).await {
            Ok(answer) => answer,
            // It is tried again, as often as streams are.
            Err(trouble) if trouble.untouched => {
                let mut messages = Messages::none();
                messages.resume = Resume { moved: false, ..resume };
                return Ok(messages);
            }
            Err(trouble) => return Err(trouble),
        };
        if !answer.head.status.is_success() || kind(&answer.head) != "text/event-stream" {
            let status = answer.head.status.as_u16();
            return Err(Trouble::broken(format!(
                "the stream broke off and the farm answers {status} to going on; it may have been \
                 carried out"
            )));
        }
        Ok(Messages::of(answer, Resume { moved: false, ..resume }))
    }

    /// A GET for a stream of events.
    pub(crate) fn get(&self, last: Option<HeaderValue>) -> Outgoing {
        let mut headers = self.session.headers();
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        if let Some(last) = last {
            headers.insert(HeaderName::from_static("last-event-id"), last);
        }
        Outgoing {
            method: Method::GET,
            headers,
            body: Bytes::new(),
            repeatable: true,
            patience: self.settings.limits.patience,
        }
    }

    /// Notes what is to be known of an answer.
    fn answered(&self, sent: &Sent, line: &[u8], good: bool, session: Option<HeaderValue>) {
        match sent.method.as_str() {
            "initialize" if good => {
                let version = heard::version(line).unwrap_or_default();
                self.session.open(session, version, sent.line.clone());
            }
            "tools/list" if good && sent.era == Era::Modern => {
                self.params.borrow_mut().learn(line);
            }
            _ => {}
        }
    }

    /// Reads an answered stream to its end, if that is near, so that its connection can be used again.
    fn read_out(self: &Rc<Self>, mut messages: Messages) {
        let link = Rc::clone(self);
        tokio::task::spawn_local(tokio::time::timeout(AFTER_ANSWER, async move {
            while let Ok(Some(line)) = messages.next(AFTER_ANSWER).await {
                if heard::read(&line) == Some(Heard::Call) {
                    link.put(line).await;
                }
            }
        }));
    }

    /// Asks for the tools, to learn which arguments are repeated in headers.
    async fn learn(&self, sent: &Sent) {
        let Ok(message) = Message::parse(&sent.line) else { return };
        let version = message.protocol_version.unwrap_or_default();
        let mut cursor = None;
        for _ in 0..MOST_PAGES {
            let mut params = json!({ "_meta": {
                "io.modelcontextprotocol/protocolVersion": version,
                "io.modelcontextprotocol/clientCapabilities": {},
            } });
            if let (Some(cursor), Some(params)) = (cursor.take(), params.as_object_mut()) {
                params.insert("cursor".to_owned(), Value::String(cursor));
            }
            let id = Value::from("farmgate-tools");
            let body = json!({
                "jsonrpc": "2.0", "id": id, "method": "tools/list", "params": params,
            });
            let line = Bytes::from(body.to_string());
            let outgoing = self.post(self.modern_headers(&line), line, true, false);
            let Ok(answer) = self.exchange(&outgoing).await else { return };
            let mut messages = Messages::of(answer, Resume::default());
            while let Ok(Some(line)) = messages.next(self.settings.limits.silence).await {
                if heard::read(&line) == Some(Heard::Answer(id.clone(), true)) {
                    cursor = self.params.borrow_mut().learn(&line);
                    break;
                }
            }
            if cursor.is_none() {
                return;
            }
        }
    }
}

/// An error of a server that didn't know which request it refuses.
fn nameless(body: &[u8]) -> Trouble {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = value.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
    let text = format!("the farm refuses it: {}", visible(text));
    Trouble { code: heard::code(body).unwrap_or(-32000), ..Trouble::refused(text) }
}
