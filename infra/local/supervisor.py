"""Starts programs in order, keeps them running, and stops them in the opposite order."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infra.local.console import Console
from infra.local.processes import Processes
from infra.local.program import Program, Stage

POLL_SECONDS = 0.05
# A crash loop must neither fill the log nor keep someone waiting once its cause is gone.
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
# A program that ran this long had come up: its next end is counted as the first.
STEADY_SECONDS = 30.0
# Before all is ready, more ends in a row than bad luck explains: the stack cannot come up.
MOST_ENDS_AT_START = 5
REMIND_SECONDS = 15.0
# One order to stop may come several times: from the terminal to the whole group, and again from make to its child.
SAME_ORDER_SECONDS = 1.0
# What a program's group wrote before it was killed; a child that escaped the group may hold the pipe for ever.
OUTPUT_SECONDS = 0.5
# The shell's status for a command that cannot be run.
CANNOT_RUN = 126
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Stop(Exception):
    """The stack is to stop. Its argument is the exit status."""


@dataclass(eq=False, slots=True)
class _Supervised:
    """A program and its process, if it runs; else when it is to be started again (never: None)."""

    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    output: threading.Thread | None = None
    started: float = 0.0
    restart: float | None = None
    ends: int = 0
    status: int | None = None


class Supervisor:
    """Runs stages of programs until it is told to stop. Belongs to the main thread, as `Processes` does."""

    def __init__(
        self,
        processes: Processes,
        console: Console,
        *,
        parent: int | None = None,
        first_delay_seconds: float = FIRST_DELAY_SECONDS,
    ) -> None:
        """parent: this process's parent, if the stack is to stop when that ends.

        first_delay_seconds: what a program that ended waits before it is started again; it doubles with each end.
        """
        self._processes = processes
        self._console = console
        self._parent = parent
        self._first_delay = first_delay_seconds
        self._supervised: dict[str, _Supervised] = {}
        self._stopping = False
        self._told_to_stop: float | None = None
        self._announced = False

    def run(self, stages: Sequence[Stage], announcement: str) -> int:
        """Run the stages, announce that all are ready, and stop all when told to. Returns an exit status."""
        for number in STOP_SIGNALS:
            # Under nohup the stack outlives its terminal.
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: self._on_stop_signal())
        try:
            for stage in stages:
                self._start_stage(stage)
            self._announced = True
            self._console.say(announcement)
            while True:
                self._check()
        except _Stop as stop:
            return int(stop.args[0])
        finally:
            self._stopping = True
            for stage in reversed(stages):
                self._stop_stage(stage)

    def _on_stop_signal(self) -> None:
        """The first says to stop, another one to stop at once: PostgreSQL too, which must then recover at its next start."""
        self._stopping, now = True, time.monotonic()
        if self._told_to_stop is None:
            self._told_to_stop = now
        if now - self._told_to_stop < SAME_ORDER_SECONDS:
            return
        for each in self._supervised.values():
            if each.process is not None:
                each.process.send_signal(each.program.death_signal)

    def _start_stage(self, stage: Stage) -> None:
        for program in stage.programs:
            supervised = self._supervised[program.name] = _Supervised(program)
            self._start(supervised)
            while program.once and supervised.status is None:
                self._check()
        start = reminded = time.monotonic()
        while not stage.ready():
            self._check()
            now = time.monotonic()
            if now - start > stage.timeout:
                self._console.say(f"Going on without {stage.name}.")
                return
            if now - reminded > REMIND_SECONDS:
                reminded = now
                self._console.say(f"Still waiting for {stage.name}.")

    def _check(self) -> None:
        """Wait a moment, and see to whatever has happened meanwhile. Raises _Stop."""
        time.sleep(POLL_SECONDS)
        if self._stopping:
            self._console.say("Stopping. Once more, a second later, kills at once.")
            raise _Stop(0)
        if self._parent is not None and os.getppid() != self._parent:
            self._console.say("The process that started Vitrine is gone. Stopping.")
            raise _Stop(0)
        if self._processes.replace_killed_watchdog():
            self._console.say("The watchdog was killed; there is a new one.")
        for each in self._supervised.values():
            if each.process is not None and each.process.poll() is not None:
                self._clean_up(each)
                self._on_end(each)
            elif each.restart is not None and time.monotonic() >= each.restart:
                self._start(each)

    def _start(self, supervised: _Supervised) -> None:
        program = supervised.program
        supervised.restart, supervised.started = None, time.monotonic()
        try:
            process = self._processes.start(program, subprocess.PIPE)
        except OSError as error:
            self._console.say(f"{program.name} cannot be started: {error}.")
            supervised.status = CANNOT_RUN
            self._on_end(supervised)
            return
        supervised.process = process
        supervised.output = threading.Thread(
            target=self._console.copy, args=(program.name, process.stdout), daemon=True
        )
        supervised.output.start()

    def _on_end(self, supervised: _Supervised) -> None:
        """Say that a program has ended, and when it is started again. Raises _Stop."""
        name, status = supervised.program.name, supervised.status or 0
        ending = (
            f"ended with status {status}" if status >= 0 else f"was ended by {signal.Signals(-status).name}"
        )
        if supervised.program.once:
            if status != 0:
                self._console.say(f"{name} {ending}, and nothing can run without it. Stopping.")
                raise _Stop(1)
            return
        now = time.monotonic()
        supervised.ends = 1 if now - supervised.started > STEADY_SECONDS else supervised.ends + 1
        if supervised.ends == MOST_ENDS_AT_START and not self._announced:
            self._console.say(f"{name} {ending} {supervised.ends} times in a row. Stopping.")
            raise _Stop(1)
        delay = min(self._first_delay * 2 ** (supervised.ends - 1), LONGEST_DELAY_SECONDS)
        self._console.say(f"{name} {ending}; starting it again in {delay:g} s.")
        supervised.restart = now + delay

    def _clean_up(self, supervised: _Supervised) -> None:
        """Take leave of a process that has ended: end its group, and pass on the last of its output."""
        if supervised.process is None or supervised.output is None:
            return
        self._processes.reap(supervised.process)
        supervised.output.join(OUTPUT_SECONDS)
        supervised.status, supervised.process = supervised.process.returncode, None

    def _stop_stage(self, stage: Stage) -> None:
        running = [each for each in self._of(stage) if each.process is not None]
        for each in running:
            each.process.send_signal(each.program.stop_signal)  # type: ignore[union-attr]
        start = time.monotonic()
        while running:
            time.sleep(POLL_SECONDS)
            for each in running:
                seconds = each.program.stop_seconds
                if each.process is not None and each.process.poll() is not None:
                    self._clean_up(each)
                elif each.process is not None and time.monotonic() - start > seconds:
                    self._console.say(f"{each.program.name} did not stop in {seconds:g} s and is killed.")
                    each.process.kill()
                    each.process.wait()
            running = [each for each in running if each.process is not None]

    def _of(self, stage: Stage) -> Iterable[_Supervised]:
        return (self._supervised[each.name] for each in stage.programs if each.name in self._supervised)
