"""Runs many commands of the `aws` command line (of PyPI) in one process, since starting it takes
longer than a call. Standard input: one list of arguments a line, as JSON. Standard output: for each a
line of JSON: what it printed, or null if it failed.
"""

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver

driver = create_clidriver()
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = driver.main(json.loads(line))
    print(json.dumps(out.getvalue() if code == 0 else None), flush=True)
