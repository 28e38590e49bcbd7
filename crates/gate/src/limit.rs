//! How much a caller may ask for: rates per principal, address and server, and requests at a time.
//!
//! Rates are counted by governor's GCRA over a monotonic clock, in tables of a fixed greatest size
//! (`table`); requests at a time are counted by `turns`. All of it is of this process alone and
//! survives nothing: a limit over several gates is the business of what stands before them.

mod table;
mod turns;

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use farmgate_farm::gate::{Limits, Rate};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::{Quota, RateLimiter};

use table::{Key, Table};
use turns::Turns;

pub use turns::{Busy, Permit};

/// The longest time over which a rate counts, so that sums of nanoseconds stay small: a year.
const LONGEST: u64 = 365 * 24 * 3600;

/// Counts requests. Shared by all workers; nothing in it waits but [`Limiter::enter`].
pub struct Limiter<C: Clock + Clone = MonotonicClock> {
    clock: C,
    /// Keys of tables are hashes with a secret of this process, so that nobody can make two callers
    /// share a count, and no caller's name takes more than eight bytes.
    hash: RandomState,
    addresses: ArcSwap<Counter<C>>,
    principals: ArcSwap<Counter<C>>,
    servers: ArcSwapOption<Counter<C>>,
    turns: Arc<Turns>,
}

/// Too many requests: how long to wait for the next one, in whole seconds, one at least. The value
/// of `Retry-After` (RFC 9110, 10.2.3) with status 429 (RFC 6585, 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Seconds.
    pub seconds: u64,
}

/// One rate with what it has counted.
struct Counter<C: Clock + Clone> {
    rate: Rate,
    /// None: a rate of no requests, which lets none through.
    limiter: Option<RateLimiter<Key, Table, C, NoOpMiddleware<C::Instant>>>,
}

// === impl Limiter ===

impl Limiter {
    /// With nothing counted yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self::with_clock(limits, MonotonicClock)
    }
}

impl<C: Clock + Clone> Limiter<C> {
    /// With a clock of the caller's, as tests have one. It must not go backwards.
    #[must_use]
    pub fn with_clock(limits: &Limits, clock: C) -> Self {
        let counter = |rate| Arc::new(Counter::new(rate, &clock));
        Self {
            hash: RandomState::new(),
            addresses: ArcSwap::new(counter(limits.per_address)),
            principals: ArcSwap::new(counter(limits.per_principal)),
            servers: ArcSwapOption::new(limits.per_server.map(counter)),
            turns: Arc::new(Turns::new(limits.concurrency)),
            clock,
        }
    }

    /// Takes new limits. What was counted stays for every rate that is what it was; a rate that
    /// changed starts anew. Requests under way stay, also if the new bounds are below their number.
    pub fn update(&self, limits: &Limits) {
        let counter = |rate| Arc::new(Counter::new(rate, &self.clock));
        for (slot, rate) in
            [(&self.addresses, limits.per_address), (&self.principals, limits.per_principal)]
        {
            if slot.load().rate != rate {
                slot.store(counter(rate));
            }
        }
        if self.servers.load().as_ref().map(|counter| counter.rate) != limits.per_server {
            self.servers.store(limits.per_server.map(counter));
        }
        self.turns.update(limits.concurrency);
    }

    /// Counts a request of a client's address. Of IPv6 the first 64 bits count, which is what one
    /// client has (RFC 6177); IPv4 in IPv6 is IPv4.
    ///
    /// # Errors
    /// If it is one too many.
    pub fn address(&self, address: IpAddr) -> Result<(), Wait> {
        self.addresses.load().check(&self.clock, self.key(network(address)))
    }

    /// Counts a request of a principal, by its subject.
    ///
    /// # Errors
    /// If it is one too many.
    pub fn principal(&self, subject: &str) -> Result<(), Wait> {
        self.principals.load().check(&self.clock, self.key(subject))
    }

    /// Counts a request to a server, by its name.
    ///
    /// # Errors
    /// If it is one too many.
    pub fn server(&self, server: &str) -> Result<(), Wait> {
        match self.servers.load().as_ref() {
            Some(counter) => counter.check(&self.clock, self.key(server)),
            None => Ok(()),
        }
    }

    /// Takes a place among the requests under way, of which a server and a principal may have only
    /// so many. It waits for its turn if there is none free and the queue is short: whoever drops
    /// the future leaves the queue. Must run in a tokio runtime with time.
    ///
    /// # Errors
    /// If the queue is full, or its turn didn't come in time: 503.
    pub async fn enter(&self, server: &str, principal: &str) -> Result<Permit, Busy> {
        let principal = self.key(principal);
        self.turns.enter(server, principal).await
    }

    /// Forgets the places of servers that are no more; those with requests under way stay.
    pub fn retain_servers(&self, is_there: impl Fn(&str) -> bool) {
        self.turns.retain(is_there);
    }

    /// How many callers are counted one by one at the moment: addresses and principals. It is
    /// bounded.
    #[must_use]
    pub fn tracked(&self) -> (usize, usize) {
        (self.addresses.load().len(), self.principals.load().len())
    }

    /// How many requests wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.turns.waiting()
    }

    fn key(&self, of: impl std::hash::Hash) -> Key {
        Key(self.hash.hash_one(of))
    }
}

impl<C: Clock + Clone> fmt::Debug for Limiter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").field("tracked", &self.tracked()).finish_non_exhaustive()
    }
}

/// What counts as one client: the address, or an IPv6 address's first 64 bits.
fn network(address: IpAddr) -> (bool, u64) {
    match address.to_canonical() {
        IpAddr::V4(address) => (false, u64::from(address.to_bits())),
        // INVARIANT: the upper half of 128 bits fits into 64.
        IpAddr::V6(address) => (true, u64::try_from(address.to_bits() >> 64).unwrap_or_default()),
    }
}

// === impl Counter ===

impl<C: Clock + Clone> Counter<C> {
    fn new(rate: Rate, clock: &C) -> Self {
        let limiter = NonZeroU32::new(rate.requests).and_then(|requests| {
            // At most a nanosecond less than exact, and never zero.
            let seconds = Duration::from_secs(rate.seconds.clamp(1, LONGEST));
            let each = (seconds / requests.get()).max(Duration::from_nanos(1));
            let quota = Quota::with_period(each)?.allow_burst(requests);
            Some(RateLimiter::new(quota, Table::new(each), clock.clone()))
        });
        Self { rate, limiter }
    }

    fn check(&self, clock: &C, key: Key) -> Result<(), Wait> {
        let Some(limiter) = &self.limiter else {
            return Err(Wait { seconds: self.rate.seconds.clamp(1, LONGEST) });
        };
        limiter.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(clock.now());
            let started = u64::from(wait.subsec_nanos() > 0);
            Wait { seconds: (wait.as_secs() + started).max(1) }
        })
    }

    fn len(&self) -> usize {
        self.limiter.as_ref().map_or(0, RateLimiter::len)
    }
}

#[cfg(test)]
mod tests;
