//! Bodies: what is answered, and how a request's is read as a whole within bounds.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::Failure;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::{Frame, SizeHint};

/// The body of an answer, or of a request to a target.
#[derive(Default)]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// Bytes that are there already; absent once they were taken.
    Full(Option<Bytes>),
    /// Bytes that come as they come.
    Stream(Pin<Box<dyn http_body::Body<Data = Bytes, Error = Failure>>>),
}

impl Body {
    /// A body that is there already.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() { Self::Empty } else { Self::Full(Some(bytes)) }
    }

    /// A body that comes as it comes.
    pub fn stream(body: impl http_body::Body<Data = Bytes, Error = Failure> + 'static) -> Self {
        Self::Stream(Box::pin(body))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(stream) => stream.as_mut().poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(bytes) => bytes.is_none(),
            Self::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Stream(stream) => stream.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "Body::Empty",
            Self::Full(_) => "Body::Full",
            Self::Stream(_) => "Body::Stream",
        })
    }
}

/// Why a body could not be read as a whole.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is larger than it may be.
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    /// It did not come in time.
    #[error("the body did not come in time")]
    TooSlow,
    /// It broke off, or was not framed as HTTP says.
    #[error("the body broke off")]
    Broken(#[source] hyper::Error),
}

impl BodyError {
    /// The status that says so: 413, 408 or 400.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads a whole body of at most `bytes` within `time`. A declared length that is too large is
/// refused before anything is read, and memory is taken as bytes come, not as they are announced.
pub async fn collect<B>(body: B, bytes: usize, time: Duration) -> Result<Bytes, BodyError>
where
    B: http_body::Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    if body.size_hint().lower() > bytes as u64 {
        return Err(BodyError::TooLarge(bytes));
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    tokio::time::timeout(time, gather(body, bytes)).await.unwrap_or(Err(BodyError::TooSlow))
}

async fn gather<B>(mut body: B, most: usize) -> Result<Bytes, BodyError>
where
    B: http_body::Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = next(&mut body).await {
        // Trailers say nothing to the gate.
        let Ok(data) = frame.map_err(BodyError::Broken)?.into_data() else { continue };
        let so_far = first.len() + all.len();
        if data.len() > most.saturating_sub(so_far) {
            return Err(BodyError::TooLarge(most));
        }
        if so_far == 0 {
            first = data; // Most bodies come in one piece: no copy.
            continue;
        }
        if all.is_empty() {
            all.reserve(first.len() + data.len());
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// The next frame of a body.
pub(crate) async fn next<B>(body: &mut B) -> Option<Result<Frame<Bytes>, B::Error>>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}
