//! Any bytes as the messages of a connection of HTTP/1: the framing guard follows them without a
//! panic, however they are cut, and agrees with hyper on where messages begin and end for as long as
//! both accept them.

#![no_main]

#[path = "../../crates/wire/tests/wire/agreement.rs"]
mod agreement;

use farmgate_wire::framing::{Due, Follower, Seen, Side};
use libfuzzer_sys::fuzz_target;

/// How many of the first bytes say where the rest is cut.
const CUTS: usize = 8;

fuzz_target!(|input: &[u8]| {
    let Some((cuts, bytes)) = input.split_at_checked(CUTS) else { return };
    let cuts: Vec<_> = cuts.iter().map(|cut| usize::from(*cut) * bytes.len() / 256).collect();
    agreement::agree(bytes, &cuts);
    for (side, due) in [
        (Side::Requests, None),
        (Side::Answers, Some(Due::Other)),
        (Side::Answers, Some(Due::Head)),
    ] {
        assert_eq!(followed(side, due, bytes, bytes.len().max(1)), followed(side, due, bytes, 1));
    }
});

/// What is seen of the bytes in pieces of a size, and how many heads were complete.
fn followed(side: Side, due: Option<Due>, bytes: &[u8], size: usize) -> (Seen, u64) {
    let mut follower = Follower::new(side, 4096);
    due.into_iter().for_each(|due| follower.expect(due));
    for (number, piece) in bytes.chunks(size).enumerate() {
        let before = number * size;
        let seen = match follower.follow(piece) {
            Seen::Clear => continue,
            Seen::Fault { at, fault } => Seen::Fault { at: before + at, fault },
            Seen::TooLarge { at } => Seen::TooLarge { at: before + at },
        };
        return (seen, follower.heads());
    }
    (Seen::Clear, follower.heads())
}
