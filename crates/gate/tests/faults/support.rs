//! A farm in process, for tests that mistreat it: backends that do as they are told and count what
//! they see, clients that write raw bytes, and a gate between them. Blocking sockets and threads
//! throughout: the gate has its own, and what is tested is seen from outside.
//!
//! (The paths are written out so that more than one test program can have this module.)

#[path = "support/backend.rs"]
pub(crate) mod backend;
#[path = "support/client.rs"]
pub(crate) mod client;
#[path = "support/farm.rs"]
pub(crate) mod farm;
#[path = "support/h2.rs"]
pub(crate) mod h2;
#[path = "support/secure.rs"]
pub(crate) mod secure;

use std::time::{Duration, Instant};

/// Nothing here takes that long unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for a condition, not for a time.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What this process holds in memory, in MiB.
pub(crate) fn resident_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}

/// File descriptors that this process has open.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
