"""A stdio server for the tests: does what it is told, in either era, and tells what it saw.

It is written by hand so that it can misbehave. One process serves one era, as real ones do.
"""
import json
import os
import sys
import threading
import time

LEGACY_ONLY = "legacy" in sys.argv
SILENT = "silent" in sys.argv  # says nothing to what it doesn't know
MODERN_ONLY = "modern" in sys.argv
CRASH = "crash" in sys.argv
lock = threading.Lock()
state = {"era": None, "count": 0, "answers": {}, "cancelled": [], "next": 100}


def write(text):
    with lock:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def say(message):
    write(json.dumps(message, separators=(",", ":")))


def result(id, **what):
    say({"jsonrpc": "2.0", "id": id, "result": what})


def error(id, code, message, data=None):
    e = {"code": code, "message": message}
    if data is not None:
        e["data"] = data
    say({"jsonrpc": "2.0", "id": id, "error": e})


def note(method, **params):
    say({"jsonrpc": "2.0", "method": method, "params": params})


def ask(method, **params):
    with lock:
        state["next"] += 1
        number = state["next"]
    event = threading.Event()
    state["answers"][number] = [event, None]
    say({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
    event.wait(30)
    return state["answers"].pop(number)[1]


def call(line, message):
    id = message["id"]
    params = message.get("params", {})
    name = params.get("name")
    args = params.get("arguments", {})
    meta = params.get("_meta", {})
    token = meta.get("progressToken")
    if name == "count":
        state["count"] += 1
        result(id, count=state["count"], pid=os.getpid())
    elif name == "line":  # what came, as it came
        result(id, line=line)
    elif name == "raw":  # an answer with odd spelling
        write('{ "result" : {"x":1.0e2,"unknown":[ ],"text":"\\u00e9"} ,"id":%s, "jsonrpc":"2.0" }' % json.dumps(id))
    elif name == "environment":
        result(id, names=sorted(os.environ), values={k: os.environ.get(k) for k in args.get("of", [])})
    elif name == "progress":
        for i in range(args.get("times", 3)):
            note("notifications/progress", progressToken=token, progress=i)
        result(id, done=True)
    elif name == "log":
        note("notifications/message", level="info", data="hello")
        result(id, done=True)
    elif name == "ask":
        result(id, answered=ask("sampling/createMessage", x=1))
    elif name == "sleep":
        end = time.time() + args.get("seconds", 60)
        while time.time() < end and id not in state["cancelled"]:
            time.sleep(0.01)
        if id not in state["cancelled"]:
            result(id, slept=True)
    elif name == "cancelled":
        result(id, cancelled=[str(x) for x in state["cancelled"]])
    elif name == "die":
        os._exit(3)
    elif name == "junk":
        write("this is no JSON \x1b[2J")
        write("")
        write("[]")
        write('{"jsonrpc":"2.0"}')
        result(id, done=True)
    elif name == "long":
        write('{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"' + "x" * args["bytes"] + '"}}')
        result(id, done=True)
    elif name == "large":  # an answer that is too long, with its id at the end or at the start
        text = '"result":{"x":"' + "x" * args["bytes"] + '"}'
        head = '"id":%s' % json.dumps(id)
        write("{" + ",".join([text, head] if args.get("late") else [head, text]) + ',"jsonrpc":"2.0"}')
    elif name == "deep":
        write('{"jsonrpc":"2.0","id":%s,"result":{"x":%s}}' % (json.dumps(id), "[" * 200 + "]" * 200))
    elif name == "general":
        note("notifications/tools/list_changed")
        result(id, done=True)
    elif name == "error":
        print("an error line", file=sys.stderr, flush=True)
        error(id, args.get("code", -32602), "as asked")
    else:
        error(id, -32602, "unknown tool")


def modern(line, message):
    id = message.get("id")
    method = message["method"]
    if method == "server/discover":
        result(id, resultType="complete", supportedVersions=["2026-07-28"], capabilities={})
    elif method == "tools/call":
        threading.Thread(target=call, args=(line, message), daemon=True).start()
    elif method == "tools/list":  # in two pages
        if "cursor" in message["params"]:
            region = {"type": "string", "x-mcp-header": "Region"}
            schema = {"type": "object", "properties": {"region": region}}
            result(id, tools=[{"name": "count", "inputSchema": schema}])
        else:
            result(id, tools=[{"name": "line"}], nextCursor="2")
    elif method == "subscriptions/listen":
        key = {"io.modelcontextprotocol/subscriptionId": str(id) if "text" in sys.argv else id}
        note("notifications/subscriptions/acknowledged", notifications={}, _meta=key)
        note("notifications/tools/list_changed", _meta=key)
        if "ends" in message["params"]:
            note("notifications/cancelled", requestId=id)
        elif "result" in message["params"]:
            result(id, _meta=key)
    else:
        error(id, -32601, "Method not found")


def legacy(line, message):
    id = message.get("id")
    method = message["method"]
    if method == "initialize":
        if MODERN_ONLY:
            return error(id, -32022, "no", {"supported": ["2026-07-28"], "requested": "?"})
        version = message["params"].get("protocolVersion", "2025-11-25")
        result(id, protocolVersion=version, capabilities={"tools": {}}, serverInfo={"name": "t", "version": "1"})
    elif method == "tools/call":
        threading.Thread(target=call, args=(line, message), daemon=True).start()
    elif method == "tools/list":
        result(id, tools=[])
    elif id is not None and not SILENT:
        error(id, -32601, "Method not found")


if CRASH:
    sys.exit(7)
for line in sys.stdin:
    line = line.rstrip("\n")
    message = json.loads(line)
    if message.get("method") == "notifications/cancelled":
        state["cancelled"].append(message["params"]["requestId"])
        continue
    if "method" not in message:
        waiting = state["answers"].get(message.get("id"))
        if waiting:
            waiting[1] = message
            waiting[0].set()
        continue
    if state["era"] is None:
        state["era"] = "legacy" if message["method"] == "initialize" or LEGACY_ONLY else "modern"
    if state["era"] == "modern":
        modern(line, message)
    else:
        legacy(line, message)
