#!/usr/bin/env bash
# Applies every example against an emulation of AWS on this machine and writes its state.json.
# Ids and addresses are the emulation's, and new in every run.
#
# Needs terraform and a python3 with the package moto[server]; TF_PLUGIN_DIR as in replan.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
server=
trap 'rm -rf "$work"; [ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1
plugins=()
if [ -n "${TF_PLUGIN_DIR:-}" ]; then
    plugins=("-plugin-dir=$TF_PLUGIN_DIR")
    export TF_CLI_CONFIG_FILE=/dev/null
fi

emulate() { # the certificates and the bucket that the examples name are taken to exist
    MOTO_IAM_LOAD_MANAGED_POLICIES=true exec python3 -c '
import sys
import moto.elbv2.models
from moto.s3.models import S3Backend
from moto.server import main
moto.elbv2.models.register_certificate = lambda **certificate: None
get_bucket = S3Backend.get_bucket
def there(self, name, *rest):
    name = name.split("/")[0]
    if name not in self.buckets and name.startswith("logs-of-"):
        self.create_bucket(name, "us-east-1")
    return get_bucket(self, name, *rest)
S3Backend.get_bucket = there
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
' "$1" >"$work/server.log" 2>&1
}

for module in "$here"/*/main.tf; do
    name=$(basename "$(dirname "$module")")
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    emulate "$port" &
    server=$!
    until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
        sleep 0.2
    done
    mkdir "$work/$name"
    for file in "$here/$name"/*.tf "$here/$name"/*.tfvars; do
        [ -e "$file" ] && cp "$file" "$work/$name/"
    done
    (
        cd "$work/$name"
        export AWS_ENDPOINT_URL="http://127.0.0.1:$port"
        terraform init -no-color "${plugins[@]}" >init.log 2>&1 || { cat init.log >&2; exit 1; }
        timeout 600 terraform apply -no-color -auto-approve >apply.log 2>&1 || { tail -n 40 apply.log >&2; exit 1; }
        terraform show -json >"$here/$name/state.json"
    )
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
    echo "examples/$name/state.json: $(wc -c <"$here/$name/state.json") bytes"
done
