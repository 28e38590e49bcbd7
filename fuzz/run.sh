#!/usr/bin/env bash
# Fuzzes with coverage feedback, on the stable toolchain: fuzz/run.sh SECONDS [TARGET...]
#
# Every target runs for SECONDS; without targets, all of them do. An input that breaks one is left in
# fuzz/artifacts/TARGET/, and the others still run: make it a named regression test of the crate in
# question, then mend it.
# `cargo fuzz run TARGET` works too, where there is a nightly toolchain.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET...]}
shift
[ $# -gt 0 ] || set -- $(sed -n 's/^name = "\([a-z0-9_]*\)"$/\1/p' Cargo.toml)

# A target triple of its own keeps the instrumentation out of build scripts and procedural macros.
triple=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing"
unset CARGO_TARGET_DIR # the rest of the tree is built without these flags
bins=()
for target in "$@"; do bins+=(--bin "$target"); done
cargo build --quiet --release --target "$triple" "${bins[@]}"

broken=0
for target in "$@"; do
    mkdir -p "corpus/$target" "artifacts/$target"
    python3 seeds.py "$target" "corpus/$target" "corpus/$target.dict"
    echo "fuzzing $target for $seconds s"
    log=artifacts/$target/log
    dictionary=()
    [ -s "corpus/$target.dict" ] && dictionary=("-dict=corpus/$target.dict")
    if ! "target/$triple/release/$target" "corpus/$target" "${dictionary[@]}" \
        -artifact_prefix="artifacts/$target/" -max_total_time="$seconds" -max_len=16384 \
        -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 >"$log" 2>&1; then
        tail -n 40 "$log"
        echo "fuzz target $target: broken by an input in fuzz/artifacts/$target/" >&2
        broken=1
        continue
    fi
    grep -E '^Done|stat::new_units_added' "$log"
done
exit "$broken"
