//! What governor remembers of every caller: one number each, in a table that can't grow beyond its
//! bound, however many callers there are.
//!
//! A caller whose number lies in the past is as good as one that was never seen, so it is dropped
//! when room is needed. If there is none, newcomers share a few numbers: a flood of addresses then
//! limits strangers together, and nobody who was there before. It does no deciding: that is
//! governor's.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// Parts of a table, each with its own lock.
const SHARDS: usize = 64;
/// Callers in one part that have a number of their own: 65,536 in all.
const OWN: usize = 1024;
/// Numbers in one part that others share.
const SHARED: usize = 16;
/// The least number of callers in a part before it is looked through for stale ones.
const FEW: usize = 32;

/// A caller: a keyed hash of what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(pub(super) u64);

/// A table of callers' numbers: the time at which each will have its whole quota again.
pub(super) struct Table {
    shards: Box<[Shard]>,
    /// What one request adds to a caller's number.
    each: u64,
}

/// One part, on a cache line of its own.
#[repr(align(64))]
struct Shard(Mutex<Part>);

struct Part {
    own: HashMap<Key, Nanos>,
    shared: [Nanos; SHARED],
    /// The number of callers at which it is looked through next.
    full: usize,
    /// When it was looked through last, as the newest number then.
    cleaned: u64,
}

// === impl Table ===

impl Table {
    /// An empty one, of a quota that gives one request back in every `each`.
    pub(super) fn new(each: Duration) -> Self {
        let part = || Part {
            own: HashMap::new(),
            shared: [Nanos::default(); SHARED],
            full: FEW,
            cleaned: 0,
        };
        let shards = std::iter::repeat_with(|| Shard(Mutex::new(part()))).take(SHARDS).collect();
        Self { shards, each: u64::try_from(each.as_nanos()).unwrap_or(u64::MAX) }
    }

    fn part(&self, key: Key) -> Option<MutexGuard<'_, Part>> {
        // The upper bits, since the map uses a hash of its own and the lower ones choose a shared
        // number.
        let index = usize::try_from(key.0 >> 58).unwrap_or_default();
        self.shards.get(index % SHARDS).map(Shard::lock)
    }
}

impl StateStore for Table {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let Some(mut part) = self.part(*key) else {
            return f(None).map(|(outcome, _)| outcome);
        };
        if let Some(number) = part.own.get_mut(key) {
            let (outcome, next) = f(Some(*number))?;
            *number = next;
            return Ok(outcome);
        }
        // Of a caller that was never seen, governor's number is now plus `each`.
        let (outcome, next) = f(None)?;
        if part.make_room(next, self.each) {
            part.own.insert(*key, next);
            return Ok(outcome);
        }
        let shared = usize::try_from(key.0).unwrap_or_default() % SHARED;
        let Some(number) = part.shared.get_mut(shared) else { return Ok(outcome) };
        let (outcome, next) = f(Some(*number))?;
        *number = next;
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<Key> for Table {
    fn retain_recent(&self, drop_below: Nanos) {
        for shard in &self.shards {
            shard.lock().own.retain(|_, number| *number > drop_below);
        }
    }

    fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().own.len()).sum()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

// === impl Shard ===

impl Shard {
    fn lock(&self) -> MutexGuard<'_, Part> {
        // A number is written as a whole: what a panic left behind is sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Part ===

impl Part {
    /// Whether one more caller may have a number of its own. Looks for stale ones when their number
    /// has doubled since the last time, which costs every newcomer the same little; when the part is
    /// full, no more often than numbers can become stale.
    fn make_room(&mut self, next: Nanos, each: u64) -> bool {
        if self.own.len() < self.full {
            return true;
        }
        let newest = next.as_u64();
        if self.own.len() >= OWN && newest < self.cleaned.saturating_add(each) {
            return false;
        }
        let now = newest.saturating_sub(each);
        self.own.retain(|_, number| number.as_u64() > now);
        self.cleaned = newest;
        self.full = (2 * self.own.len()).clamp(FEW, OWN);
        if self.own.capacity() > 4 * self.full {
            self.own.shrink_to(self.full);
        }
        self.own.len() < OWN
    }
}
