"""What the local stack says on its terminal: lines, each under the name of who wrote it."""

import os
import queue
import threading
import time
from collections.abc import Iterable, Mapping

# Bright enough on dark and on light.
COLOURS = (36, 33, 32, 35, 34, 31)
# Some seconds of a chatty stack; more would only delay what a reader sees.
MOST_WAITING = 5000


class Console:
    """Writes lines to a descriptor from a thread of its own.

    Whoever started us may have left off reading. Then lines are dropped and counted: a stack that waits for its reader
    would stand still, each program blocked on its own pipe.
    """

    def __init__(
        self, names: Iterable[str], descriptor: int = 1, environ: Mapping[str, str] | None = None
    ) -> None:
        names = list(dict.fromkeys(["vitrine", *names]))
        width = max(map(len, names))
        environ = os.environ if environ is None else environ
        coloured = os.isatty(descriptor) and not environ.get("NO_COLOR")
        self._prefixes = {
            name: _prefix(name.ljust(width), COLOURS[i % len(COLOURS)] if coloured else None)
            for i, name in enumerate(names)
        }
        self._descriptor = descriptor
        self._lines: queue.Queue[bytes] = queue.Queue(MOST_WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="console", daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """A line of the stack's own."""
        self.line("vitrine", text.encode())

    def line(self, name: str, text: bytes) -> None:
        """A line that the program of that name wrote. Never blocks."""
        if self._dropped:
            notice = self._prefixes["vitrine"] + f"{self._dropped} lines were left out.\n".encode()
            if self._offer(notice):
                self._dropped = 0
        if not self._offer(self._prefixes[name] + text + b"\n"):
            self._dropped += 1

    def close(self, seconds: float = 1.0) -> None:
        """Give what is still to be written that much time."""
        deadline = time.monotonic() + seconds
        while self._lines.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)

    def _offer(self, line: bytes) -> bool:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            return False
        return True

    def _write(self) -> None:
        while True:
            rest = self._lines.get()
            try:
                # Not through sys.stdout: a thread that holds its lock at exit would abort the interpreter.
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                return  # nobody will ever read it
            finally:
                self._lines.task_done()


def _prefix(name: str, colour: int | None) -> bytes:
    return (f"{name} | " if colour is None else f"\033[{colour}m{name} |\033[0m ").encode()
