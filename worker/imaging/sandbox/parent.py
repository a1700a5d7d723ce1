"""Decoding strangers' files in a child process with limits on memory, CPU and time.

The child is a fresh interpreter that lives on from file to file (a start costs more than a decode). It is started with
`subprocess`, not `multiprocessing`, because a Celery worker's processes are daemonic and may have no children of that
kind. What it sends back is data, checked by the types that it is read as, never pickle.
"""

import fcntl
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

from shared.parent_death import ends_with_parent
from shared.photo_facts import Facts
from worker.imaging.algorithms.analysis import Analysis, PhotoView
from worker.imaging.algorithms.decode import DecodeError
from worker.imaging.algorithms.palette import ColourHistogram, check_colors
from worker.imaging.sandbox.frames import (
    OUT_OF_MEMORY,
    PREFIX,
    AnswerHead,
    BadFrame,
    FactsAlone,
    Request,
    Task,
    decode,
    encode,
    lengths_in,
    prefix_of,
)

T = TypeVar("T")

# A 40 Mpx PNG with transparency takes 0.7 GB of address space at its peak, the bare process 0.15 GB.
MEMORY_BYTES = 3 << 29
# The slowest file that the upload guard lets through takes about 3 s.
CPU_SECONDS = 10
# Longer than the CPU limit, for a machine that is busy.
WALL_SECONDS = 15.0
# A new process now and then: whatever leaks, or was tampered with, goes with the old one.
JOBS_PER_CHILD = 500

_CHUNK = 1 << 20
_GRACE_SECONDS = 2.0
_ROOT = Path(__file__).resolve().parents[3]


class DecodeTimeout(Exception):
    """Decoding the file took too long."""

    code = "decode_timeout"


class DecodeCrashed(Exception):
    """Decoding the file ended its process, or needed more memory than it may have."""

    code = "decode_crashed"


