//! Whole networks against a brute-force oracle: every packet of a tiny address space, through every
//! world that the unknowns allow.
//!
//! `PROPTEST_CASES` says how many networks; a failing one prints its seed, which
//! `regressions` keeps.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

#[path = "topology/judge.rs"]
mod judge;
#[path = "topology/random.rs"]
mod random;
#[path = "topology/regressions.rs"]
mod regressions;
#[path = "topology/show.rs"]
mod show;
#[path = "topology/walk.rs"]
mod walk;
#[path = "topology/worlds.rs"]
mod worlds;

use judge::{Judged, judge};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_agrees_with_the_oracle(seed in any::<u64>()) {
        if let Judged::Wrong(why) = judge(seed) {
            return Err(TestCaseError::fail(format!("seed {seed}: {why}")));
        }
    }
}

#[test]
fn few_answers_are_less_exact_than_they_could_be() {
    let mut counts = [0_usize; 3];
    for seed in 0..2_000 {
        match judge(seed) {
            Judged::Exact => counts[0] += 1,
            Judged::Careful => counts[1] += 1,
            Judged::TooMany => counts[2] += 1,
            Judged::Wrong(why) => panic!("seed {seed}: {why}"),
        }
    }
    println!(
        "{} exact, {} careful (unknown where the oracle knows), {} with too many worlds",
        counts[0], counts[1], counts[2]
    );
    assert!(
        counts[1] * 100 < counts[0],
        "more than one in a hundred is less exact than it could be"
    );
}

/// `SEED=n cargo test -p farmgate-net --test topology one -- --nocapture` shows one network.
#[test]
fn one() {
    let Some(seed) = std::env::var("SEED").ok().and_then(|s| s.parse().ok()) else {
        return;
    };
    match judge(seed) {
        Judged::Wrong(why) => panic!("{why}"),
        other => println!("{other:?}"),
    }
}
