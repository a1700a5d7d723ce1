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
    MAX_MESSAGE,
    OUT_OF_MEMORY,
    PREFIX,
    AnswerHead,
    FactsAlone,
    Refusal,
    Request,
    Task,
    decode,
    encode,
    lengths_in,
    prefix_of,
)


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
                head, body = _answer(*request)
                answers.write(prefix_of(head, body))
                answers.write(head)
                answers.write(body)
                answers.flush()
        except MemoryError:
            # What is left of the heap is not to be trusted with the next file.
            os._exit(OUT_OF_MEMORY)


def _answer(request: Request, data: bytes) -> tuple[bytes, bytes]:
    """Head and body of the answer."""
    try:
        made = _made(request, data)
    except DecodeError as error:
        refusal = Refusal(error.code, str(error)[:MAX_MESSAGE], error.missing_percent)
        return encode(AnswerHead(refusal)), b""
    return encode(AnswerHead()), encode(made)


def _made(request: Request, data: bytes) -> object:
    match request.task:
        case Task.ANALYSIS:
            return analyse(data, request.colors)
        case Task.VIEW:
            return view_from(data)
        case Task.HISTOGRAM:
            return histogram_from(data)
        case Task.FACTS:
            return FactsAlone(facts_from(data))


def _read(stream: BinaryIO) -> tuple[Request, bytes] | None:
    prefix = stream.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    head, body = lengths_in(prefix)
    return decode(stream.read(head), Request), stream.read(body)


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
