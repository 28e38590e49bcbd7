//! Signatures that were used, so that none is used twice: each is remembered until it would be
//! refused anyway.
//!
//! SigV4 has a resolution of a second and no nonce: two equal calls within one second have one
//! signature, and the second of them is refused. That is why this is asked for and isn't the default.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// How many signatures are remembered: some 40 MiB at the most.
const MOST: usize = 1 << 20;
/// How many of one key, so that one caller can't take the room of all: with a window of five minutes,
/// 870 calls a second.
const MOST_OF_KEY: usize = 1 << 18;
/// Seconds of one bucket: those that end in it are forgotten together.
const BUCKET: i64 = 30;

/// As much of a signature as tells it from others: 128 bits of an HMAC.
type Short = [u8; 16];

/// The signatures that were used.
pub(crate) struct Replays {
    seen: Mutex<Seen>,
    most: usize,
    most_of_key: usize,
}

/// Why a signature isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It was used.
    Seen,
    /// There is no room to remember it, so it can't be told whether it will come again.
    Full,
}

#[derive(Default)]
struct Seen {
    /// By the time until which they hold, in units of [`BUCKET`]. That time is signed too, so a
    /// signature is always looked for in the bucket in which it was put.
    buckets: BTreeMap<i64, Bucket>,
    total: usize,
    of_key: HashMap<Box<str>, usize>,
}

#[derive(Default)]
struct Bucket {
    signatures: HashSet<Short>,
    of_key: HashMap<Box<str>, usize>,
}

// === impl Replays ===

impl Default for Replays {
    fn default() -> Self {
        Self::bounded(MOST, MOST_OF_KEY)
    }
}

impl Replays {
    fn bounded(most: usize, most_of_key: usize) -> Self {
        Self { seen: Mutex::default(), most, most_of_key }
    }

    /// Takes a right signature of a key's, which holds until `expires` (seconds since 1970).
    ///
    /// # Errors
    /// If it was taken before, or can't be remembered.
    pub(super) fn take(
        &self,
        key: &str,
        signature: &[u8; 32],
        expires: i64,
        now: i64,
    ) -> Result<(), Again> {
        let [short @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = *signature;
        // A panic leaves whole entries behind.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now);
        let at = expires.div_euclid(BUCKET);
        if seen.buckets.get(&at).is_some_and(|bucket| bucket.signatures.contains(&short)) {
            return Err(Again::Seen);
        }
        let of_key = seen.of_key.get(key).copied().unwrap_or_default();
        if seen.total >= self.most || of_key >= self.most_of_key {
            return Err(Again::Full);
        }
        seen.put(key, short, at);
        Ok(())
    }
}

// === impl Seen ===

impl Seen {
    fn put(&mut self, key: &str, short: Short, at: i64) {
        let bucket = self.buckets.entry(at).or_default();
        bucket.signatures.insert(short);
        count(&mut bucket.of_key, key);
        count(&mut self.of_key, key);
        self.total += 1;
    }

    /// Drops the buckets all of whose signatures are over.
    fn forget(&mut self, now: i64) {
        // The bucket of now may hold what ends in a second.
        let over = now.div_euclid(BUCKET);
        while let Some(first) = self.buckets.first_entry().filter(|first| *first.key() < over) {
            let bucket = first.remove();
            self.total -= bucket.signatures.len();
            for (key, gone) in bucket.of_key {
                if let Some(known) = self.of_key.get_mut(&key) {
                    *known -= gone;
                    if *known == 0 {
                        self.of_key.remove(&key);
                    }
                }
            }
        }
    }
}

fn count(counts: &mut HashMap<Box<str>, usize>, key: &str) {
    match counts.get_mut(key) {
        Some(known) => *known += 1,
        None => {
            counts.insert(key.into(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn signature(number: u32) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        bytes
    }

    #[test]
    fn a_signature_is_taken_once_for_as_long_as_it_holds() {
        let replays = Replays::default();
        let now = 1_800_000_000;
        for expires in [now, now + 1, now + 299, now + 300, now + 3600] {
            let one = signature(u32::try_from(expires - now).unwrap());
            assert_eq!(replays.take("a", &one, expires, now), Ok(()));
            for later in [now, expires] {
                assert_eq!(replays.take("a", &one, expires, later), Err(Again::Seen), "{later}");
            }
        }
    }

    #[test]
    fn what_is_over_is_forgotten_and_makes_room() {
        let replays = Replays::bounded(10, 10);
        let mut now = 1_800_000_000;
        for round in 0..50 {
            for number in 0..10 {
                let one = signature(round * 10 + number);
                assert_eq!(replays.take("a", &one, now + 300, now), Ok(()), "{round} {number}");
            }
            let more = replays.take("a", &signature(9999), now + 300, now);
            assert_eq!(more, Err(Again::Full));
            now += 300 + BUCKET;
        }
        replays.seen.lock().unwrap().forget(now);
        let seen = replays.seen.lock().unwrap();
        assert_eq!((seen.total, seen.of_key.len(), seen.buckets.len()), (0, 0, 0));
    }

    #[test]
    fn one_caller_does_not_take_the_room_of_all() {
        let replays = Replays::bounded(100, 10);
        let now = 1_800_000_000;
        for number in 0..10 {
            assert_eq!(replays.take("loud", &signature(number), now + 300, now), Ok(()));
        }
        assert_eq!(replays.take("loud", &signature(10), now + 300, now), Err(Again::Full));
        assert_eq!(replays.take("quiet", &signature(10), now + 300, now), Ok(()));
    }
}
