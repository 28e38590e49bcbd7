//! How many connections there are, of whom, and what became of those that were refused.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::balance::Workers;

/// What the workers of one address count together: connections, by address too, and refusals. By it
/// they know each other, and share connections out evenly.
#[derive(Debug, Default)]
pub struct Counts {
    pub(crate) workers: Workers,
    open: AtomicUsize,
    by_address: Mutex<HashMap<IpAddr, usize>>,
    accepted: AtomicU64,
    pub(crate) refusals: Refusals,
}

/// Connections that were ended by a limit or for what they sent, by reason.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    pub(crate) all: AtomicU64,
    pub(crate) address: AtomicU64,
    pub(crate) accept: AtomicU64,
    pub(crate) handshake: AtomicU64,
    pub(crate) framing: AtomicU64,
    pub(crate) head_late: AtomicU64,
    pub(crate) idle: AtomicU64,
    pub(crate) stalled: AtomicU64,
}

/// [`Counts`] at one moment, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Connections that are open now.
    pub open: u64,
    /// Connections that were taken.
    pub accepted: u64,
    /// Refused: there were as many as there may be in all.
    pub refused_all: u64,
    /// Refused: the address had as many as one may have.
    pub refused_address: u64,
    /// Errors of `accept`, as when there are no file descriptors left.
    pub accept_errors: u64,
    /// Ended: TLS's handshake failed or was late.
    pub handshake_failed: u64,
    /// Ended with 400: the framing of a request was not clear.
    pub framing_refused: u64,
    /// Ended: a request's head was late.
    pub head_late: u64,
    /// Ended: idle.
    pub idle: u64,
    /// Ended: the client did not read.
    pub stalled: u64,
}

/// Why a connection was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    All,
    Address,
}

/// Counts as a connection until it is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    counts: Arc<Counts>,
    address: Option<IpAddr>,
}

impl Counts {
    /// All at none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The figures now. They are read one after the other, so sums may be off by what happens
    /// meanwhile.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let refusals = &self.refusals;
        Figures {
            open: self.open.load(Ordering::Relaxed) as u64,
            accepted: read(&self.accepted),
            refused_all: read(&refusals.all),
            refused_address: read(&refusals.address),
            accept_errors: read(&refusals.accept),
            handshake_failed: read(&refusals.handshake),
            framing_refused: read(&refusals.framing),
            head_late: read(&refusals.head_late),
            idle: read(&refusals.idle),
            stalled: read(&refusals.stalled),
        }
    }

    /// Takes a connection, if there is room. `address` is absent if it is not counted by itself.
    pub(crate) fn enter(
        self: &Arc<Self>,
        address: Option<IpAddr>,
        most: usize,
        most_of_address: usize,
    ) -> Result<Ticket, Full> {
        if self.open.fetch_add(1, Ordering::Relaxed) >= most {
            self.open.fetch_sub(1, Ordering::Relaxed);
            count(&self.refusals.all);
            return Err(Full::All);
        }
        let address = address.map(network);
        if let Some(address) = address {
            let mut known = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            let open = known.entry(address).or_default();
            if *open >= most_of_address {
                if *open == 0 {
                    known.remove(&address);
                }
                drop(known);
                self.open.fetch_sub(1, Ordering::Relaxed);
                count(&self.refusals.address);
                return Err(Full::Address);
            }
            *open += 1;
        }
        count(&self.accepted);
        Ok(Ticket { counts: Arc::clone(self), address })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.counts.open.fetch_sub(1, Ordering::Relaxed);
        let Some(address) = self.address else { return };
        let mut known = self.counts.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut open) = known.entry(address) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// What is counted as one address: an IPv4 address, or the /64 that one IPv6 subscriber has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}
