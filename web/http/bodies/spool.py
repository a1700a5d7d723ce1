"""A file on its way in: kept in memory while it is small, on disk beyond, hashed as it comes."""

import hashlib
import tempfile
from collections.abc import Iterable
from typing import BinaryIO, Final, Self, cast

from shared.errors import StorageUnavailable, TooLarge
from shared.limits import MAX_FILE_BYTES

# Photos as phones and cameras make them; 40 megapixels at good quality.
# The usual photo stays in memory. Sixteen threads with a file each hold 32 MiB.
_MEMORY_BYTES: Final = 2 * 1024 * 1024


class Spool:
    """A temporary file that is being filled. To be closed."""

    def __init__(self, most_bytes: int = MAX_FILE_BYTES, too_large: str | None = None) -> None:
        """too_large: what to say of a file beyond `most_bytes`, in place of the sentence about photos."""
        # Closed with the spool, and by that removed.
        file = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115
        self.file = cast("BinaryIO", file)
        self.size = 0
        self._most_bytes = most_bytes
        self._too_large = too_large
        self._hash = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()

    def write(self, data: bytes) -> None:
        """Adds to the file. Raises TooLarge past its bound, StorageUnavailable where the disk takes no more."""
        self.size += len(data)
        if self.size > self._most_bytes:
            raise TooLarge(self._too_large)
        self._hash.update(data)
        try:
            self.file.write(data)
        except OSError as error:
            raise StorageUnavailable from error

    def fill(self, chunks: Iterable[bytes]) -> Self:
        """Writes all of the chunks."""
        for chunk in chunks:
            self.write(chunk)
        return self

    @property
    def sha256(self) -> str:
        """The hash of what was written so far, in hexadecimal."""
        return self._hash.hexdigest()
