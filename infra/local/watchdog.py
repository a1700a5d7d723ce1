"""Ends what the local stack started when the stack itself is killed. Run by path, as `python -I watchdog.py`.

Its input is a pipe that only the stack writes to: lines `<pid> <signal>` to watch a process and the group it leads,
`<pid> 0` to forget it. The end of the input means that the stack is gone. The kernel's parent-death signal alone would
not do: it reaches children but not grandchildren, and only on Linux.
"""

import os
import signal
import sys
from contextlib import suppress

import psutil

# PostgreSQL's immediate shutdown kills its own stragglers after five seconds.
SHUTDOWN_SECONDS = 8.0


def main() -> None:
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)
    watched: dict[int, int] = {}
    for line in sys.stdin:
        pid, number = map(int, line.split())
        if number:
            watched[pid] = number
        else:
            watched.pop(pid, None)
    end(watched)


def end(watched: dict[int, int]) -> None:
    """Send each process its signal, and kill what remains of the groups once they have had time to end."""
    processes = []
    for pid, number in watched.items():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            processes.append(psutil.Process(pid))
            (os.killpg if number == signal.SIGKILL else os.kill)(pid, number)
    psutil.wait_procs(processes, SHUTDOWN_SECONDS)
    for pid in watched:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
