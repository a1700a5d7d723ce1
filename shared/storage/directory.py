"""Blobs as files in a folder: for one machine, or for several that mount the same file system."""

import errno
import io
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, wait
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import IO, Any, BinaryIO
from uuid import uuid4

from shared.errors import BlobNotFound, StorageUnavailable
from shared.storage.protocol import Blob, BlobInfo, BlobStore, check_key, check_prefix, is_key

# Not a name that a segment of a key can have. In the root, so that a rename never crosses file systems.
_TEMPORARY = "~tmp"
# No put takes a day, so an older temporary file belongs to a process that was killed.
_STALE_SECONDS = 24 * 60 * 60
# An attempt fails only if a delete removed the emptied folder between making it and the rename.
_RENAME_ATTEMPTS = 20
_COPY_BYTES = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT)


class DirectoryBlobStore(BlobStore):
    """`<root>/<key>`, written beside and renamed into place.

    A put is on disk when it returns: the file, its name and the folders above it are synced. The content type is not
    kept; the database knows it.
    """

    def __init__(self, root: Path) -> None:
        """root: made with the first put if it is missing."""
        self._root = root.absolute()
        self._temporary = self._root / _TEMPORARY
        self._swept = False

    def put(self, key: str, data: IO[bytes] | bytes, content_type: str) -> None:  # noqa: ARG002
        path = self._path(key)
        source = io.BytesIO(data) if isinstance(data, bytes) else data
        with _translated(), self._temporary_file() as (temporary, file):
            shutil.copyfileobj(source, file, _COPY_BYTES)
            file.flush()
            os.fsync(file.fileno())
            _move_into_place(temporary, path)
            _sync_folder_of(path)

    def put_all(self, blobs: Sequence[Blob], threads: Executor) -> None:
        """See BlobStore. A folder that several of them go to is synced once: half the CPU time of as many puts."""
        paths = [self._path(blob.key) for blob in blobs]
        with _translated(), ExitStack() as held:
            files = [held.enter_context(self._temporary_file()) for _ in blobs]
            for blob, (_, file) in zip(blobs, files, strict=True):
                file.write(blob.data)
                file.flush()
            synced = wait([threads.submit(os.fsync, file.fileno()) for _, file in files]).done
            for each in synced:
                each.result()
            for path, (temporary, _) in zip(paths, files, strict=True):
                _move_into_place(temporary, path)
            for path in {path.parent: path for path in paths}.values():
                _sync_folder_of(path)

    def get(self, key: str) -> bytes:
        with self.open(key) as blob:
            return blob.read()

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        path = self._path(key)
        with _found():
            file = _BlobFile(path)
        with io.BufferedReader(file) as blob:
            yield blob

    def stat(self, key: str) -> BlobInfo:
        path = self._path(key)
        with _found():
            found = path.stat()
        if not S_ISREG(found.st_mode):
            raise BlobNotFound
        return _info(key, found)

    def exists(self, key: str) -> bool:
        try:
            self.stat(key)
        except BlobNotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        path = self._path(key)
        with suppress(BlobNotFound), _found():
            path.unlink()
            self._remove_empty_folders(path.parent)

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        check_prefix(prefix)
        return self._list(prefix)

    def check(self) -> None:
        with _translated(), self._temporary_file() as (_, file):
            file.write(b"\0")

    def _path(self, key: str) -> Path:
        check_key(key)
        # The keys themselves spread blobs over folders (shared/storage/keys.py); more folders would only cost more syncs.
        return self._root / key

    def _list(self, prefix: str) -> Iterator[BlobInfo]:
        folder = prefix.rpartition("/")[0]
        with _translated():
            for key, stat in _files_under(self._root, folder):
                if key.startswith(prefix):
                    yield _info(key, stat)

    @contextmanager
    def _temporary_file(self) -> Iterator[tuple[Path, BinaryIO]]:
        """A new file in the temporary folder, gone at the end unless it was renamed."""
        _make_folder(self._temporary)
        if not self._swept:
            self._remove_stale_files()
        path = self._temporary / uuid4().hex
        try:
            # Originals have what people did not mean to publish (EXIF, GPS): nothing for other users of the machine.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:
                yield path, file
        finally:
            path.unlink(missing_ok=True)

    def _remove_stale_files(self) -> None:
        newest = time.time() - _STALE_SECONDS
        for entry in _entries(self._temporary):
            with suppress(FileNotFoundError):
                if entry.stat().st_mtime < newest:
                    Path(entry.path).unlink()
        self._swept = True

    def _remove_empty_folders(self, folder: Path) -> None:
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:  # not empty, or another delete was faster
                return
            folder = folder.parent


class _BlobFile(io.FileIO):
    """A file whose disk errors are StorageUnavailable; a real file, so that a server can use sendfile."""

    def readinto(self, buffer: Any, /) -> int:
        with _translated():
            return super().readinto(buffer)

    def readall(self) -> bytes:
        with _translated():
            return super().readall()


@contextmanager
def _found() -> Iterator[None]:
    """Within: no such file is BlobNotFound, any other error of the file system StorageUnavailable."""
    with _translated():
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise BlobNotFound from error


@contextmanager
def _translated() -> Iterator[None]:
    """Within: any error of the file system is StorageUnavailable."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageUnavailable("The photo store is full. Nothing was kept.") from error
        raise StorageUnavailable from error


def _move_into_place(temporary: Path, path: Path) -> None:
    for attempt in range(_RENAME_ATTEMPTS):
        try:
            _make_folder(path.parent)
            temporary.replace(path)
        except FileNotFoundError:
            if attempt + 1 == _RENAME_ATTEMPTS:
                raise
        else:
            break


def _sync_folder_of(path: Path) -> None:
    # Gone already if the key was deleted in this moment.
    with suppress(FileNotFoundError):
        _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each safe on disk."""
    try:
        folder.mkdir(mode=0o750)
    except FileExistsError:
        return
    except FileNotFoundError:
        _make_folder(folder.parent)
        # Not exist_ok: that raises for a folder which a delete removes in this moment, and which the caller makes again.
        with suppress(FileExistsError):
            folder.mkdir(mode=0o750)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing if it is not there, or no longer."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _files_under(root: Path, folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """(key, stat) of every blob in a folder, at any depth."""
    for entry in _entries(root / folder):
        key = f"{folder}/{entry.name}" if folder else entry.name
        if not is_key(key):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files_under(root, key)
        else:
            try:
                stat = entry.stat()
            except FileNotFoundError:  # deleted since the folder was read
                continue
            yield key, stat


def _info(key: str, stat: os.stat_result) -> BlobInfo:
    return BlobInfo(key, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))
