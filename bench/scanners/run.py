#!/usr/bin/env python3
"""Scanners side by side on the three real systems: who finds which of the 40 defects.

    bench/scanners/run.py [--farmgate PROGRAM] [--checkov PROGRAM] [--cfn-lint PROGRAM]
                          [--cfn-guard PROGRAM --guard-rules FOLDER]

Reads the inputs from $FARMGATE_REAL_INPUTS and prints Markdown: for each tool what it reads, findings,
false ones where that was judged, and seconds (wall time, all inputs that it reads); then each defect
with the checks that find it. What counts as finding one is in defects.py. A tool that isn't there, or
doesn't read an input, is a dash. See README.md for where the tools come from.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from defects import AFTER, BRAIN, BUS, DEFECTS, ERRORED, FALSE, MCP

TEMPLATES = [
    "ChatbotStack.template.json",
    "McpFarmAlbStack.template.json",
    "nova-act-mcp-fargate.template.json",
    "python-mcp-fargate.template.json",
]
DESCRIBED = [
    "describe-listeners.json",
    "describe-load-balancers.json",
    "describe-security-groups-as-documented.json",
    "describe-subnets.json",
    "describe-target-groups.json",
]


def inputs(real):
    """The files of every input."""
    return {
        BUS: [real / "bus-simulator" / "plan.json"],
        AFTER: [real / "bus-simulator" / "plan-after-apply.json", real / "bus-simulator" / "state.json"],
        ERRORED: [real / "bus-simulator" / "plan-errored.json"],
        BRAIN: [real / "mem-brain" / name for name in DESCRIBED],
        MCP: [real / "mcp-farm" / name for name in TEMPLATES],
    }


def run(command):
    """What a command prints, its code and its time; in an empty folder, without settings of ours."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True)
        return done, time.monotonic() - start


def farmgate(program, files):
    """Findings and statements as (check, on), from a report."""
    done, seconds = run([program, "check", *files, "--format", "json"])
    if done.returncode == 2:
        codes = re.findall(r"^error\[([\w-]+)\]", re.sub(r"\x1b\[[\d;]*m", "", done.stderr), re.MULTILINE)
        return [(f"exit 2: {code}", "") for code in codes], seconds
    report = json.loads(done.stdout)
    found = [(f["rule"], " ".join([*f["origins"], f["title"]])) for f in report["findings"]]
    # A refuted statement is told by its rule, where there is one.
    shown = {name for finding in report["findings"] for name in finding.get("statements", [])}
    for statement in report["statements"]:
        if statement["verdict"] == "refuted" and statement["id"] not in shown:
            found.append((f"statement/{statement['id'].split(':')[0]}", " ".join(statement["on"])))
    return found, seconds


def checkov(program, files):
    framework = "terraform_plan" if "resource_changes" in json.loads(files[0].read_text()) else "cloudformation"
    words = [word for file in files for word in ("-f", file)]
    done, seconds = run(
        [program, *words, "--framework", framework, "secrets", "--skip-download", "--compact", "--quiet",
         "--soft-fail", "--output", "json"]
    )
    reports = json.loads(done.stdout)
    reports = reports if isinstance(reports, list) else [reports]
    failed = [check for report in reports if "results" in report for check in report["results"]["failed_checks"]]
    return [(check["check_id"], f"{check['file_path']} {check['resource']}") for check in failed], seconds


def cfn_lint(program, files):
    done, seconds = run([program, "--format", "json", *files])
    place = lambda item: f"{item['Filename']} {'/'.join(map(str, item['Location'].get('Path') or []))}"
    return [(item["Rule"]["Id"], place(item)) for item in json.loads(done.stdout or "[]")], seconds


def cfn_guard(program, rules, files):
    done, seconds = run(
        [program, "validate", "-r", rules, "-d", *files, "--show-summary", "none", "--structured",
         "--output-format", "json"]
    )
    found = []
    for report in json.loads(done.stdout):
        for item in report.get("not_compliant", []):
            found.append((item["Rule"]["name"], report["name"]))
    return found, seconds


def tools(arguments):
    """The tools that are there: name, the inputs that it reads, and how it is asked."""
    there = {name: shutil.which(program) for name, program in vars(arguments).items() if name != "guard_rules"}
    all_tools = [("farmgate", (BUS, AFTER, ERRORED, BRAIN, MCP), lambda files: farmgate(there["farmgate"], files))]
    all_tools.append(("checkov", (BUS, AFTER, MCP), lambda files: checkov(there["checkov"], files)))
    all_tools.append(("lint", (MCP,), lambda files: cfn_lint(there["lint"], files)))
    rules = arguments.guard_rules
    all_tools.append(("guard", (MCP,), lambda files: cfn_guard(there["guard"], Path(rules).absolute(), files)))
    return [tool for tool in all_tools if there[tool[0]] and (tool[0] != "guard" or rules)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--farmgate", default="target/release/farmgate")
    parser.add_argument("--checkov", default="checkov")
    parser.add_argument("--cfn-lint", default="cfn-lint", dest="lint")
    parser.add_argument("--cfn-guard", default="cfn-guard", dest="guard")
    parser.add_argument("--guard-rules", help="a folder of rules for cfn-guard")
    arguments = parser.parse_args()
    for name in ("farmgate", "checkov", "lint", "guard"):
        program = shutil.which(getattr(arguments, name))
        setattr(arguments, name, str(Path(program).absolute()) if program else getattr(arguments, name))
    real = os.environ.get("FARMGATE_REAL_INPUTS")
    if not real:
        sys.exit("FARMGATE_REAL_INPUTS names no folder")
    files = inputs(Path(real).absolute())
    names = {"farmgate": "farmgate", "checkov": "Checkov", "lint": "cfn-lint", "guard": "cfn-guard"}

    found, seconds = {}, {}
    for name, reads, ask in tools(arguments):
        for which in reads:
            found[name, which], took = ask(files[which])
            seconds[name] = seconds.get(name, 0) + took
    used = [name for name in names if name in seconds]

    def who_finds(defect, name):
        """The checks by which a tool finds a defect; none if it doesn't read the input."""
        if (name, defect.input) not in found:
            return None
        wanted = getattr(defect, name)
        return sorted({check for check, on in found[name, defect.input] if check in wanted and defect.on in on})

    # plan-after-apply is the same farm once more, for one defect; it isn't counted again.
    counted = {name: [c for (n, which), all_ in found.items() if n == name and which != AFTER for c in all_] for name in used}
    wrong = {}
    for (name, which), checks in found.items():
        for bad, at, part, _ in FALSE.get(name, []):
            hits = sum(check == bad and which == at and part in on for check, on in checks)
            wrong[name] = wrong.get(name, 0) + hits
    print("| | reads | findings | false | defects found | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in used:
        reads = ", ".join(which for n, which in found if n == name and which not in (AFTER, ERRORED))
        hits = sum(bool(who_finds(defect, name)) for defect in DEFECTS)
        judged = wrong.get(name, 0) if name in FALSE else "not read"
        print(f"| {names[name]} | {reads} | {len(counted[name])} | {judged} | {hits} of {len(DEFECTS)} | {seconds[name]:.1f} |")
    print()
    print("| | defect | " + " | ".join(names[name] for name in used) + " |")
    print("| --- | --- |" + " --- |" * len(used))
    for defect in DEFECTS:
        cells = []
        for name in used:
            checks = who_finds(defect, name)
            cells.append("" if checks is None else ", ".join(f"`{check}`" for check in checks) or "-")
        if defect.input == "code":
            cells = ["(in code)"] + [""] * (len(used) - 1)
        print(f"| {defect.number} | {defect.text} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
