"""Gives random ids and times in a folder of `aws` output stable values, in the order of their files."""

import json
import pathlib
import re
import sys

# moto's ids: `sg-0123456789abcdef0`; the last part of a load balancer's, listener's or rule's ARN.
RANDOM = re.compile(r"\b((?:vpc|subnet|sg|rtb|rtbassoc|igw|acl|aclassoc|eni|vpc-cidr-assoc|dopt|sgr|fl)-)([0-9a-f]{8,17})\b")
PARTS = re.compile(r"(?<=/)[0-9a-f]{16}\b")
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
TIME = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
MAC = re.compile(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b")

folder = pathlib.Path(sys.argv[1])
known = {}


def stable(text, width, prefix=""):
    number = known.setdefault(prefix + text, len(known) + 1)
    return f"{number:0{width}x}"


for path in sorted(folder.glob("*.json")):
    text = path.read_text()
    text = RANDOM.sub(lambda m: m[1] + stable(m[2], 17, m[1]), text)
    text = PARTS.sub(lambda m: stable(m[0], 16), text)
    text = UUID.sub(lambda m: "00000000-0000-4000-8000-" + stable(m[0], 12), text)
    text = TIME.sub("2026-11-22T12:00:00Z", text)
    text = MAC.sub("02:00:00:00:00:00", text)
    document = json.loads(text)
    for group in document.get("logGroups", []):
        group["creationTime"] = 0
    for role in document.get("RoleDetailList", []):
        role["RoleId"] = "AROAEXAMPLE"
    document.pop("UserDetailList", None)
    path.write_text(json.dumps(document, indent=4) + "\n")
