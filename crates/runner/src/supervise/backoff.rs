//! How long to wait before a restart: longer every time, never the same, bounded.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Times to wait: `first`, doubled with every failure up to `most`, each shortened by up to a half
/// at random so that many don't restart at once. A program that ran for `stable` starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// The longest.
    pub most: Duration,
    /// How long a program must have run for its earlier failures to be forgotten.
    pub stable: Duration,
}

// === impl Backoff ===

impl Default for Backoff {
    /// One second to a minute; forgotten after a minute.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            most: Duration::from_secs(60),
            stable: Duration::from_secs(60),
        }
    }
}

impl Backoff {
    /// The wait after so many failures in a row; none after none.
    #[must_use]
    pub fn after(&self, failures: u32) -> Duration {
        // Keys of hash maps are random; a wait needs no better randomness.
        let random = RandomState::new().hash_one(failures);
        self.shortened(failures, random)
    }

    fn shortened(&self, failures: u32, random: u64) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(factor).min(self.most);
        let thousandths = u32::try_from(random % 501).unwrap_or_default();
        whole.saturating_sub(whole / 1000 * thousandths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_differ() {
        let backoff = Backoff::default();
        let longest = |failures| backoff.shortened(failures, 0).as_millis();
        let expected = [0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000];
        assert_eq!((0..9).map(longest).collect::<Vec<_>>(), expected);
        assert_eq!(longest(u32::MAX), 60_000);
        for random in 0..5000 {
            let wait = backoff.shortened(3, random).as_millis();
            assert!((2000..=4000).contains(&wait), "{wait}");
        }
        assert_eq!(backoff.shortened(3, 500).as_millis(), 2000);
    }
}
