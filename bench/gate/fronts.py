"""What is measured: the backend with its fixed answer, and what stands before it.

Each function writes a configuration into the work folder and gives the running program with its port.
"""

import hashlib
import json
import pathlib
import secrets
import shutil
import subprocess
import sys

import load
from processes import Running, free_port

HERE = pathlib.Path(__file__).parent
ANSWER = '{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"ok"}]}}'
SESSION = "f1xed-upstream-session-0123456789abcdef"

BACKEND = """
daemon off; worker_processes 1; pid %(work)s/backend.pid; error_log stderr warn;
events { worker_connections 8192; }
http {
    access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
    client_body_temp_path %(work)s/b1; proxy_temp_path %(work)s/b2; fastcgi_temp_path %(work)s/b3;
    uwsgi_temp_path %(work)s/b4; scgi_temp_path %(work)s/b5;
    # A session opens when it is asked for by this header, which wrk never sends.
    map $http_mcp_method $session { initialize "%(session)s"; default ""; }
    server {
        listen 127.0.0.1:%(port)d;
        location / {
            default_type application/json;
            add_header Mcp-Session-Id $session;
            return 200 '%(answer)s';
        }
    }
}
"""

NGINX = """
daemon off; worker_processes %(workers)d; pid %(work)s/proxy.pid; error_log stderr warn;
events { worker_connections 8192; }
http {
    access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
    client_body_temp_path %(work)s/p1; proxy_temp_path %(work)s/p2; fastcgi_temp_path %(work)s/p3;
    uwsgi_temp_path %(work)s/p4; scgi_temp_path %(work)s/p5;
    upstream backend {
        server 127.0.0.1:%(backend)d; keepalive 64;
        keepalive_requests 1000000000; keepalive_timeout 1h;
    }
    server {
        listen 127.0.0.1:%(port)d reuseport;
        location / {
            proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
        }
    }
}
"""


def backend(work):
    port = free_port()
    values = {"work": work, "port": port, "answer": ANSWER, "session": SESSION}
    return _nginx(work, "backend", BACKEND % values, port), port


def nginx(work, behind, workers):
    port = free_port()
    values = {"work": work, "port": port, "backend": behind, "workers": workers}
    return _nginx(work, "proxy", NGINX % values, port), port


def _nginx(work, name, text, port):
    path = work / f"{name}.conf"
    path.write_text(text)
    running = Running(["nginx", "-p", work, "-c", path], work / f"{name}.log")
    running.listens(port)
    return running


def envoy(work, program, behind, workers):
    port = free_port()
    address = lambda number: {"socket_address": {"address": "127.0.0.1", "port_value": number}}
    router = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
    manager = (
        "type.googleapis.com/envoy.extensions.filters.network"
        ".http_connection_manager.v3.HttpConnectionManager"
    )
    everything = {"match": {"prefix": "/"}, "route": {"cluster": "backend", "timeout": "60s"}}
    chain = {
        "@type": manager,
        "stat_prefix": "in",
        "http_filters": [{"name": "router", "typed_config": {"@type": router}}],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [everything]}]},
    }
    endpoint = {"endpoint": {"address": address(behind)}}
    cluster = {
        "name": "backend",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": "backend", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    listener = {
        "name": "in",
        "address": address(port),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": chain}]}],
    }
    path = work / "envoy.json"
    path.write_text(json.dumps({"static_resources": {"listeners": [listener], "clusters": [cluster]}}))
    words = [program, "-c", path, "--concurrency", workers, "--disable-hot-restart", "-l", "error"]
    running = Running(words, work / "envoy.log")
    running.listens(port)
    return running, port


def mcp_proxy(work, program):
    port = free_port()
    words = [program, "--port", port, "--log-level", "ERROR", "--", sys.executable, HERE / "stdio_server.py"]
    running = Running(words, work / "mcp-proxy.log")
    running.listens(port)
    return running, port


REGION, SERVICE = "us-west-2", "execute-api"


