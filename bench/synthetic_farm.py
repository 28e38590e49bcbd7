#!/usr/bin/env python3
"""Prints a farm file of N servers: synthetic_farm.py N

Every kind of server is among them (HTTP with a bridge, stdio, HTTPS of its own), with secrets of both
stores, ten services and a database.
"""

import sys

DIGEST = "9b2a7c1d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeef"
REGISTRY = "123456789012.dkr.ecr.us-west-2.amazonaws.com"

HEAD = f"""\
farm: many
region: us-west-2
account: "123456789012"
network: {{ cidr: 10.0.0.0/16, zones: 3, nat: per-zone }}
ingress:
  allow: [203.0.113.0/24]
  domain: {{ name: farm.example.com, zone: Z0123456789ABCDEFGHIJ }}
auth:
  - api_keys: {{ store: "secretsmanager:many/api-keys" }}
gate:
  image: "{REGISTRY}/farmgate@sha256:{DIGEST}"
  public_key: "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
databases:
  memories: {{ engine: postgres }}
services:
"""


def service(number):
    return f"""\
  service-{number}:
    image: "{REGISTRY}/service-{number}@sha256:{DIGEST}"
    port: 8000
    reaches: [databases.memories]
"""


def server(number):
    kind = number % 4
    lines = [
        f"  server-{number:03}:",
        f"    route: /server-{number:03}/mcp",
        f'    image: "{REGISTRY}/server-{number:03}@sha256:{DIGEST}"',
        "    scale: { min: 1, max: 3, cpu: 70 }",
        f"    reaches: [services.service-{number % 10}]",
    ]
    if kind == 0:
        lines += [f'    secrets: {{ TOKEN: "secretsmanager:many/server-{number:03}" }}']
    if kind == 1:
        lines += ["    transport: stdio", "    command: [node, index.js]"]
    if kind == 2:
        lines += [f'    secrets: {{ TOKEN: "ssm:/many/server-{number:03}" }}', "    port: 3001"]
    if kind == 3:
        lines += ["    tls: server", "    port: 9443"]
    return "\n".join(lines) + "\n"


def main(servers):
    print(HEAD, end="")
    print("".join(service(number) for number in range(10)), end="")
    print("servers:")
    print("".join(server(number) for number in range(servers)), end="")


if __name__ == "__main__":
    main(int(sys.argv[1]))
