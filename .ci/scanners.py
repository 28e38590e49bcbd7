#!/usr/bin/env python3
"""Holds docs/scanners.md to what Checkov says of the blueprints' plans.

    .ci/scanners.py [--checkov PROGRAM] PLAN...

A plan is what `terraform show -json` printed, in a file named after its blueprint. Fails if a check
that fails isn't answered in the table of docs/scanners.md, if one is answered there that fails on
no blueprint any more, or if the page counts other failures than there are. Asks no network.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scanners.md"


class Page:
    """What docs/scanners.md claims."""

    def __init__(self, text):
        self.version = re.search(r"Checkov (\d+\.\d+\.\d+)", text)[1]
        self.answered = set(re.findall(r"^\| `(CKV\w+)` \|", text, re.MULTILINE))
        rows = re.findall(r"^\| `([\w-]+)` \| \d+ \| \d+ \| (\d+) \|", text, re.MULTILINE)
        self.failures = {blueprint: int(failed) for blueprint, failed in rows}


def scan(checkov, plan):
    """Checkov's report on a plan."""
    command = [checkov, "--file", plan.resolve(), "--framework", "terraform_plan"]
    command += ["--skip-download", "--compact", "--quiet", "--soft-fail", "--output", "json"]
    # In an empty folder, where it finds no settings of ours.
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    try:
        report = json.loads(run.stdout)
        summary = report["summary"]
    except (json.JSONDecodeError, KeyError, TypeError):
        sys.exit(f"{plan}: Checkov gave no report\n{run.stdout}{run.stderr}")
    if summary["parsing_errors"] or summary["skipped"] or not summary["passed"]:
        sys.exit(f"{plan}: Checkov didn't check all of it: {summary}")
    return report


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--checkov", default="checkov", help="the program")
    arguments.add_argument("plans", nargs="+", type=Path, metavar="PLAN")
    arguments = arguments.parse_args()

    found = shutil.which(arguments.checkov)
    if not found:
        sys.exit(f"there is no {arguments.checkov}")
    checkov = Path(found).absolute()
    page = Page(PAGE.read_text())
    failing = defaultdict(lambda: defaultdict(list))
    wrong = []
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda plan: scan(checkov, plan), arguments.plans))
    for plan, report in zip(arguments.plans, reports):
        counts = report["summary"]
        row = "| `{}` | {} | {} | {} |".format(
            plan.stem, counts["resource_count"], counts["passed"], counts["failed"]
        )
        print(row)
        if page.version != counts["checkov_version"]:
            wrong.append(f"the page is about {page.version}, this is {counts['checkov_version']}")
        if page.failures.get(plan.stem) != counts["failed"]:
            wrong.append(f"the page counts {page.failures.get(plan.stem)} failures; its row is\n{row}")
        for check in report["results"]["failed_checks"]:
            name = f"{check['check_id']} ({check['check_name']})"
            failing[check["check_id"], name][plan.stem].append(check["resource"])
    for (check, name), blueprints in sorted(failing.items()):
        if check not in page.answered:
            where = [f"{blueprint}: {', '.join(on)}" for blueprint, on in blueprints.items()]
            wrong.append("\n  ".join([f"fails and is not answered: {name}", *where]))
    # What fails nowhere is known only when all were looked at.
    if page.failures.keys() <= {plan.stem for plan in arguments.plans}:
        for check in sorted(page.answered - {check for check, _ in failing}):
            wrong.append(f"is answered and fails nowhere: {check}")
    for line in dict.fromkeys(wrong):
        print(f"{PAGE.parent.name}/{PAGE.name}: {line}", file=sys.stderr)
    print(f"{len(failing)} checks fail, {len(page.answered)} are answered")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
