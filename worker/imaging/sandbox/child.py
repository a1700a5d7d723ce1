"""The process in which strangers' files are decoded: `python -m worker.imaging.sandbox.child MEMORY CPU`.

It reads requests from standard input and answers on standard output (`worker.imaging.sandbox.frames`) until its input ends. It
has no secrets in its environment, and limits of its own. A file that is merely unreadable is an answer; everything
else that goes wrong ends the process, and the parent says what that means.
"""

import math
import os
import resource
import sys
from typing import BinaryIO

from worker.imaging.algorithms.analysis import analyse, histogram_from, view_from
from worker.imaging.algorithms.decode import DecodeError
from worker.imaging.algorithms.facts import facts_from
from worker.imaging.sandbox.frames import (
    OUT_OF_MEMORY,
    PREFIX,
    Header,
    Part,
    frame_of_analysis,
    frame_of_view,
    head_of,
    header_length,
    parse_header,
    part_of_histogram,
)

_MAX_MESSAGE = 500


def main() -> None:
    """Serve until the parent closes our input."""
    memory_bytes, cpu_seconds = (int(argument) for argument in sys.argv[1:])
    _limit_memory(memory_bytes)
    requests = sys.stdin.buffer
    # Answers go through a descriptor of their own, so that a library that prints can't break the protocol.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        try:
            while (request := _read(requests)) is not None:
                _allow_cpu(cpu_seconds)
                header, parts = _answer(*request)
                answers.write(head_of(header, parts))
                for part in parts:
                    answers.write(part)
                answers.flush()
        except MemoryError:
            # What is left of the heap is not to be trusted with the next file.
            os._exit(OUT_OF_MEMORY)


def _answer(request: Header, data: bytes) -> tuple[Header, list[Part]]:
    try:
        if request["kind"] == "histogram":
            return {}, [part_of_histogram(histogram_from(data))]
        if request["kind"] == "facts":
            return {"facts": dict(facts_from(data))}, []
        if request["kind"] == "view":
            return frame_of_view(view_from(data))
        return frame_of_analysis(analyse(data, request["colors"]))
    except DecodeError as error:
        return {"unreadable": {"code": error.code, "message": str(error)[:_MAX_MESSAGE]}}, []


def _read(stream: BinaryIO) -> tuple[Header, bytes] | None:
    prefix = stream.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    header, lengths = parse_header(stream.read(header_length(prefix)))
    return header, stream.read(sum(lengths))


def _limit_memory(memory_bytes: int) -> None:
    # Only Linux holds a process to its address space; macOS refuses or ignores the limit, and has the CPU limit and
    # the parent's clock alone.
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow_cpu(seconds: int) -> None:
    """The CPU limit counts from the start of the process: move it `seconds` beyond what is spent."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(usage.ru_utime + usage.ru_stime) + seconds
    resource.setrlimit(
        resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )


if __name__ == "__main__":
    main()
