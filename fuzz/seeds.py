#!/usr/bin/env python3
"""Lays out what a fuzz target starts from: seeds.py TARGET FOLDER DICTIONARY

import_terraform starts from the plans and states of the examples, cut to one resource each, since
small inputs are what a fuzzer can work with; expectations from the documentation of their format; farm
from the blueprints, whole and cut to their first servers.
"""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
EXAMPLES = HERE.parent / "examples"


def words(value, found):
    """All short words in a JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            words(key, found)
            words(item, found)
    elif isinstance(value, list):
        for item in value:
            words(item, found)
    elif isinstance(value, str) and re.fullmatch(r"[\w.:/-]{2,32}", value):
        found.add(value)
    return found


def cut(plan):
    """A plan or state with one of its resources at a time."""
    root = plan.get("planned_values", plan.get("values"))["root_module"]
    for resource in root["resources"]:
        address, name = resource["address"], f"{resource['type']}.{resource['name']}"
        small = dict(plan)
        small.pop("relevant_attributes", None)
        if "values" in plan:
            small["values"] = {"root_module": {"resources": [resource]}}
        else:
            config = plan["configuration"]["root_module"]["resources"]
            small["planned_values"] = {"root_module": {"resources": [resource]}}
            small["resource_changes"] = [c for c in plan["resource_changes"] if c["address"] == address]
            small["configuration"] = {
                "root_module": {"resources": [r for r in config if r["address"] == name]}
            }
        yield address, small


def main(target, folder, dictionary):
    folder, found = pathlib.Path(folder), set()
    if target == "import_terraform":
        for file in sorted(EXAMPLES.glob("*/*.json")):
            plan = json.loads(file.read_text())
            words(plan, found)
            for address, small in cut(plan):
                name = re.sub(r"\W+", "-", f"{file.parent.name}-{file.stem}-{address}").strip("-")
                (folder / name).write_text(json.dumps(small, separators=(",", ":")))
    if target == "expectations":
        page = (HERE.parent / "docs" / "expectations.md").read_text()
        for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)):
            found |= set(re.findall(r"[a-z_]{2,}:?", block))
            (folder / f"documented-{number}").write_text(block)
    if target == "farm":
        for file in sorted((HERE.parent / "blueprints").glob("*/farm.yaml")):
            text = file.read_text()
            found |= set(re.findall(r"[a-z_]{2,}:", text)) | set(re.findall(r"[\w.:/-]{2,32}", text))
            bare = "".join(line for line in text.splitlines(True) if not line.lstrip().startswith("#"))
            (folder / file.parent.name).write_text(bare)
    entries = (json.dumps(word, ensure_ascii=True) for word in sorted(found) if word.isascii())
    pathlib.Path(dictionary).write_text("".join(entry + "\n" for entry in entries))


if __name__ == "__main__":
    main(*sys.argv[1:])
