"""What the local stack runs, as data."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.account import Account


@dataclass(frozen=True, slots=True)
class Program:
    """A command that the stack keeps running, and how it likes to be ended.

    environ: variables on top of this process's own. stop_signal asks it to end; after stop_seconds it is killed.
    death_signal is what it gets when whoever started it dies. lock: a file that only one process (with all that it
    started) holds at a time; a new one waits up to lock_seconds for its predecessor to be gone. stale: files that a
    killed predecessor may leave and that would stop a restart, removed once the lock is held. account: who it runs
    as (root only); reach: whether that account needs help to get at its files. once: it is run to its end, and the
    stack goes on only if it succeeds.
    """

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    lock: Path | None = None
    lock_seconds: float = 15.0
    stale: tuple[Path, ...] = ()
    account: Account | None = None
    reach: bool = False
    once: bool = False
