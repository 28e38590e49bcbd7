//! Any bytes as an audit's files: they are read, and what is intact says how it ends. A chain that
//! was really written is then found intact, whatever stands between its lines.

#![no_main]

use std::sync::LazyLock;

use farmgate_farm::gate::{Audit, AuditFile, OnFailure};
use farmgate_gate::audit::verify::{Tail, Verifier};
use farmgate_gate::audit::{Log, Record};
use farmgate_gate::metrics::Metrics;
use libfuzzer_sys::fuzz_target;

/// A chain of some lines.
static CHAIN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("farmgate-fuzz-audit-{}", std::process::id()));
    let file = AuditFile { path: path.clone(), rotate_bytes: 1 << 20, keep_days: 7 };
    let settings =
        Audit { stdout: false, file: Some(file), fail: OnFailure::Closed, arguments: false };
    let log = Log::start(&settings, "fuzz", None, &Metrics::new("fuzz")).expect("a log");
    (0..5).for_each(|_| log.write(&Record::default()));
    assert!(log.close());
    let lines = std::fs::read(&path).expect("its lines");
    let _ = std::fs::remove_file(path);
    lines
});

fuzz_target!(|data: &[u8]| {
    let (first, second) = data.split_at(data.len() / 2);
    let mut verifier = Verifier::default();
    for (name, part) in [("first", first), ("second", second)] {
        verifier.read(name, part).expect("memory can be read");
    }
    for chain in verifier.finish().chains {
        assert!(chain.lines > 0 && chain.requests <= chain.lines);
        assert!(!matches!(chain.tail, Tail::Anchored { .. }), "no head was given");
    }
    // Noise between whole lines does no harm; that of a fuzzer doesn't find a hash.
    let mut noisy = data.to_vec();
    for line in CHAIN.split_inclusive(|byte| *byte == b'\n') {
        noisy.push(b'\n');
        noisy.extend_from_slice(line);
        noisy.extend_from_slice(first);
    }
    let mut verifier = Verifier::default();
    verifier.read("noisy", &*noisy).expect("memory can be read");
    let chains = verifier.finish().chains;
    assert!(chains.iter().any(|chain| chain.problems.is_empty() && chain.tail == Tail::Closed));
});
