"""Starts programs that cannot outlive the process that started them, whatever kills it.

Three things see to that. The kernel signals each child when its parent dies (`shared/parent_death.py`; Linux). Each
child leads a process group of its own, and `watchdog.py` ends those groups, grandchildren included, when the pipe from
this process closes. And `reap` kills what an ended child leaves of its group.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.local.program import Program
from shared.parent_death import ends_with_parent

WATCHDOG = (sys.executable, "-I", str(Path(__file__).with_name("watchdog.py")))
# A little longer than the watchdog gives the programs.
WATCHDOG_SECONDS = 10.0
# What is left of a killed predecessor ends within this time.
LOCK_SECONDS = 15.0


class Processes:
    """Starts programs and has them ended with this process. Use it from the main thread.

    The kernel's signal is tied to the thread that forked: a child started from a thread that ends would end with it.
    """

    def __init__(self) -> None:
        self._watched: dict[int, signal.Signals] = {}
        self._watchdog = _start_watchdog()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still runs."""
        self._watchdog.stdin.close()  # type: ignore[union-attr]
        try:
            self._watchdog.wait(WATCHDOG_SECONDS)
        except subprocess.TimeoutExpired:
            self._watchdog.kill()
            self._watchdog.wait()

    def start(self, program: Program, output: int | None = None) -> "subprocess.Popen[bytes]":
        """The program, started. Its output and its errors go to `output` (as in subprocess), or where ours go.

        Raises OSError. Waits for a predecessor that still holds the program's lock.
        """
        with _locked(program) as inherited:
            process = subprocess.Popen(
                ends_with_parent(program.command, program.death_signal, program.privileges),
                cwd=program.folder,
                env={**os.environ, **program.environ},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=None if output is None else subprocess.STDOUT,
                pass_fds=inherited,
                # Ctrl-C on the terminal must reach the supervisor alone, which then stops them in order.
                start_new_session=True,
            )
        self._watched[process.pid] = program.death_signal
        self._watch(process.pid, program.death_signal)
        return process

    def reap(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill what an ended process leaves of its group, and forget it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if self._watched.pop(process.pid, None) is not None:
            self._watch(process.pid, 0)

    def stop(self, process: "subprocess.Popen[bytes]", program: Program) -> None:
        """Ask the process to end, kill it if it takes too long, and reap it. Blocks."""
        process.send_signal(program.stop_signal)
        try:
            process.wait(program.stop_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.reap(process)

    def replace_killed_watchdog(self) -> bool:
        """Start another watchdog if ours was killed. Returns whether it was."""
        if self._watchdog.poll() is None:
            return False
        self._watchdog = _start_watchdog()
        for pid, number in self._watched.items():
            self._watch(pid, number)
        return True

    def _watch(self, pid: int, number: int) -> None:
        # A killed watchdog cannot read it; its replacement will.
        with suppress(BrokenPipeError):
            self._watchdog.stdin.write(b"%d %d\n" % (pid, number))  # type: ignore[union-attr]


def _start_watchdog() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(WATCHDOG, stdin=subprocess.PIPE, bufsize=0, start_new_session=True)


@contextmanager
def _locked(program: Program) -> Iterator[tuple[int, ...]]:
    """Descriptors that hold the program's lock for as long as any process has one of them. Raises TimeoutError."""
    if program.lock is None:
        yield ()
        return
    with program.lock.open("a") as file:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError(
                        f"{program.lock.parent} is still in use by an earlier process"
                    ) from None
                time.sleep(0.02)
            else:
                break
        for path in program.stale:
            path.unlink(missing_ok=True)
        yield (file.fileno(),)
