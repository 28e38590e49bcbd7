"""Processes that are measured: started, watched, and always stopped."""

import os
import pathlib
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A program in a process group of its own."""

    def __init__(self, command, log, environment=None):
        self.log = pathlib.Path(log)
        with self.log.open("ab") as output:
            self.child = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()

    def check(self):
        if self.child.poll() is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise SystemExit(f"{self.child.args[0]} ended with {self.child.returncode}:\n{tail}")

    def listens(self, port, patience=20):
        """Waits until the port takes connections."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            self.check()
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"{self.child.args[0]} does not listen on port {port}; see {self.log}")

    def tree(self):
        """The ids of this process and of all that descend from it."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                stat = fields(int(entry))
                if stat:
                    parents.setdefault(int(stat[1]), []).append(int(entry))
        found, queue = [], [self.child.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            queue += parents.get(pid, [])
        return found

    def cpu_seconds(self):
        """User and system time of all its processes until now."""
        stats = filter(None, (fields(pid) for pid in self.tree()))
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) / TICKS

    def resident_mib(self):
        """What its processes hold in memory now; pages that they share count for each."""
        stats = filter(None, (fields(pid) for pid in self.tree()))
        return sum(int(stat[21]) for stat in stats) * PAGE / 2**20


def fields(pid):
    """The fields of /proc/PID/stat after the name; None if the process is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
