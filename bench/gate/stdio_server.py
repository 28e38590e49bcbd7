#!/usr/bin/env python3
"""An MCP server over stdio that answers every call with the same text: what mcp-proxy is put before.

It knows as much of MCP as a bridge asks of it, and does nothing else, so that the bridge is measured.
"""

import json
import sys

TOOL = {"name": "echo", "description": "Says ok.", "inputSchema": {"type": "object"}}


def answer(method, params):
    if method == "initialize":
        return {
            "protocolVersion": params.get("protocolVersion", "2025-11-25"),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "fixed-answer", "version": "1"},
        }
    if method == "tools/list":
        return {"tools": [TOOL]}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": "ok"}]}
    return {}


for line in sys.stdin.buffer:
    message = json.loads(line)
    if "id" in message and "method" in message:
        result = answer(message["method"], message.get("params") or {})
        text = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result})
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
