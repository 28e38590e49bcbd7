#!/usr/bin/env bash
# Measures farmgate, and Checkov in the same run where it is installed: bench/run.sh [PLAN]
# See bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
farmgate=${CARGO_TARGET_DIR:-target}/release/farmgate
cargo build --release --quiet -p farmgate

plan=${1:-}
if [ -z "$plan" ]; then
    plan=examples/farm-with-a-hole/plan.json
    real=${FARMGATE_REAL_INPUTS:-}/bus-simulator/plan.json
    [ -r "$real" ] && plan=$real
fi

# measure RUNS LIMIT COMMAND...: sets $ms and $mb, `-` if it takes longer than LIMIT seconds.
measure() {
    local result
    result=$(python3 bench/median.py "$@")
    read -r ms mb <<<"$result"
}

row() { # WHO LIMIT
    if [ "$ms" = - ]; then
        printf '  %-10s not done after %s s\n' "$1" "$2"
    else
        printf '  %-10s %10s ms %6s MB\n' "$1" "$ms" "$mb"
    fi
}

compare() { # PLAN CHECKOV-RUNS CHECKOV-LIMIT
    measure 20 600 "$farmgate" check "$1"
    row farmgate 600
    local ours=$ms
    if command -v checkov >/dev/null; then
        measure "$2" "$3" checkov -f "$1" --quiet --compact --skip-download
        row checkov "$3"
        [ "$ms" = - ] && ms=${3}000 && printf '  %-10s more than ' ratio || printf '  %-10s ' ratio
        python3 -c 'import sys; print(f"{float(sys.argv[1]) / float(sys.argv[2]):.0f}")' "$ms" "$ours"
    else
        echo "  skipped: checkov not found (pip install checkov)"
    fi
}

echo "$plan ($(wc -c <"$plan") bytes)"
compare "$plan" 3 600

echo
echo "synthetic, 5,000 resources"
python3 bench/synthetic_plan.py 5000 >"$work/plan.json"
compare "$work/plan.json" 1 60

echo
python3 bench/synthetic_sources.py template 50 "$work/large.template.json"
python3 bench/synthetic_sources.py describe 50 "$work/describe"
for large in "$work/large.template.json" "$work/describe"; do
    echo "$(basename "$large") ($(du -sb "$large" | cut -f 1) bytes)"
    measure 3 600 "$farmgate" check "$large"
    row farmgate 600
done
if command -v cfn-lint >/dev/null; then
    measure 1 60 cfn-lint --ignore-checks W,E -- "$work/large.template.json"
    row cfn-lint 60
else
    echo "  skipped: cfn-lint not found (pip install cfn-lint)"
fi

echo
echo "interfaces, 50 rules a group"
cargo run --release --quiet -p farmgate-net --example curve
