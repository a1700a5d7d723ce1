"""Bounded random access to an uploaded file."""

import os
import re
from typing import BinaryIO, Final

from shared.errors import Unreadable

# Most headers fit into one read of this size, and 20 MiB are 320 of them.
WINDOW: Final = 64 * 1024

CUT_OFF: Final = "The picture is cut off before its size is known. Send it again, from the original file."


class Reader:
    """Reads a file through one window of 64 KiB, so that memory stays bounded whatever the file says about itself."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = stream.seek(0, os.SEEK_END)
        self._start = 0
        self._window = b""

    def _hold(self, offset: int, count: int) -> int:
        """Make the window cover `count` bytes from `offset` where the file has them; where they lie in the window."""
        if offset < self._start or offset + count > self._start + len(self._window):
            self._stream.seek(offset)
            self._window = self._stream.read(max(count, WINDOW))
            self._start = offset
        return offset - self._start

    def at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`: fewer, or none, at the end of the file."""
        # A buffered file would allocate whatever is asked for, so ask for no more than there is.
        index = self._hold(offset, max(0, min(count, self.size - offset)))
        return self._window[index : index + count]

    def need(self, offset: int, count: int) -> bytes:
        """Exactly `count` bytes from `offset`, without which the picture's size isn't known. Raises Unreadable."""
        found = self.at(offset, count)
        if len(found) < count:
            raise Unreadable(CUT_OFF)
        return found

    def find(self, pattern: re.Pattern[bytes], offset: int) -> int | None:
        """Where `pattern` (of at most two bytes) first matches from `offset` on, or None. Linear in the file's size."""
        while offset < self.size:
            index = self._hold(offset, 2)
            match = pattern.search(self._window, index)
            if match:
                return self._start + match.start()
            end = self._start + len(self._window)
            if end >= self.size:
                return None
            offset = end - 1  # the pattern may straddle two windows
        return None
