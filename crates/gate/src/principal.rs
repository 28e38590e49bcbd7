//! The signed header in which a server, or its bridge, is told who calls.
//!
//! A signature costs more than all else that is done for a request, so one is made for each
//! principal and server and used again for a few seconds; it is good for less than a minute.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use farmgate_keys::{Principal, Signer};
use http::HeaderValue;

/// For how long a header is good, in seconds.
const LIFE: u32 = 30;
/// For how long one is used again. What is left of its life is for the way to the server, and for
/// clocks that differ.
const AGAIN: Duration = Duration::from_secs(10);
/// How many are kept; then all are made anew.
const MOST: usize = 4096;

/// A worker's headers.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    /// By the principal's place in memory, which is its own as long as it is kept here, and by the
    /// server's index.
    made: RefCell<HashMap<(*const Principal, usize), Made>>,
}

#[derive(Debug)]
struct Made {
    #[allow(dead_code, reason = "keeps its place in memory its own")]
    principal: Arc<Principal>,
    /// Of which configuration: keys and servers change with it.
    generation: u64,
    at: Instant,
    value: HeaderValue,
}

/// Seconds since 1970 by the wall clock.
pub(crate) fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A header that is made now.
///
/// None if a principal can't be signed: its groups are too many for a header.
pub(crate) fn header(signer: &Signer, principal: &Principal, server: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(signer.sign(principal, server, unix_now(), LIFE).ok()?).ok()
}

/// The gate itself, as it probes.
pub(crate) fn of_the_gate() -> Principal {
    Principal { subject: "gate".to_owned(), groups: Vec::new(), kind: "gate" }
}

// === impl Headers ===

impl Headers {
    /// The header for a principal's call of a server, by its index and name.
    pub(crate) fn get(
        &self,
        signer: &Signer,
        generation: u64,
        principal: &Arc<Principal>,
        (index, server): (usize, &str),
    ) -> Option<HeaderValue> {
        let mut made = self.made.borrow_mut();
        let key = (Arc::as_ptr(principal), index);
        if let Some(old) = made.get(&key)
            && old.generation == generation
            && old.at.elapsed() < AGAIN
        {
            return Some(old.value.clone());
        }
        let value = header(signer, principal, server)?;
        if made.len() >= MOST {
            made.clear();
        }
        let now = Made {
            principal: Arc::clone(principal),
            generation,
            at: Instant::now(),
            value: value.clone(),
        };
        made.insert(key, now);
        Some(value)
    }
}
