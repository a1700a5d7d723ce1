"""What the local stack runs, as data."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class CannotStart(Exception):
    """The local stack cannot start. The message is a sentence that says why, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Program:
    """A command that the stack keeps running, and how it is to be ended.

    environ: variables on top of this process's own. stop_signal asks it to end; after stop_seconds it is killed.
    death_signal: what it gets when the process that started it dies. privileges: options of setpriv(1) to start it
    with. lock: a file that only one process (with all that inherit it) holds at a time. stale: files that a killed
    predecessor may leave and that would stop a restart, removed once the lock is held. once: it is run to its end, and
    the stack goes on only if it succeeds.
    """

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    privileges: tuple[str, ...] = ()
    lock: Path | None = None
    stale: tuple[Path, ...] = ()
    once: bool = False


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Stage:
    """Programs that are started together, and stopped together.

    ready: asked until it says yes; the next stage waits for it, but no longer than `timeout` seconds. It must answer
    within a second or so, since nothing else happens meanwhile.
    """

    name: str
    programs: tuple[Program, ...] = ()
    ready: Callable[[], bool] = _always
    timeout: float = float("inf")
