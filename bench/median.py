#!/usr/bin/env python3
"""Runs a command several times: median.py RUNS SECONDS COMMAND...

Prints the median wall time in milliseconds and the highest memory in megabytes, or `-` where a run
took longer than SECONDS. Memory below this launcher's own cannot be seen, and is said as `<N`. What the command prints is dropped; exit codes 0 and 1 are both fine.
"""

import os
import signal
import statistics
import subprocess
import sys
import time


def once(command, limit):
    start = time.perf_counter()
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    signal.alarm(limit)
    try:
        _, status, usage = os.wait4(child.pid, 0)
    except TimeoutError:
        os.killpg(child.pid, signal.SIGKILL)
        os.wait4(child.pid, 0)
        return None
    finally:
        signal.alarm(0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"{' '.join(command)}: ended with {os.waitstatus_to_exitcode(status)}")
    return (time.perf_counter() - start) * 1000, usage.ru_maxrss / 1024


def overdue(signum, frame):
    raise TimeoutError


if __name__ == "__main__":
    runs, limit, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    signal.signal(signal.SIGALRM, overdue)
    results = []
    for _ in range(runs):
        result = once(command, limit)
        if result is None:
            print("- -")
            sys.exit()
        results.append(result)
    floor, memory = once(["true"], limit)[1], max(result[1] for result in results)
    memory = f"{memory:.0f}" if memory > floor + 1 else f"<{floor + 1:.0f}"
    print(f"{statistics.median(result[0] for result in results):.1f} {memory}")
