"""Ends what the local stack started when the stack itself is killed. Run by path as `python -I -S watchdog.py`.

Its input is a pipe that only the starter writes to: lines `<pid> <signal>` to watch a process and the group it leads,
`<pid> 0` to forget it. The end of the input means that the starter is gone. PR_SET_PDEATHSIG alone would not do: it
reaches children but not grandchildren, and only on Linux. Standard library only: it runs without site-packages.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

# PostgreSQL's immediate shutdown kills its own stragglers after five seconds.
PATIENCE_SECONDS = 8.0
POLL_SECONDS = 0.05


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
    """Send every process its signal, and kill what remains of the groups once they are gone or patience ends."""
    for pid, number in watched.items():
        with suppress(ProcessLookupError):
            (os.killpg if number == signal.SIGKILL else os.kill)(pid, number)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(map(runs, watched)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    for pid in watched:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def runs(pid: int) -> bool:
    """Whether the process is alive. One that is dead but not yet reaped is not: init may take its time."""
    try:
        os.kill(pid, 0)
        # After the name, which is in parentheses and may hold anything, comes the state.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # no /proc (macOS), or gone meanwhile
        return sys.platform != "linux"


if __name__ == "__main__":
    main()
