"""A progress bar on standard error."""

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

T = TypeVar("T")
_WIDTH = 30


def progress(items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """`items`, drawing how many of them are done and how long the rest may take."""
    if total is None:
        total = len(items) if isinstance(items, Sized) else 0
    started = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        spent = time.monotonic() - started
        filled = _WIDTH * done // max(total, 1)
        bar = "#" * filled + "." * (_WIDTH - filled)
        rest = spent / done * max(total - done, 0)
        sys.stderr.write(f"\r{label} [{bar}] {done}/{total}, {spent:.0f} s, {rest:.0f} s to go   ")
        sys.stderr.flush()
    sys.stderr.write("\n")


def say(sentence: str) -> None:
    """A line on standard error."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()
