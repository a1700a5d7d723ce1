"""What the sandbox and its child exchange: typed values as MessagePack, never pickle.

One encoder for all: a dataclass travels with its fields, whatever they are, and is built again at the other end, where its
types and its own `__post_init__` check them. The child has touched a stranger's bytes, so nothing that comes from it is
believed before that.

A frame is the lengths of its head and its body, then both. Of a request the body is the file; of an answer it is what was
made of the file, or nothing if the head is a refusal.
"""

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeAlias, TypeVar, get_args, get_origin

import msgspec
import numpy as np

from shared.limits import MIN_COLORS
from shared.photo_facts import Facts
from worker.imaging.algorithms.facts import check_facts

T = TypeVar("T")
Bytes: TypeAlias = bytes | bytearray | memoryview

PREFIX = struct.Struct("<II")
# What the child exits with when it has no memory left.
OUT_OF_MEMORY = 86
MAX_HEAD = 1 << 16
# Renditions of the most detailed 40 Mpx picture stay below 10 MB; an upload has at most 20 MiB.
MAX_BODY = 64 << 20
MAX_MESSAGE = 500


class BadFrame(ValueError):
    """What the other side sent is not what it should send."""


class Task(StrEnum):
    """What is to be made of a file."""

    ANALYSIS = "analysis"
    VIEW = "view"
    HISTOGRAM = "histogram"
    FACTS = "facts"


@dataclass(frozen=True, slots=True)
class Request:
    """colors: the size of an analysis' palette."""

    task: Task
    colors: int = MIN_COLORS


@dataclass(frozen=True, slots=True)
class Refusal:
    """The file cannot be decoded. code, missing_percent: as of `DecodeError`."""

    code: Annotated[str, msgspec.Meta(max_length=MAX_MESSAGE)]
    message: Annotated[str, msgspec.Meta(max_length=MAX_MESSAGE)]
    missing_percent: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None


@dataclass(frozen=True, slots=True)
class AnswerHead:
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class FactsAlone:
    """The facts of a file, for which nothing else of it is wanted."""

    facts: Facts

    def __post_init__(self) -> None:
        check_facts(self.facts)


def encode(value: object) -> bytes:
    """A value as bytes. Its dataclasses may hold arrays."""
    return msgspec.msgpack.encode(value, enc_hook=_encode_array)


def decode(data: Bytes, kind: type[T]) -> T:
    """The value of that type in what `encode` wrote. Raises BadFrame."""
    try:
        return msgspec.msgpack.decode(data, type=kind, dec_hook=_decode_array)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise BadFrame(f"an unreadable value: {error}") from error


def prefix_of(head: bytes, body: bytes) -> bytes:
    """What a frame begins with."""
    return PREFIX.pack(len(head), len(body))


def lengths_in(prefix: Bytes) -> tuple[int, int]:
    """The lengths of head and body behind this prefix. Raises BadFrame."""
    head, body = PREFIX.unpack(prefix)
    if head > MAX_HEAD or body > MAX_BODY:
        raise BadFrame(f"a frame of {head} and {body} bytes")
    return head, body


def _encode_array(value: object) -> tuple[tuple[int, ...], memoryview]:
    if not isinstance(value, np.ndarray):
        raise NotImplementedError(f"a {type(value).__name__} cannot leave the sandbox")
    return value.shape, np.ascontiguousarray(value).reshape(-1).view(np.uint8).data


def _decode_array(kind: Any, wire: Any) -> Any:
    if get_origin(kind) is not np.ndarray:
        raise NotImplementedError(f"a {kind} cannot come out of the sandbox")
    (_, dtype), (shape, data) = get_args(kind), wire
    return np.frombuffer(data, get_args(dtype)[0]).reshape(shape)
