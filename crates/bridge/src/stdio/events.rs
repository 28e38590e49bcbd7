//! A stream as HTTP: one message as JSON, or events with comments where there is nothing to say.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use farmgate_mcp::sse::KEEP_ALIVE;
use farmgate_wire::{Body, Drain, Failure};
use http::HeaderMap;
use http::header::ACCEPT;
use http_body::Frame;

use super::stream::{Event, Next, Reader};

/// What a client takes for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accepts {
    pub(super) json: bool,
    pub(super) events: bool,
}

/// Milliseconds after which a client whose stream broke off comes back.
const RETRY: u32 = 1000;

/// How a stream is written.
pub(super) struct Manner {
    /// Whether events have ids, by which a client that comes back says where it was.
    pub(super) ids: bool,
    /// Whether the first event is an empty one with an id (MCP 2025-11-25).
    pub(super) primed: bool,
    pub(super) keep_alive: Duration,
    /// When this begins, the stream ends: there is no answer to wait for.
    pub(super) ends_with: Option<Drain>,
}

/// Is dropped with the body, whether that came to its end or its client went away.
pub(super) type Guard = Box<dyn std::any::Any>;

/// A piece of a stream on its way, and what comes after it.
type Piece = Pin<Box<dyn Future<Output = (State, Option<Bytes>)>>>;

struct Events {
    /// The piece that comes next; none at the end.
    next: Option<Piece>,
}

struct State {
    reader: Reader,
    first: Option<Event>,
    manner: Rc<Manner>,
    primed: bool,
    over: bool,
    _guard: Guard,
}

// === impl Accepts ===

impl Accepts {
    /// Without the header, everything is taken (RFC 9110, 12.5.1).
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(ACCEPT).iter().peekable();
        if values.peek().is_none() {
            return Self { json: true, events: true };
        }
        let mut accepts = Self { json: false, events: false };
        for part in values.filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(',')) {
            let mut words = part.split(';').map(str::trim);
            let kind = words.next().unwrap_or_default().to_ascii_lowercase();
            let refused = words.any(|word| matches!(word, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
            let all = kind == "*/*";
            accepts.json |=
                !refused && (all || matches!(&*kind, "application/json" | "application/*"));
            accepts.events |= !refused && (all || matches!(&*kind, "text/event-stream" | "text/*"));
        }
        accepts
    }
}

/// The body of a stream, from `first` on.
pub(super) fn body(reader: Reader, first: Option<Event>, manner: Manner, guard: Guard) -> Body {
    let primed = !manner.primed;
    let state =
        State { reader, first, manner: Rc::new(manner), primed, over: false, _guard: guard };
    Body::stream(Events { next: Some(Box::pin(state.piece())) })
}

// === impl State ===

impl State {
    /// The next piece, and what comes after.
    async fn piece(mut self) -> (Self, Option<Bytes>) {
        if self.over {
            return (self, None);
        }
        if !std::mem::replace(&mut self.primed, true) {
            let stream = self.reader.stream().number;
            return (
                self,
                Some(Bytes::from(format!("id: {stream}_0\nretry: {RETRY}\ndata: \n\n"))),
            );
        }
        let next = match self.first.take() {
            Some(event) => Some(Next::Event(event)),
            None => self.wait().await,
        };
        match next {
            None => (self, Some(Bytes::from_static(KEEP_ALIVE))),
            Some(Next::End | Next::Lost) => (self, None),
            Some(Next::Event(event)) => {
                self.over = event.is_answer;
                let written = self.write(&event);
                (self, Some(written))
            }
        }
    }

    /// What comes next; none if that takes long.
    async fn wait(&mut self) -> Option<Next> {
        let manner = Rc::clone(&self.manner);
        let ended = async {
            match &manner.ends_with {
                Some(drain) => drain.begun().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            next = self.reader.next() => Some(next),
            () = ended => Some(Next::End),
            () = tokio::time::sleep(manner.keep_alive) => None,
        }
    }

    fn write(&self, event: &Event) -> Bytes {
        let mut text = Vec::with_capacity(event.message.len() + 48);
        text.extend_from_slice(b"event: message\n");
        if self.manner.ids {
            let id = format!("id: {}_{}\n", self.reader.stream().number, event.number);
            text.extend_from_slice(id.as_bytes());
        }
        text.extend_from_slice(b"data: ");
        text.extend_from_slice(&event.message);
        text.extend_from_slice(b"\n\n");
        text.into()
    }
}

// === impl Events ===

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        let (state, piece) = std::task::ready!(next.as_mut().poll(context));
        self.next = piece.is_some().then(|| Box::pin(state.piece()) as _);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_none()
    }
}

/// Where a client was: `STREAM_NUMBER`, as in the ids of events.
pub(super) fn place(id: &str) -> Option<(u64, u64)> {
    let (stream, number) = id.split_once('_')?;
    Some((stream.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_a_client_accepts() {
        for (values, json, events) in [
            (&[][..], true, true),
            (&["application/json, text/event-stream"], true, true),
            (&["application/json", "text/event-stream"], true, true),
            (&["*/*"], true, true),
            (&["Application/JSON;q=0.9"], true, false),
            (&["text/event-stream;q=0, application/*"], true, false),
            (&["text/html"], false, false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(ACCEPT, HeaderValue::from_static(value));
            }
            assert_eq!(Accepts::of(&headers), Accepts { json, events }, "{values:?}");
        }
    }

    #[test]
    fn places_are_read_strictly() {
        assert_eq!(place("3_17"), Some((3, 17)));
        for wrong in ["", "3", "3_", "_", "a_b", "3_1_7", "-1_2"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
