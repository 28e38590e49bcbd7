//! A million random networks against the oracle: `cargo run --release -p farmgate-net --example
//! million [HOW MANY [FIRST SEED]]`. Uses every core; stops at the first network that the engine
//! gets wrong and prints it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    dead_code,
    reason = "a test that is run by hand"
)]

#[path = "../tests/topology/judge.rs"]
mod judge;
#[path = "../tests/topology/random.rs"]
mod random;
#[path = "../tests/topology/show.rs"]
mod show;
#[path = "../tests/topology/walk.rs"]
mod walk;
#[path = "../tests/topology/worlds.rs"]
mod worlds;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use judge::{Judged, judge};

fn main() {
    let mut words = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let wanted = words.next().map_or(1_000_000, |n| n.expect("HOW MANY is a number"));
    let first = words.next().map_or(0, |n| n.expect("FIRST SEED is a number"));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, wrong) = (AtomicU64::new(0), AtomicBool::new(false));
    let counts: [AtomicU64; 3] = Default::default();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !wrong.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= wanted {
                        break;
                    }
                    let seed = first.wrapping_add(n);
                    let kind = match judge(seed) {
                        Judged::Exact => 0,
                        Judged::Careful => 1,
                        Judged::TooMany => 2,
                        Judged::Wrong(why) => {
                            wrong.store(true, Ordering::Relaxed);
                            println!("seed {seed}: {why}");
                            break;
                        }
                    };
                    counts[kind].fetch_add(1, Ordering::Relaxed);
                    if (n + 1).is_multiple_of(10_000) {
                        println!("{} after {} s", n + 1, started.elapsed().as_secs());
                    }
                }
            });
        }
    });
    let [exact, careful, too_many] = counts.map(AtomicU64::into_inner);
    println!(
        "{exact} exact, {careful} unknown where the oracle knows, {too_many} with too many worlds; {} s",
        started.elapsed().as_secs()
    );
    if wrong.into_inner() {
        std::process::exit(1);
    }
}
