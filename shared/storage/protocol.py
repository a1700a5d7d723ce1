"""What every blob store promises, and which keys it takes."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, BinaryIO, Protocol

# S3 takes 1,024 bytes; half of that leaves room for whatever a store puts around a key.
_LONGEST_KEY = 512
# A segment becomes the name of a file or folder, and file systems stop at 255 bytes.
_LONGEST_SEGMENT = 200
_SEGMENT = re.compile(r"[a-z0-9._-]+")
_PREFIX = re.compile(r"[a-z0-9/._-]*")


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A stored blob. size: bytes; modified: time of its last put, with time zone."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob that is to be stored."""

    key: str
    data: bytes
    content_type: str


class BlobStore(Protocol):
    """Whole files under keys. Used by several threads and processes at once.

    A key is one or more segments of `[a-z0-9._-]`, joined by "/": at most 512 characters, 200 a segment, no "..".
    No key may be a folder of another ("a" and "a/b"), since not every backend can hold both. Methods raise
    ValueError for other keys, BlobNotFound where nothing is stored under a key, and StorageUnavailable for anything
    that the backend cannot do now; no error of a backend gets past them.
    """

    def put(self, key: str, data: IO[bytes] | bytes, content_type: str) -> None:
        """Store all of `data` under `key`, in place of what was there.

        data: bytes, or a seekable stream, stored from its position to its end. Readers see the old blob or the whole
        new one, never a part, also when this raises. A change that a store was too slow to confirm may still happen.
        """
        ...

    def put_all(self, blobs: Sequence[Blob], threads: Executor) -> None:
        """Put several blobs, side by side where the store is waited for. When this raises, some may be stored."""
        done = [threads.submit(self.put, blob.key, blob.data, blob.content_type) for blob in blobs]
        for each in done:
            each.result()

    def get(self, key: str) -> bytes:
        """The whole blob, in memory."""
        ...

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """The blob as a stream to read once from its start. It stays whole while others replace or delete the key."""
        ...

    def stat(self, key: str) -> BlobInfo:
        """Size and age of a blob, without reading it."""
        ...

    def exists(self, key: str) -> bool:
        """Whether something is stored under `key`."""
        ...

    def delete(self, key: str) -> None:
        """Remove the blob. Nothing under this key is fine."""
        ...

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Every blob whose key begins with `prefix`, in no set order. Files that are not Vitrine's are left out.

        What is put or deleted in the meantime may or may not be in it.
        """
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """The keys of `list(prefix)`."""
        return (info.key for info in self.list(prefix))

    def check(self) -> None:
        """Whether blobs can be stored now: raises StorageUnavailable if not."""
        ...


def is_key(text: str) -> bool:
    """Whether `text` follows the rule for keys (see BlobStore)."""
    return len(text) <= _LONGEST_KEY and ".." not in text and all(map(_is_segment, text.split("/")))


def check_key(key: str) -> None:
    """Raise ValueError unless `key` follows the rule for keys."""
    if not is_key(key):
        raise ValueError(f"not a blob key: {key!r}")


def check_prefix(prefix: str) -> None:
    """Raise ValueError unless `prefix` could begin a key; an empty one begins all."""
    if not _PREFIX.fullmatch(prefix) or prefix.startswith("/") or ".." in prefix:
        raise ValueError(f"not the beginning of a blob key: {prefix!r}")


def _is_segment(text: str) -> bool:
    # "." would name the folder itself.
    return bool(_SEGMENT.fullmatch(text)) and text != "." and len(text) <= _LONGEST_SEGMENT
