//! Seeds that once told the engine wrong, by what was wrong.

use super::judge::{Judged, judge};

fn holds(seed: u64) {
    if let Judged::Wrong(why) = judge(seed) {
        panic!("seed {seed}: {why}");
    }
}

/// In each of two worlds some host got in, but not the same: that is unknown, not yes.
#[test]
fn regression_different_sources_in_different_worlds() {
    holds(4_999_019_582_669_981_902);
}

/// Behind a relay that keeps the client's address, IPv4 and IPv6 clients go different ways.
#[test]
fn regression_preserved_clients_of_both_families() {
    holds(14_550_225_164_462_017_168);
}
