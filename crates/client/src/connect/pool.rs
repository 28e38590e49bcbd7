//! Connections that rest until the next request, and answers whose bodies are still to come.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use farmgate_wire::client::Connection;
use http_body::Body as _;
use hyper::body::Incoming;

/// The most connections that rest.
const MOST: usize = 8;
/// How long one rests; what lies between forgets silent connections, and tells nobody.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// The same for a request that can't be sent again: servers close resting connections, many after five
/// seconds (Node, uvicorn), and a request that meets the end halfway is lost.
const LONGEST_REST_ONCE: Duration = Duration::from_secs(3);

/// Connections that rest.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    resting: RefCell<Vec<(Connection, Instant)>>,
}

/// A body that comes. Dropping it before its end closes the connection.
pub(crate) struct Coming {
    body: Incoming,
    connection: Option<Connection>,
    pool: Rc<Pool>,
}

/// Why a body ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broke {
    /// The connection.
    Connection,
    /// Nothing came for too long.
    Silent,
    /// It is longer than it may be.
    TooLong,
}

// === impl Pool ===

impl Pool {
    /// One on which a request can be sent at once; `repeatable` says whether it may be sent again.
    pub(crate) fn take(&self, repeatable: bool) -> Option<Connection> {
        let longest = if repeatable { LONGEST_REST } else { LONGEST_REST_ONCE };
        let mut resting = self.resting.borrow_mut();
        while let Some((connection, since)) = resting.pop() {
            if since.elapsed() < longest && connection.is_ready() && !connection.is_stale() {
                return Some(connection);
            }
        }
        None
    }

    fn put(&self, connection: Connection) {
        let mut resting = self.resting.borrow_mut();
        if !connection.is_closed() && resting.len() < MOST {
            resting.push((connection, Instant::now()));
        }
    }
}

// === impl Coming ===

impl Coming {
    pub(crate) fn new(body: Incoming, connection: Connection, pool: &Rc<Pool>) -> Self {
        let mut coming = Self { body, connection: Some(connection), pool: Rc::clone(pool) };
        if coming.body.is_end_stream() {
            coming.rest();
        }
        coming
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self, silence: Duration) -> Result<Option<Bytes>, Broke> {
        loop {
            let frame =
                std::future::poll_fn(|context| Pin::new(&mut self.body).poll_frame(context));
            let frame = tokio::time::timeout(silence, frame).await.map_err(|_| Broke::Silent)?;
            match frame {
                None => {
                    self.rest();
                    return Ok(None);
                }
                Some(Err(_)) => return Err(Broke::Connection),
                // Trailers say nothing.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// All of it, if it has at most `most` bytes.
    pub(crate) async fn whole(&mut self, most: usize, silence: Duration) -> Result<Vec<u8>, Broke> {
        let mut whole = Vec::new();
        while let Some(data) = self.next(silence).await? {
            if whole.len() + data.len() > most {
                return Err(Broke::TooLong);
            }
            whole.extend_from_slice(&data);
        }
        Ok(whole)
    }

    fn rest(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.put(connection);
        }
    }
}
