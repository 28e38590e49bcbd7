//! Connections shared out evenly among the workers of one address.
//!
//! The kernel deals connections by a hash of their addresses. Of few and long ones, as a load balancer
//! holds them, one worker then gets twice what another gets, and its clients wait while the other
//! sleeps. So a worker that has more than its share hands what it accepted to the one that has the
//! fewest. What a connection costs is not looked at: only how many there are.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// One in how many connections a worker may have beside the fewest: handing over costs some system
/// calls, which must not be paid for nothing where connections are many and short.
const SLACK: usize = 8;

/// The workers that listen on one address.
#[derive(Debug, Default)]
pub(crate) struct Workers(Mutex<Vec<Arc<Worker>>>);

#[derive(Debug)]
struct Worker {
    /// How many connections it has, those on their way to it among them.
    open: AtomicUsize,
    give: UnboundedSender<Given>,
}

/// A connection on its way from one worker to another: as many as there may be in all.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) stream: TcpStream,
    pub(crate) address: SocketAddr,
    pub(crate) held: Held,
}

/// Counts as a worker's connection until it is dropped.
#[derive(Debug)]
pub(crate) struct Held(Arc<Worker>);

/// A worker's place among the others, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    workers: &'a Workers,
    own: Arc<Worker>,
    given: UnboundedReceiver<Given>,
}

// === impl Workers ===

impl Workers {
    /// One worker more.
    pub(crate) fn join(&self) -> Place<'_> {
        let (give, given) = unbounded_channel();
        let own = Arc::new(Worker { open: AtomicUsize::new(0), give });
        self.all().push(Arc::clone(&own));
        Place { workers: self, own, given }
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Worker>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The worker that has much fewer connections than `own`, with one more counted as its own.
    fn fewer_than(&self, own: &Arc<Worker>) -> Option<Held> {
        let all = self.all();
        if all.len() < 2 {
            return None;
        }
        let least = all.iter().min_by_key(|worker| worker.open.load(Ordering::Relaxed))?;
        let fewest = least.open.load(Ordering::Relaxed);
        let fair = fewest.saturating_add(fewest / SLACK);
        (own.open.load(Ordering::Relaxed) > fair).then(|| Held::by(least))
    }
}

impl Held {
    fn by(worker: &Arc<Worker>) -> Self {
        worker.open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(worker))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

// === impl Place ===

impl Place<'_> {
    /// A connection that another worker handed over. It may be dropped at any time and called again.
    pub(crate) async fn given(&mut self) -> Given {
        match self.given.recv().await {
            Some(given) => given,
            // Its own sender is in `own`.
            None => std::future::pending().await,
        }
    }

    /// Hands a connection over to a worker that has fewer, or gives it back.
    pub(crate) fn settle(
        &self,
        stream: tokio::net::TcpStream,
        address: SocketAddr,
    ) -> std::io::Result<Option<(tokio::net::TcpStream, Held)>> {
        let Some(held) = self.workers.fewer_than(&self.own) else {
            return Ok(Some((stream, Held::by(&self.own))));
        };
        let worker = Arc::clone(&held.0);
        let given = Given { stream: stream.into_std()?, address, held };
        match worker.give.send(given) {
            Ok(()) => Ok(None),
            // It has ended meanwhile.
            Err(back) => {
                let stream = tokio::net::TcpStream::from_std(back.0.stream)?;
                Ok(Some((stream, Held::by(&self.own))))
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.workers.all().retain(|worker| !Arc::ptr_eq(worker, &self.own));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_one_with_the_fewest_gets_it() {
        let workers = Workers::default();
        let (first, second, third) = (workers.join(), workers.join(), workers.join());
        assert!(workers.fewer_than(&first.own).is_none(), "all have none");
        let _one = Held::by(&first.own);
        let _two = Held::by(&second.own);
        let given = workers.fewer_than(&first.own).unwrap();
        assert!(Arc::ptr_eq(&given.0, &third.own));
        assert!(workers.fewer_than(&first.own).is_none(), "one that is on its way counts");
    }

    #[test]
    fn who_has_many_keeps_a_few_more() {
        let workers = Workers::default();
        let (first, second) = (workers.join(), workers.join());
        let _second: Vec<Held> = (0..16).map(|_| Held::by(&second.own)).collect();
        let mut own: Vec<Held> = (0..18).map(|_| Held::by(&first.own)).collect();
        assert!(workers.fewer_than(&first.own).is_none());
        own.push(Held::by(&first.own));
        assert!(workers.fewer_than(&first.own).is_some());
    }

    #[test]
    fn who_left_gets_nothing() {
        let workers = Workers::default();
        let (first, second) = (workers.join(), workers.join());
        let _own: Vec<Held> = (0..3).map(|_| Held::by(&first.own)).collect();
        drop(second);
        assert!(workers.fewer_than(&first.own).is_none());
    }
}
