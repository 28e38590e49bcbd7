//! The messages in an answer: one, if it is JSON, or those of a stream of events, as they come.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use farmgate_mcp::sse::Decoder;
use http::header::CONTENT_TYPE;
use http::response::Parts;

use super::exchange::{Answer, Content};
use super::heard;
use super::pool::{Broke, Coming};

/// The most bytes of one message.
pub(crate) const LONGEST: usize = 16 << 20;

/// Where a stream that broke off goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resume {
    /// The last event's id.
    pub(crate) last: Option<String>,
    /// How long the server wants to be left alone first.
    pub(crate) retry: Option<Duration>,
    /// Whether any event came since this was looked at.
    pub(crate) moved: bool,
}

/// The messages of one answer.
pub(crate) struct Messages {
    source: Source,
    ready: VecDeque<Bytes>,
    pub(crate) resume: Resume,
}

enum Source {
    Json(Option<Content>),
    Events(Coming, Decoder),
    Other,
}

// === impl Messages ===

impl Messages {
    /// Those of this answer; none if it is neither JSON nor a stream of events.
    pub(crate) fn of(answer: Answer, resume: Resume) -> Self {
        let source = match (kind(&answer.head), answer.body) {
            ("application/json", content) => Source::Json(Some(content)),
            ("text/event-stream", Content::Coming(coming)) => {
                Source::Events(coming, Decoder::new(LONGEST))
            }
            _ => Source::Other,
        };
        Self { source, ready: VecDeque::new(), resume }
    }

    /// None at all.
    pub(crate) fn none() -> Self {
        Self { source: Source::Json(None), ready: VecDeque::new(), resume: Resume::default() }
    }

    /// The next message, as one line; `None` at the end.
    pub(crate) async fn next(&mut self, silence: Duration) -> Result<Option<Bytes>, Broke> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(Some(line));
            }
            match &mut self.source {
                Source::Other => return Ok(None),
                Source::Json(content) => {
                    let whole = match content.take() {
                        None => return Ok(None),
                        Some(Content::Whole(whole)) => whole,
                        Some(Content::Coming(mut coming)) => coming.whole(LONGEST, silence).await?,
                    };
                    return Ok(Some(heard::one_line(&whole)));
                }
                Source::Events(coming, decoder) => {
                    let Some(chunk) = coming.next(silence).await? else { return Ok(None) };
                    let events = decoder.feed(&chunk).map_err(|_| Broke::TooLong)?;
                    for event in events {
                        self.resume.moved = true;
                        // An empty id means: not from here.
                        if let Some(id) = event.id {
                            self.resume.last = Some(id).filter(|id| !id.is_empty());
                        }
                        if let Some(retry) = event.retry {
                            self.resume.retry = Some(Duration::from_millis(retry));
                        }
                        let is_message = event.event.as_deref().is_none_or(|it| it == "message");
                        if let Some(data) = event.data.filter(|it| is_message && !it.is_empty()) {
                            self.ready.push_back(heard::one_line(data.as_bytes()));
                        }
                    }
                }
            }
        }
    }

    /// Whether there can be messages at all.
    pub(crate) fn is_readable(&self) -> bool {
        !matches!(self.source, Source::Other)
    }
}

/// The media type, without its parameters.
pub(crate) fn kind(head: &Parts) -> &'static str {
    let value = head.headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let value = value.split(';').next().unwrap_or_default().trim();
    ["application/json", "text/event-stream"]
        .into_iter()
        .find(|kind| kind.eq_ignore_ascii_case(value))
        .unwrap_or_default()
}
