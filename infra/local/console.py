"""What the local stack writes on its terminal: lines, each under the name of the program that wrote it."""

import os
import select
import threading
from collections.abc import Iterable, Mapping
from typing import BinaryIO

# Bright enough on dark and on light.
COLOURS = (36, 33, 32, 35, 34, 31)
# With its prefix it fits into a pipe that is ready for writing (PIPE_BUF): longer lines are shown in parts.
LONGEST_LINE = 4000
# A reader that is slower than this has stopped reading.
PATIENCE_SECONDS = 1.0


class Console:
    """Writes lines to a descriptor. Safe to use from several threads.

    When nobody reads, lines are dropped and counted: if the stack waited, each program would block on its own pipe.
    """

    def __init__(
        self, names: Iterable[str], descriptor: int = 1, environ: Mapping[str, str] = os.environ
    ) -> None:
        names = list(dict.fromkeys(["vitrine", *names]))
        width = max(map(len, names))
        coloured = os.isatty(descriptor) and not environ.get("NO_COLOR")
        self._prefixes = {
            name: _prefix(name.ljust(width), COLOURS[i % len(COLOURS)] if coloured else None)
            for i, name in enumerate(names)
        }
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._dropped = 0

    def say(self, text: str) -> None:
        """A line of the stack's own."""
        self.line("vitrine", text.encode())

    def line(self, name: str, text: bytes) -> None:
        """A line that the program of that name wrote. Blocks for a second or two at most."""
        seconds = 0.0 if self._dropped else PATIENCE_SECONDS
        if not self._lock.acquire(timeout=PATIENCE_SECONDS):
            self._dropped += 1
            return
        try:
            if not select.select([], [self._descriptor], [], seconds)[1]:
                self._dropped += 1
                return
            lines = self._prefixes[name] + text + b"\n"
            if self._dropped:
                lines = self._prefixes["vitrine"] + b"%d lines were left out.\n" % self._dropped + lines
                self._dropped = 0
            os.write(self._descriptor, lines)
        except OSError:  # nobody will ever read it
            self._dropped += 1
        finally:
            self._lock.release()

    def copy(self, name: str, output: BinaryIO) -> None:
        """Write every line of a program's output, until its end."""
        with output:
            while line := output.readline(LONGEST_LINE):
                self.line(name, line.rstrip(b"\r\n"))


def _prefix(name: str, colour: int | None) -> bytes:
    return (f"{name} | " if colour is None else f"\033[{colour}m{name} |\033[0m ").encode()
