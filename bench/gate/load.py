"""Load: the request that is sent, and the tools that send it."""

import dataclasses
import datetime
import hashlib
import hmac
import http.client
import json
import pathlib
import statistics
import subprocess

import processes

HERE = pathlib.Path(__file__).parent
BYTES = 200
LEGACY, MODERN = "2025-11-25", "2026-07-28"


@dataclasses.dataclass
class Front:
    """What is measured, and what is sent to it."""

    running: processes.Running
    port: int
    headers: dict
    body: bytes
    # Whether each request needs an id of its own.
    count: bool = False
    # Whose access key signs the request.
    signer: "Signer | None" = None

    def sent(self):
        """The headers as they are sent from now on: a signature holds for five minutes."""
        return self.headers | self.signer.sign(self) if self.signer else self.headers


@dataclasses.dataclass
class Signer:
    """SigV4 with an access key of the farm, for a POST to /mcp."""

    key: str
    secret: str
    region: str
    service: str

    def sign(self, front):
        time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        date, host = time[:8], f"127.0.0.1:{front.port}"
        headers = {name.lower(): value for name, value in front.headers.items()}
        headers = dict(sorted({**headers, "host": host, "x-amz-date": time}.items()))
        names, body = ";".join(headers), hashlib.sha256(front.body).hexdigest()
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        canonical = f"POST\n/mcp\n\n{lines}\n{names}\n{body}"
        scope = f"{date}/{self.region}/{self.service}/aws4_request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        key = f"AWS4{self.secret}".encode()
        for part in (date, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashed}".encode(), "sha256").hex()
        said = f"Credential={self.key}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {"X-Amz-Date": time, "Authorization": f"AWS4-HMAC-SHA256 {said}"}


def call(version=LEGACY, number=7):
    """The headers and the body of a call of the tool `echo`: 200 bytes, or what the era needs."""
    params = {"name": "echo", "arguments": {"text": ""}}
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": version,
    }
    if version == MODERN:
        prefix = "io.modelcontextprotocol/"
        params["_meta"] = {f"{prefix}protocolVersion": version, f"{prefix}clientCapabilities": {}}
        headers |= {"Mcp-Method": "tools/call", "Mcp-Name": "echo"}
    message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
    text = lambda: json.dumps(message, separators=(",", ":"))
    params["arguments"]["text"] = "x" * max(0, BYTES - len(text()))
    return headers, text().encode()


def post(port, headers, body, path="/mcp"):
    """One request: its status, its headers and its body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def initialize(port, headers):
    """Opens a session, and gives its id."""
    params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    own = {key: value for key, value in headers.items() if key != "MCP-Protocol-Version"}
    own["Mcp-Method"] = "initialize"
    status, answered, body = post(port, own, json.dumps(message).encode())
    session = answered.get("Mcp-Session-Id")
    if status != 200 or not session:
        raise SystemExit(f"no session from port {port}: {status} {body[:300]}")
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    post(port, headers | {"Mcp-Session-Id": session}, json.dumps(note).encode())
    return session


def sound(name, front):
    """One call must be answered as it should before its speed means anything."""
    status, _, answer = post(front.port, front.sent(), front.body)
    if status != 200 or b'"text":"ok"' not in answer.replace(b": ", b":"):
        raise SystemExit(f"{name} answers {status}: {answer[:300]}")


class Wrk:
    """wrk with one thread."""

    def __init__(self, work, program):
        self.work, self.program = work, program

    def run(self, front, seconds, connections):
        """Requests a second, latency in milliseconds, CPU time of the front, and its memory."""
        head, payload = self.work / "headers", self.work / "body"
        head.write_text("".join(f"{name}: {value}\n" for name, value in front.sent().items()))
        payload.write_bytes(front.body)
        words = [self.program, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
        words += ["-s", HERE / "call.lua", f"http://127.0.0.1:{front.port}/mcp", "--", head, payload]
        words += ["count"] if front.count else []
        before = front.running.cpu_seconds()
        text = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout
        spent = front.running.cpu_seconds() - before
        found = json.loads(text.strip().rsplit("\n", 1)[-1])
        if found["failed"] or found["broken"] or not found["requests"]:
            raise SystemExit(f"not every call was answered: {found}")
        return {
            "rate": found["requests"] / found["microseconds"] * 1e6,
            "p50": found["p50"] / 1000,
            "p99": found["p99"] / 1000,
            "cpu": spent / found["requests"] * 1e6,
            "mib": front.running.resident_mib(),
        }


class Pace:
    """The client of `pace.rs`: a constant rate."""

    def __init__(self, work):
        self.work, self.program = work, work / "pace"
        words = ["rustc", "-O", "--edition", "2024", HERE / "pace.rs", "-o", self.program]
        subprocess.run([str(word) for word in words], check=True)

    def run(self, front, rate, seconds, connections):
        """Latency in milliseconds."""
        request = self.work / "request"
        lines = {"Host": f"127.0.0.1:{front.port}", **front.sent(), "Content-Length": len(front.body)}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request.write_bytes(f"POST /mcp HTTP/1.1\r\n{head}\r\n".encode() + front.body)
        words = [self.program, f"127.0.0.1:{front.port}", rate, seconds, connections, request]
        text = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout
        found = json.loads(text)
        if found["failed"]:
            raise SystemExit(f"not every call was answered: {found}")
        milliseconds = {key: found[key] / 1000 for key in ("p50", "p99", "p999", "calm")}
        return milliseconds | {key: found[key] for key in ("rate", "unseen", "stopped")}


def medians(rounds):
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
