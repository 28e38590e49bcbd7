//! The body of a request on its way in, and what becomes of it if nobody reads it.
//!
//! Over HTTP/2 a stream whose request was not read to its end is reset once it is answered. RFC 9113,
//! 8.1 allows it and asks clients to read the answer all the same; widespread ones (curl 7.88 among
//! them) report a broken stream instead, and whoever was to be told that a key is missing is told
//! nothing. So what little is still to come of a request is taken before it is answered.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use crate::body::next;

/// The most that is taken of a body that nobody wanted.
const MOST: u64 = 64 << 10;
/// How long it may take to come.
const TIME: Duration = Duration::from_secs(1);

/// A body that was given up, if one was.
#[derive(Debug, Clone, Default)]
pub(crate) struct Left(Rc<RefCell<Option<hyper::body::Incoming>>>);

/// The body of a request.
#[derive(Debug)]
pub struct Incoming {
    /// None once it was dropped.
    body: Option<hyper::body::Incoming>,
    left: Option<Left>,
}

// === impl Incoming ===

impl Incoming {
    /// A body with which nothing is done once it is dropped.
    pub(crate) fn new(body: hyper::body::Incoming) -> Self {
        Self { body: Some(body), left: None }
    }

    /// A body that goes to `left` if it is dropped before its end.
    pub(crate) fn kept(body: hyper::body::Incoming, left: &Left) -> Self {
        Self { body: Some(body), left: Some(left.clone()) }
    }
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, http_body::Body::size_hint)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let (Some(body), Some(left)) = (self.body.take(), &self.left) {
            *left.0.borrow_mut() = Some(body);
        }
    }
}

// === impl Left ===

impl Left {
    /// Takes the rest of a body that was given up, if it is small and comes soon; whatever is beyond
    /// that is reset.
    pub(crate) async fn take(self) {
        let Some(mut body) = self.0.borrow_mut().take() else { return };
        if body.is_end_stream() || body.size_hint().lower() > MOST {
            return;
        }
        let rest = async {
            let mut so_far = 0_u64;
            while let Some(Ok(frame)) = next(&mut body).await {
                so_far += frame.data_ref().map_or(0, |data| data.len() as u64);
                if so_far > MOST {
                    return;
                }
            }
        };
        // Too slow: then the stream is reset, as it always may be.
        let _ = tokio::time::timeout(TIME, rest).await;
    }
}
