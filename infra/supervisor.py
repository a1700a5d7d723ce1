"""Starts programs in order, keeps them running, and stops them in the opposite order."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from infra.console import Console
from infra.guard import Guard
from infra.program import Program

LAST_WORDS_SECONDS = 0.05
# A crash loop must neither fill the log nor keep someone waiting once its cause is gone.
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
# A program that ran this long had come up: its next end starts the count anew.
STEADY_SECONDS = 30.0
# Before all is ready, more ends in a row than bad luck explains: the stack cannot come up.
MOST_ENDS_AT_START = 5
REMIND_SECONDS = 15.0
# A line without an end is shown in parts rather than kept for ever.
LONGEST_LINE = 1 << 16
# A forked child that escaped its group may write for ever.
MOST_READS_AT_END = 64
# The shell's status for a command that cannot be run.
CANNOT_START = 126
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Stage:
    """Programs that are started together, and stopped together.

    ready: asked until it says yes, in a thread; the next stage waits for it, but no longer than `patience` seconds.
    """

    name: str
    programs: tuple[Program, ...] = ()
    ready: Callable[[], bool] = _always
    patience: float = float("inf")


@dataclass(eq=False, slots=True)
class _Kept:
    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    task: "asyncio.Task[None] | None" = None


class Supervisor:
    """Runs stages of programs until it is told to stop."""

    def __init__(
        self,
        guard: Guard,
        console: Console,
        *,
        parent: int | None = None,
        first_delay_seconds: float = FIRST_DELAY_SECONDS,
    ) -> None:
        """parent: this process's parent, if the stack is to stop when that ends.

        first_delay_seconds: what a program that ended waits before it is started again; it doubles with each end.
        """
        self._guard = guard
        self._console = console
        self._parent = parent
        self._first_delay = first_delay_seconds
        self._kept: dict[str, _Kept] = {}
        self._stop = asyncio.Event()
        self._child_ended = asyncio.Event()
        self._announced = False
        self._failed = False

    async def run(self, stages: Sequence[Stage], announcement: str) -> int:
        """Run the stages, say the announcement once all are ready, and stop all when told to. Returns an exit status."""
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            # Under nohup the stack outlives its terminal.
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            loop.add_signal_handler(number, self._on_signal)
        loop.add_signal_handler(signal.SIGCHLD, self._on_child_end)
        minder = asyncio.create_task(self._mind())
        try:
            for stage in stages:
                await self._enter(stage)
            if not self._stop.is_set():
                self._announced = True
                self._console.say(announcement)
            await self._stop.wait()
        finally:
            for stage in reversed(stages):
                await asyncio.gather(
                    *(self._end(self._kept[p.name]) for p in stage.programs if p.name in self._kept)
                )
            minder.cancel()
        return 1 if self._failed else 0

    def _on_signal(self) -> None:
        if not self._stop.is_set():
            self._console.say("Stopping. Once more kills at once.")
            self._stop.set()
            return
        for kept in self._kept.values():
            if kept.process is not None:
                kept.process.send_signal(kept.program.death_signal)

    def _on_child_end(self) -> None:
        # Wakes those who wait now; whoever looks later waits for the next one.
        ended, self._child_ended = self._child_ended, asyncio.Event()
        ended.set()

    def _fail(self, reason: str) -> None:
        self._console.say(reason)
        self._failed = True
        self._stop.set()

    async def _mind(self) -> None:
        """See that the watchdog lives and, where that matters, the parent."""
        while True:
            if self._guard.renew():
                self._console.say("The watchdog was killed; there is a new one.")
            if self._parent is not None and os.getppid() != self._parent and not self._stop.is_set():
                self._console.say("The process that started Vitrine is gone. Stopping.")
                self._stop.set()
            await asyncio.sleep(0.5)

    async def _enter(self, stage: Stage) -> None:
        for program in stage.programs:
            if self._stop.is_set():
                return
            kept = self._kept[program.name] = _Kept(program)
            kept.task = asyncio.create_task(self._run_once(kept) if program.once else self._keep(kept))
            if program.once:
                await asyncio.wait(
                    {kept.task, asyncio.ensure_future(self._stop.wait())}, return_when=asyncio.FIRST_COMPLETED
                )
        await self._until_ready(stage)

    async def _until_ready(self, stage: Stage) -> None:
        loop = asyncio.get_running_loop()
        start = reminded = loop.time()
        while not self._stop.is_set() and not await asyncio.to_thread(stage.ready):
            now = loop.time()
            if now - start > stage.patience:
                self._console.say(f"Going on without {stage.name}.")
                return
            if now - reminded > REMIND_SECONDS:
                reminded = now
                self._console.say(f"Still waiting for {stage.name}.")
            await _unless(self._stop, 0.1)

    async def _run_once(self, kept: _Kept) -> None:
        status = await self._run(kept)
        if status != 0 and not self._stop.is_set():
            self._fail(f"{kept.program.name} {_ending(status)}, and nothing can run without it. Stopping.")

    async def _keep(self, kept: _Kept) -> None:
        """Run the program, and again whenever it ends, until it is to stop."""
        loop = asyncio.get_running_loop()
        ends = 0
        while not self._stop.is_set():
            started = loop.time()
            status = await self._run(kept)
            if self._stop.is_set():
                return
            ends = 1 if loop.time() - started > STEADY_SECONDS else ends + 1
            if ends == MOST_ENDS_AT_START and not self._announced:
                self._fail(f"{kept.program.name} {_ending(status)} {ends} times in a row. Stopping.")
                return
            delay = min(self._first_delay * 2 ** (ends - 1), LONGEST_DELAY_SECONDS)
            self._console.say(f"{kept.program.name} {_ending(status)}; starting it again in {delay:g} s.")
            await _unless(self._stop, delay)

    async def _run(self, kept: _Kept) -> int:
        """Start the program, pass on what it writes, and return its status once it and its group are gone."""
        loop = asyncio.get_running_loop()
        try:
            process = kept.process = self._guard.start(kept.program, subprocess.PIPE)
        except OSError as error:
            self._console.say(f"{kept.program.name} cannot be started: {error}.")
            return CANNOT_START
        assert process.stdout is not None  # noqa: S101 - asked for one line above
        pipe = _Pipe(process.stdout.fileno(), kept.program.name, self._console)
        loop.add_reader(pipe.descriptor, pipe.read)
        while process.poll() is None:
            await self._child_ended.wait()
        # Not the end of its output: grandchildren may hold the pipe open.
        self._guard.clear(process)
        # What the group wrote before it was killed is in the pipe within a moment.
        await asyncio.sleep(LAST_WORDS_SECONDS)
        loop.remove_reader(pipe.descriptor)
        pipe.drain()
        process.stdout.close()
        kept.process = None
        return process.returncode

    async def _end(self, kept: _Kept) -> None:
        process = kept.process
        if kept.task is None:
            return
        if process is not None:
            process.send_signal(kept.program.stop_signal)
        done, _ = await asyncio.wait({kept.task}, timeout=kept.program.stop_seconds)
        if not done and process is not None:
            self._console.say(
                f"{kept.program.name} did not stop in {kept.program.stop_seconds:g} s and is killed."
            )
            process.kill()
        await kept.task


class _Pipe:
    """Cuts what a program writes into lines for the console."""

    def __init__(self, descriptor: int, name: str, console: Console) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self._name = name
        self._console = console
        self._rest = b""

    def read(self) -> bool:
        """Pass on what is there. Returns whether there was anything."""
        try:
            new = os.read(self.descriptor, LONGEST_LINE)
        except BlockingIOError:
            return False
        if not new:
            # The end of a pipe counts as readable for ever.
            asyncio.get_running_loop().remove_reader(self.descriptor)
        *lines, self._rest = (self._rest + new).split(b"\n")
        self._say(lines)
        if len(self._rest) >= LONGEST_LINE:
            self._say([self._rest])
            self._rest = b""
        return bool(new)

    def drain(self) -> None:
        """Pass on all that is left, a last line without an end included."""
        for _ in range(MOST_READS_AT_END):
            if not self.read():
                break
        if self._rest:
            self._say([self._rest])

    def _say(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            self._console.line(self._name, line.removesuffix(b"\r"))


async def _unless(event: asyncio.Event, seconds: float) -> None:
    """Sleep, but wake when the event is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    return f"was ended by {signal.Signals(-status).name}"
