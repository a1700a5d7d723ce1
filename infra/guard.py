"""Starts programs that cannot outlive the process that started them, whatever kills it.

Three things see to that. `infra/leash.py` has the kernel signal each child when its parent dies (Linux). Each child
leads a process group of its own, and `infra/watchdog.py` ends those groups, grandchildren included, when the pipe from
this process closes. And whoever reaps a child calls `clear`, which kills what is left of its group.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.program import Program

HERE = Path(__file__).parent
# Without site-packages and the environment's wishes, Python starts in a few milliseconds.
BARE_PYTHON = (sys.executable, "-I", "-S")
# A little longer than the watchdog's own patience.
WATCHDOG_SECONDS = 10.0


class Guard:
    """Starts programs and has them ended with this process. Use it from the main thread.

    The kernel's signal is tied to the thread that forked: a child started from a thread that ends would end with it.
    """

    def __init__(self) -> None:
        self._watched: dict[int, signal.Signals] = {}
        self._watchdog = self._start_watchdog()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, program: Program, output: int | None = None) -> "subprocess.Popen[bytes]":
        """The program, started. Its output and its errors go to `output` (as in subprocess), or where ours go."""
        process = subprocess.Popen(
            leashed(program),
            cwd=program.folder,
            env={**os.environ, **program.environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            # Ctrl-C on the terminal must reach the supervisor alone, which then stops them in order.
            start_new_session=True,
        )
        self._watched[process.pid] = program.death_signal
        self._tell(process.pid, program.death_signal)
        return process

    def clear(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill what an ended process leaves of its group, and forget it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if self._watched.pop(process.pid, None) is not None:
            self._tell(process.pid, 0)

    def stop(self, process: "subprocess.Popen[bytes]", program: Program) -> None:
        """Ask the process to end, kill it if it takes too long, and clear up. Blocks."""
        process.send_signal(program.stop_signal)
        try:
            process.wait(program.stop_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.clear(process)

    def renew(self) -> bool:
        """Start another watchdog if ours was killed. Returns whether it was."""
        if self._watchdog.poll() is None:
            return False
        self._close_pipe()
        self._watchdog = self._start_watchdog()
        for pid, number in self._watched.items():
            self._tell(pid, number)
        return True

    def close(self) -> None:
        """End whatever still runs."""
        self._close_pipe()
        try:
            self._watchdog.wait(WATCHDOG_SECONDS)
        except subprocess.TimeoutExpired:
            self._watchdog.kill()
            self._watchdog.wait()

    def _start_watchdog(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*BARE_PYTHON, str(HERE / "watchdog.py")],
            stdin=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )

    def _tell(self, pid: int, number: int) -> None:
        pipe = self._watchdog.stdin
        # A killed watchdog cannot be told; `renew` tells its successor.
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.write(f"{pid} {number:d}\n".encode())

    def _close_pipe(self) -> None:
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.close()


def leashed(program: Program) -> list[str]:
    """The command line that starts the program by way of `infra/leash.py`."""
    options = {
        "parent": os.getpid(),
        "death_signal": program.death_signal,
        "lock": None if program.lock is None else str(program.lock),
        "lock_seconds": program.lock_seconds,
        "stale": [str(path) for path in program.stale],
        "uid": None if program.account is None else program.account.uid,
        "gid": None if program.account is None else program.account.gid,
        "reach": program.reach,
    }
    return [*BARE_PYTHON, str(HERE / "leash.py"), json.dumps(options), *program.command]
