//! The body of an answer on its way from the server to the client.
//!
//! Bytes go on as they come. Between the events of a stream that says nothing, comments keep the
//! connection alive; what is silent for too long ends. When the client goes away, this is dropped,
//! and with it the connection to the server: that is how a server learns of it.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use farmgate_keys::Principal;
use farmgate_mcp::{sse, tools};
use farmgate_wire::Failure;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::answer::{Hold, Idle};
use super::entry::Entry;
use crate::metrics::OpenStream;
use crate::state::State;
use crate::upstream::UpstreamBody;

/// A stream of events, as far as the gate looks at it.
pub(super) enum Events {
    /// Goes by unchanged.
    Watched(sse::Scanner),
    /// Lists of tools are cut down to what the caller may call.
    Filtered(Box<Filter>),
}

pub(super) struct Filter {
    filter: tools::EventFilter,
    state: std::sync::Arc<State>,
    principal: std::sync::Arc<Principal>,
    server: std::sync::Arc<str>,
}

/// The body of an answer.
pub(super) struct Flow {
    body: UpstreamBody,
    entry: Entry,
    #[allow(dead_code, reason = "counts as long as it lives")]
    hold: (Hold, Option<OpenStream>),
    idle: Idle,
    events: Option<Events>,
    /// When the server said something last. Absent until it first kept us waiting: most answers are
    /// there at once, and reading the clock costs.
    waiting: Option<Waiting>,
    ended: bool,
}

struct Waiting {
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

// === impl Events ===

impl Events {
    pub(super) fn watched() -> Self {
        Self::Watched(sse::Scanner::new())
    }

    pub(super) fn filtered(
        state: &std::sync::Arc<State>,
        principal: &std::sync::Arc<Principal>,
        server: &std::sync::Arc<str>,
    ) -> Self {
        Self::Filtered(Box::new(Filter {
            filter: tools::EventFilter::with_limit(state.config.limits.answer_bytes),
            state: std::sync::Arc::clone(state),
            principal: std::sync::Arc::clone(principal),
            server: std::sync::Arc::clone(server),
        }))
    }

    /// What of these bytes goes on.
    fn pass(&mut self, bytes: Bytes) -> Result<Bytes, Failure> {
        match self {
            Self::Watched(scanner) => {
                scanner.feed(&bytes);
                Ok(bytes)
            }
            Self::Filtered(it) => {
                let Filter { filter, state, principal, server } = &mut **it;
                let permissions = state.authorizer.permissions(principal, server);
                let passed = filter.feed(&bytes, &|tool| permissions.allows(tool));
                passed.map(Bytes::from).map_err(|fault| fault.message.into())
            }
        }
    }

    /// What was held back when the server's stream ended.
    fn finish(&mut self) -> Result<Bytes, Failure> {
        match self {
            Self::Watched(_) => Ok(Bytes::new()),
            Self::Filtered(it) => {
                let Filter { filter, state, principal, server } = &mut **it;
                let permissions = state.authorizer.permissions(principal, server);
                let passed = filter.finish(&|tool| permissions.allows(tool));
                passed.map(Bytes::from).map_err(|fault| fault.message.into())
            }
        }
    }

    fn between_events(&self) -> bool {
        match self {
            Self::Watched(scanner) => scanner.between_events(),
            Self::Filtered(it) => it.filter.between_events(),
        }
    }
}

// === impl Flow ===

impl Flow {
    pub(super) fn new(
        body: UpstreamBody,
        hold: (Hold, Option<OpenStream>),
        idle: Idle,
        events: Option<Events>,
        entry: Entry,
    ) -> Self {
        Self { body, entry, hold, idle, events, waiting: None, ended: false }
    }

    fn end(&mut self, code: Option<&'static str>) {
        if !std::mem::replace(&mut self.ended, true) {
            self.entry.end(code);
        }
    }

    /// The server said all: what was held back goes out.
    fn last(&mut self) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        match self.events.take().map_or(Ok(Bytes::new()), |mut events| events.finish()) {
            Ok(held) if held.is_empty() => {
                self.end(None);
                Poll::Ready(None)
            }
            Ok(held) => {
                self.entry.bytes_out(held.len());
                self.end(None);
                Poll::Ready(Some(Ok(Frame::data(held))))
            }
            Err(failure) => {
                self.end(Some("answer_unreadable"));
                Poll::Ready(Some(Err(failure)))
            }
        }
    }

    /// The server says nothing: keeps the client's connection alive, or ends what is silent for too
    /// long.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let keep_alive = Duration::from_secs(self.idle.keep_alive.max(1));
        let end = Duration::from_secs(self.idle.end.max(1));
        let first = if self.events.is_some() { keep_alive.min(end) } else { end };
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            since: Instant::now(),
            timer: Box::pin(tokio::time::sleep(first)),
        });
        while waiting.timer.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            if now.duration_since(waiting.since) >= end {
                self.end(Some("server_silent"));
                return Poll::Ready(Some(Err("the server was silent for too long".into())));
            }
            let left = end.saturating_sub(now.duration_since(waiting.since));
            waiting.timer.as_mut().reset(now + first.min(left));
            if self.events.as_ref().is_some_and(Events::between_events) {
                // The timer has to wake this task next time, too.
                let _ = waiting.timer.as_mut().poll(context);
                let comment = Bytes::from_static(sse::KEEP_ALIVE);
                self.entry.bytes_out(comment.len());
                return Poll::Ready(Some(Ok(Frame::data(comment))));
            }
        }
        Poll::Pending
    }
}

impl Body for Flow {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let this = &mut *self;
        loop {
            let frame = match Pin::new(&mut this.body).poll_frame(context) {
                Poll::Pending => return this.wait(context),
                Poll::Ready(None) => return this.last(),
                Poll::Ready(Some(Err(failure))) => {
                    this.end(Some("server_broke_off"));
                    return Poll::Ready(Some(Err(failure)));
                }
                Poll::Ready(Some(Ok(frame))) => frame,
            };
            this.waiting = None;
            // Trailers are between the server and the gate.
            let Ok(data) = frame.into_data() else { continue };
            let data = match &mut this.events {
                None => data,
                Some(events) => match events.pass(data) {
                    Ok(data) => data,
                    Err(failure) => {
                        this.end(Some("answer_unreadable"));
                        return Poll::Ready(Some(Err(failure)));
                    }
                },
            };
            if !data.is_empty() {
                this.entry.bytes_out(data.len());
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        // A filter may still hold something back.
        self.body.is_end_stream() && !matches!(self.events, Some(Events::Filtered(_)))
    }

    fn size_hint(&self) -> SizeHint {
        match self.events {
            // Comments come on top.
            Some(_) => SizeHint::default(),
            None => self.body.size_hint(),
        }
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        let code = (!self.is_end_stream()).then_some("client_gone");
        self.end(code);
    }
}
