#!/usr/bin/env python3
"""Measures `farmgate connect` beside mcp-proxy-for-aws: bench/connect/run.py. See README.md."""

import argparse
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # nothing is left behind in the tree

# Made up: the server behind verifies nothing, both fronts sign.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_REGION": "us-west-2",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    },
}


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--farmgate", default="target/release/farmgate", help="the program to measure")
    parser.add_argument("--proxy", help="mcp-proxy-for-aws; from FARMGATE_NODE_TOOLS or PATH if absent")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=200, help="of each kind, in each round")
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--json", help="a file for the figures")
    return parser.parse_args()


def find_proxy(given):
    if given:
        return given
    tools = os.environ.get("FARMGATE_NODE_TOOLS")
    if tools and (found := pathlib.Path(tools, "aws/bin/mcp-proxy-for-aws")).is_file():
        return str(found)
    return shutil.which("mcp-proxy-for-aws")


class Server:
    """The embedded MCP server, on a free port of this machine."""

    def __init__(self, program):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.child = subprocess.Popen(
            [program, "builtin", "everything", "--listen", f"127.0.0.1:{self.port}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.child.poll() is not None or time.monotonic() > until:
                    raise SystemExit("the server does not start")
                time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(10)


class Front:
    """A stdio MCP server that goes on to another, from its start to its end."""

    def __init__(self, command):
        self.began = time.perf_counter()
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, **CREDENTIALS},
        )
        self.next = 0

    def write(self, message):
        self.child.stdin.write(json.dumps(message).encode() + b"\n")
        self.child.stdin.flush()

    def read(self, ids):
        """The next answer to one of these; what else comes is left out."""
        while True:
            line = self.child.stdout.readline()
            if not line:
                raise SystemExit(f"{self.child.args[0]} ended with {self.child.wait()}")
            message = json.loads(line)
            if message.get("id") in ids and "method" not in message:
                if "result" not in message:
                    raise SystemExit(f"{self.child.args[0]} answers {message}")
                return message

    def open(self):
        """Milliseconds from the start to the answer to `initialize`."""
        self.write(INITIALIZE)
        self.read({0})
        took = (time.perf_counter() - self.began) * 1000
        self.write({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return took

    def ask(self):
        self.next += 1
        call = {"name": "add", "arguments": {"a": 20, "b": 22}}
        self.write({"jsonrpc": "2.0", "id": self.next, "method": "tools/call", "params": call})
        return self.next

    def calls(self, count, at_once):
        """Calls a second, so many of them under way at a time."""
        began, under_way = time.perf_counter(), set()
        for _ in range(count):
            if len(under_way) == at_once:
                under_way.remove(self.read(under_way)["id"])
            under_way.add(self.ask())
        while under_way:
            under_way.remove(self.read(under_way)["id"])
        return count / (time.perf_counter() - began)

    def memory(self):
        """The most memory that it had, in MiB."""
        for line in pathlib.Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise SystemExit("no memory in /proc")

    def end(self):
        self.child.stdin.close()
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def measure(command, given):
    front = Front(command)
    try:
        start = front.open()
        memory = front.memory()
        front.calls(20, 1)  # warm
        return {
            "start": start,
            "memory": memory,
            "one": front.calls(given.calls, 1),
            "many": front.calls(given.calls, given.at_once),
            "memory_after": front.memory(),
        }
    finally:
        front.end()


def main():
    given = options()
    proxy = find_proxy(given.proxy)
    if not proxy:
        print("skipped: mcp-proxy-for-aws not found (pip install mcp-proxy-for-aws)")
    found = {}
    with Server(given.farmgate) as server:
        url = f"http://127.0.0.1:{server.port}/mcp"
        fronts = {"farmgate connect": [given.farmgate, "connect", url, "--sigv4"]}
        if proxy:
            fronts["mcp-proxy-for-aws"] = [
                proxy, url, "--service", "execute-api", "--region", CREDENTIALS["AWS_REGION"],
            ]
        for _ in range(given.rounds):
            for name, command in fronts.items():
                found.setdefault(name, []).append(measure(command, given))
    medians = {
        name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for name, runs in found.items()
    }
    print(f"{'':20}{'to initialize':>15}{'memory':>12}{'after calls':>13}{'calls/s':>10}{given.at_once:>5} at once")
    for name, it in medians.items():
        print(
            f"{name:20}{it['start']:>12.1f} ms{it['memory']:>8.1f} MiB{it['memory_after']:>9.1f} MiB"
            f"{it['one']:>10.0f}{it['many']:>13.0f}"
        )
    ours = medians["farmgate connect"]
    print(f"wanted: start below 50 ms ({ours['start']:.1f}), memory below 20 MiB ({ours['memory_after']:.1f})")
    if proxy:
        theirs = medians["mcp-proxy-for-aws"]
        print(
            f"of mcp-proxy-for-aws: start {ours['start'] / theirs['start']:.3f}, memory "
            f"{ours['memory_after'] / theirs['memory_after']:.3f}, calls {ours['one'] / theirs['one']:.1f} "
            f"times, at once {ours['many'] / theirs['many']:.1f} times"
        )
    if given.json:
        pathlib.Path(given.json).write_text(json.dumps({"runs": found, "medians": medians}, indent=2) + "\n")


if __name__ == "__main__":
    main()
