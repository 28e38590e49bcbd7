//! Fingerprints: by which code scanning knows a result again in the next run.
//!
//! Made of the rule and the addresses in question and of nothing else: a result that moves to
//! another line, is told in other words or becomes more severe is still the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The results so far.
pub(super) struct Fingerprints {
    seen: BTreeMap<String, usize>,
}

impl Fingerprints {
    pub(super) fn new() -> Self {
        Self { seen: BTreeMap::new() }
    }

    /// The fingerprints of one more result.
    pub(super) fn next<'a>(
        &mut self,
        rule: &str,
        origins: impl IntoIterator<Item = &'a str>,
    ) -> Value {
        let mut origins: Vec<&str> = origins.into_iter().collect();
        origins.sort_unstable();
        origins.dedup();
        let mut hash = Sha256::new();
        for part in std::iter::once(rule).chain(origins) {
            // With its length before it, no part can pass for two.
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        let whole: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let number = self.seen.entry(whole.clone()).or_insert(0);
        *number += 1;
        let short: String = whole.chars().take(16).collect();
        // The first is the one that GitHub compares; it would else be made of the line's text, which
        // is the same for everything in a plan.
        json!({
            "primaryLocationLineHash": format!("{short}:{number}"),
            "farmgate/v1": format!("{whole}:{number}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_says_nothing_and_parts_are_kept_apart() {
        let of = |rule: &str, origins: &[&str]| {
            Fingerprints::new().next(rule, origins.iter().copied()).to_string()
        };
        assert_eq!(of("r", &["a", "b"]), of("r", &["b", "a", "a"]));
        assert_ne!(of("r", &["a", "b"]), of("r", &["ab"]));
        assert_ne!(of("r", &["a"]), of("ra", &[]));
        let mut all = Fingerprints::new();
        assert_ne!(all.next("r", ["a"]), all.next("r", ["a"]));
    }
}
