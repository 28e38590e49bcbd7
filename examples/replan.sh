#!/usr/bin/env bash
# Plans every example again with real terraform and writes its plan.json.
#
#   examples/replan.sh           writes the plans
#   examples/replan.sh --check   writes nothing; fails if a committed plan is stale
#
# TF_PLUGIN_DIR: a folder of provider plugins (it holds registry.terraform.io), for a machine that
# cannot reach the registry. No AWS account is needed, and none is called.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
check=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1
plugins=()
if [ -n "${TF_PLUGIN_DIR:-}" ]; then
    plugins=("-plugin-dir=$TF_PLUGIN_DIR")
    export TF_CLI_CONFIG_FILE=/dev/null
fi

# One line for each top-level part, so that a diff is short; without the time of day, and in one order.
normalise='
import json, sys
plan = json.load(sys.stdin)
plan.pop("timestamp", None)
plan.get("relevant_attributes", []).sort(key=json.dumps)
parts = (json.dumps(k) + ":" + json.dumps(plan[k], separators=(",", ":")) for k in plan)
print("{" + ",\n".join(parts) + "}")
'

stale=0
for module in "$here"/*/main.tf; do
    name=$(basename "$(dirname "$module")")
    mkdir "$work/$name"
    for file in "$here/$name"/*.tf "$here/$name"/*.tfvars; do
        [ -e "$file" ] && cp "$file" "$work/$name/"
    done
    (
        cd "$work/$name"
        terraform init -backend=false -no-color "${plugins[@]}" >init.log 2>&1 || { cat init.log >&2; exit 1; }
        terraform plan -no-color -lock=false -out=plan.bin >plan.log 2>&1 || { cat plan.log >&2; exit 1; }
        terraform show -json plan.bin | python3 -c "$normalise" >plan.json
    )
    if [ "$check" = --check ]; then
        if cmp -s "$work/$name/plan.json" "$here/$name/plan.json"; then
            echo "examples/$name/plan.json is up to date"
        else
            echo "examples/$name/plan.json is stale: run examples/replan.sh" >&2
            stale=1
        fi
    else
        cp "$work/$name/plan.json" "$here/$name/plan.json"
        echo "examples/$name/plan.json: $(wc -c <"$here/$name/plan.json") bytes"
    fi
done
exit "$stale"