class Farmgate:
    """A gate's files: its keys, stores with one API key and one access key, and its configuration."""

    def __init__(self, work, program, behind, audit="file", plain=True):
        self.work, self.program, self.port = work, program, free_port()
        folder = work / f"gate-{self.port}"
        folder.mkdir()
        self.keys = folder / "keys.json"
        subprocess.run([program, "key", "init", "-o", self.keys], check=True, capture_output=True)
        self.key, store = _store()
        self.store = folder / "store.json"
        self.store.write_text(store)
        self.store.chmod(0o600)
        self.access = folder / "access.json"
        words = [program, "key", "issue-sigv4", "--group", "bench", "--name", "signer"]
        words += ["--store", self.access, "--keys", self.keys]
        issued = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout
        pair = dict(line.split("=", 1) for line in issued.splitlines() if "=" in line)
        key, secret = pair["AWS_ACCESS_KEY_ID"], pair["AWS_SECRET_ACCESS_KEY"]
        self.signer = load.Signer(key, secret, REGION, SERVICE)
        self.audit = folder / "audit.jsonl"
        self.config = folder / "gate.json"
        self.config.write_text(json.dumps(self._config(behind, audit, plain)))

    def _config(self, behind, audit, plain):
        plenty = {"requests": 4_000_000_000, "seconds": 300}
        many = {"per_server": 8192, "per_principal": 8192}
        server = {
            "route": "/mcp",
            "priority": 1,
            "upstream": {"host": "127.0.0.1", "port": behind, "tls": False, "bridge": False},
            # Whoever brings an API key is asked for nothing else.
            "authentication": [
                {"kind": "api_keys", "store": "FARMGATE_STORE_1", "header": "x-api-key", "group_header": "x-group-name"},
                {"kind": "sigv4_issued_keys", "store": "FARMGATE_STORE_2", "region": REGION, "service": SERVICE},
            ],
            "health": {"path": "/mcp", "codes": "200-499", "interval": 30, "timeout": 5, "healthy": 2, "unhealthy": 2},
            "drain": 5,
        }
        return {
            "version": 1,
            "farm": "bench",
            "port": self.port,
            "listen": f"127.0.0.1:{self.port}",
            "plain": plain,
            "admin": f"127.0.0.1:{free_port()}",
            "hosts": ["127.0.0.1", "localhost"],
            "trusted_proxies": [],
            "allow": [],
            "idle_timeout": 3600,
            # Every limit is kept; none is reached.
            "limits": {
                "per_principal": plenty,
                "per_address": plenty,
                "per_server": plenty,
                "concurrency": many,
                "connections_per_address": 10_000,
            },
            "audit": {"stdout": False, "file": {"path": str(self.audit), "rotate_bytes": 4 << 30}}
            if audit == "file"
            else {"stdout": False},
            "servers": {"echo": server},
            "tools": [{"allow": True, "principals": ["group:bench"], "server": "*", "tools": ["echo", "add"]}],
        }

    def headers(self):
        return {"x-api-key": self.key, "x-group-name": "bench"}

    def start(self, wait=True):
        environment = {
            "FARMGATE_KEYS": self.keys.read_text(),
            "FARMGATE_STORE_1": self.store.read_text(),
            "FARMGATE_STORE_2": self.access.read_text(),
        }
        words = [self.program, "gate", "--config", self.config]
        running = Running(words, self.work / f"gate-{self.port}.log", environment)
        if wait:
            running.listens(self.port)
        return running, self.port


def _store():
    """An API key, and the text of a store that holds its hash."""
    identity = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(12))
    key = f"fg_{identity}_{secrets.token_urlsafe(32)}"
    entry = {
        "id": identity,
        "name": "bench",
        "group": "bench",
        "sha256": hashlib.sha256(key.encode()).hexdigest(),
        "created": "2026-01-01T00:00:00Z",
    }
    return key, json.dumps({"version": 1, "keys": [entry]})


def find(name, given):
    """The path of a program: as given, or in PATH."""
    found = given or shutil.which(name)
    return str(pathlib.Path(found).resolve()) if found and "/" in found else found