class Sandbox:
    """`analyse`, `view_from` and `histogram_from`, in a limited child process that is started at the first call.

    Not for several threads at once, and to be used by the thread that lives longest: on Linux the child ends with the
    thread that started it. After DecodeTimeout or DecodeCrashed the next call starts a new child.
    """

    def __init__(
        self,
        *,
        memory_bytes: int = MEMORY_BYTES,
        cpu_seconds: int = CPU_SECONDS,
        wall_seconds: float = WALL_SECONDS,
        jobs_per_child: int = JOBS_PER_CHILD,
    ) -> None:
        self._memory_bytes = memory_bytes
        self._cpu_seconds = cpu_seconds
        self._wall_seconds = wall_seconds
        self._jobs_per_child = jobs_per_child
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def analyse(self, data: bytes, colors: int) -> Analysis:
        """Everything that needs the file's pixels. Raises DecodeError, DecodeTimeout or DecodeCrashed."""
        check_colors(colors)
        return self._ask(Request(Task.ANALYSIS, colors), data, Analysis)

    def view(self, data: bytes) -> PhotoView:
        """What a predictor needs of the file. Raises DecodeError, DecodeTimeout or DecodeCrashed."""
        return self._ask(Request(Task.VIEW), data, PhotoView)

    def histogram(self, data: bytes) -> ColourHistogram:
        """The file's colour histogram alone. Raises DecodeError, DecodeTimeout or DecodeCrashed."""
        return self._ask(Request(Task.HISTOGRAM), data, ColourHistogram)

    def facts(self, data: bytes) -> Facts:
        """The file's facts alone. Raises DecodeError, DecodeTimeout or DecodeCrashed."""
        return self._ask(Request(Task.FACTS), data, FactsAlone).facts

    def close(self) -> None:
        """End the child. The sandbox can be used again; it starts another."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def _ask(self, request: Request, data: bytes, answer: type[T]) -> T:
        child = self._ready_child()
        try:
            head, body = child.exchange(encode(request), data, time.monotonic() + self._wall_seconds)
            refusal = decode(head, AnswerHead).refusal
            if refusal is None:
                return decode(body, answer)
        except BadFrame as error:
            self.close()
            raise DecodeCrashed(f"the decoder answered with {error}") from error
        except BaseException:
            # Also on an interrupt: a child that still works on this file would answer the next request with it.
            self.close()
            raise
        raise DecodeError(refusal.message, refusal.code, refusal.missing_percent)

    def _ready_child(self) -> "_Child":
        if self._child is not None and (self._child.jobs >= self._jobs_per_child or self._child.has_ended()):
            self.close()
        if self._child is None:
            self._child = _Child(self._memory_bytes, self._cpu_seconds)
        return self._child


class _Child:
    """One child process and the pipes to it."""

    def __init__(self, memory_bytes: int, cpu_seconds: int) -> None:
        module = "worker.imaging.sandbox.child"
        command = [
            sys.executable,
            "-P",
            "-X",
            "faulthandler",
            "-m",
            module,
            str(memory_bytes),
            str(cpu_seconds),
        ]
        self.jobs = 0
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own numbers
            # Even in the middle of a decode; where the kernel does not see to it, it ends at its next read.
            ends_with_parent(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd="/",
            env=_environment(),
            # Ctrl-C in a terminal goes to the whole group; the worker finishes its job first, so the child must live.
            start_new_session=True,
        )
        self._to, self._from = _pipe(self._process.stdin), _pipe(self._process.stdout)

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def end(self) -> None:
        """Kill it: it holds nothing that would need a goodbye."""
        self._process.kill()
        self._process.wait()
        self._to.close()
        self._from.close()

    def exchange(self, head: bytes, body: bytes, deadline: float) -> tuple[memoryview, memoryview]:
        """Send one request and read its answer: head and body. Raises DecodeTimeout, DecodeCrashed or BadFrame."""
        self.jobs += 1
        outgoing = deque([memoryview(prefix_of(head, body) + head), memoryview(body)])
        reader = _FrameReader()
        with selectors.DefaultSelector() as ready:
            ready.register(self._from, selectors.EVENT_READ)
            ready.register(self._to, selectors.EVENT_WRITE)
            while not reader.complete:
                if (left := deadline - time.monotonic()) <= 0:
                    raise DecodeTimeout("the decoder took too long")
                for key, _ in ready.select(left):
                    if key.fileobj is self._to:
                        if not self._send(outgoing):
                            ready.unregister(self._to)
                    elif not self._receive(reader):
                        raise self._why_it_ended()
        return reader.frame()

    def _send(self, outgoing: deque[memoryview]) -> bool:
        """Write what the pipe takes; whether anything is left to send."""
        try:
            sent = os.write(self._to.fileno(), outgoing[0])
        except BrokenPipeError:
            return False  # the end of its answers tells why
        outgoing[0] = outgoing[0][sent:]
        if not outgoing[0]:
            outgoing.popleft()
        return bool(outgoing)

    def _receive(self, reader: "_FrameReader") -> bool:
        """Read what is there; False at the end of the stream."""
        chunk = os.read(self._from.fileno(), _CHUNK)
        reader.add(chunk)
        return bool(chunk)

    def _why_it_ended(self) -> Exception:
        try:
            status = self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return DecodeCrashed("the decoder stopped answering")
        if status == -signal.SIGXCPU:
            return DecodeTimeout("the decoder used up its CPU time")
        if status == OUT_OF_MEMORY:
            return DecodeCrashed("the decoder ran out of memory")
        return DecodeCrashed(f"the decoder ended with status {status}")


class _FrameReader:
    """Puts one frame together from what arrives."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._lengths: tuple[int, int] | None = None

    @property
    def complete(self) -> bool:
        return self._lengths is not None and len(self._received) >= PREFIX.size + sum(self._lengths)

    def add(self, chunk: bytes) -> None:
        """Take the next bytes. Raises BadFrame if they are none that should come."""
        self._received += chunk
        if self._lengths is None and len(self._received) >= PREFIX.size:
            self._lengths = lengths_in(self._received[: PREFIX.size])
        if self._lengths is not None and len(self._received) > PREFIX.size + sum(self._lengths):
            raise BadFrame("more than one answer")

    def frame(self) -> tuple[memoryview, memoryview]:
        """Head and body of a complete frame."""
        head, _ = self._lengths or (0, 0)
        view = memoryview(self._received)[PREFIX.size :]
        return view[:head], view[head:]


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    """A pipe to the child, made fit for a deadline: never blocking, and large, for fewer switches between processes."""
    if pipe is None:
        raise ValueError("the child has no such pipe")
    os.set_blocking(pipe.fileno(), False)
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        try:
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _CHUNK)
        except PermissionError:
            return pipe  # a user's pipes have a common limit; the usual size is only slower
    return pipe


def _environment() -> dict[str, str]:
    """What the child may know: none of the service's addresses and keys.

    OpenBLAS would reserve address space for every core, and threads for work that one worker process does alone. Linux'
    malloc would give each picture's memory back and ask for it again, page by page: a sixth of what a photo computes.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(_ROOT),
        "OPENBLAS_NUM_THREADS": "1",
        "LC_ALL": "C.UTF-8",
        "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    }
