//! A stream that ends when a tool says so, as if the connection had broken: what the client has not
//! had, it fetches with `Last-Event-ID`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;

/// Ends the stream of the request in whose extensions it stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct HangUp(Arc<Notify>);

/// A body that may be hung up.
pub(crate) struct Line<B> {
    body: Pin<Box<B>>,
    hung_up: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    quiet: bool,
}

// === impl HangUp ===

impl HangUp {
    /// Ends it, after what was sent.
    pub(crate) fn now(&self) {
        self.0.notify_one();
    }

    /// The body that it ends.
    pub(crate) fn line<B>(self, body: B) -> Line<B> {
        let hung_up = Box::pin(async move { self.0.notified().await });
        Line { body: Box::pin(body), hung_up: Some(hung_up), quiet: false }
    }
}

// === impl Line ===

impl<B: Body<Data = Bytes>> Body for Line<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let hung_up = self.hung_up.as_mut();
        if hung_up.is_some_and(|hung_up| hung_up.as_mut().poll(context).is_ready()) {
            self.hung_up = None;
            self.quiet = true;
        }
        // What is there already is still sent.
        match self.body.as_mut().poll_frame(context) {
            Poll::Pending if self.quiet => Poll::Ready(None),
            polled => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
