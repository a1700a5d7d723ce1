"""Several pieces of memory as one stream, without a copy of them."""

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any


class JoinedBytes(io.RawIOBase):
    """The parts, one after the other, to read and to seek in."""

    def __init__(self, parts: Sequence[bytes | memoryview]) -> None:
        super().__init__()
        # An empty array has nothing to read, and a view of it no plain form.
        self._parts = [memoryview(part).cast("B") for part in parts if memoryview(part).nbytes]
        self._ends = list(accumulate(map(len, self._parts), initial=0))[1:]
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._length}[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, buffer: Any, /) -> int:
        if self._place >= self._length:
            return 0
        at = bisect_right(self._ends, self._place)
        left = self._ends[at] - self._place
        count = min(left, len(buffer))
        start = len(self._parts[at]) - left
        buffer[:count] = self._parts[at][start : start + count]
        self._place += count
        return count

    @property
    def _length(self) -> int:
        return self._ends[-1] if self._ends else 0
