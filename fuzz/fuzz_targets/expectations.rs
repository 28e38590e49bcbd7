//! Any text as a file of expectations: it is read, or every problem in it is named.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &str| {
    if let Err(problems) = farmgate_farm::expect::read(source) {
        assert!(!problems.is_empty(), "refused without a reason");
    }
});
