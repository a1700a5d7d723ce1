"""What only the directory store has: files, folders and temporary files on a disk."""

import os
import stat
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.errors import StorageUnavailable
from shared.storage import Blob, DirectoryBlobStore

_DAY = 24 * 60 * 60


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def _temporary(root: Path, name: str, age: float) -> Path:
    path = root / "~tmp" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half a photo")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_nothing_is_made_before_the_first_put(tmp_path: Path) -> None:
    store = DirectoryBlobStore(tmp_path / "blobs")
    assert list(store.keys()) == []
    assert not (tmp_path / "blobs").exists()


def test_a_put_leaves_one_file(tmp_path: Path) -> None:
    DirectoryBlobStore(tmp_path).put("a/b", b"1", "text/plain")
    assert [path.read_bytes() for path in _files(tmp_path)] == [b"1"]


@pytest.mark.parametrize("at_once", [False, True])
def test_what_was_put_is_synced_with_every_folder_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    synced: set[int] = set()
    sync = os.fsync

    def noted(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    store = DirectoryBlobStore(tmp_path)
    blobs = [Blob(key, b"1", "text/plain") for key in ("a/b/c", "a/b/d", "e/f")]
    if at_once:
        with ThreadPoolExecutor(2) as threads:
            store.put_all(blobs, threads)
    else:
        for blob in blobs:
            store.put(blob.key, blob.data, blob.content_type)
    kept = {path for path in tmp_path.rglob("*") if path.name != "~tmp"}
    assert kept == {tmp_path / part for part in ("a", "a/b", "a/b/c", "a/b/d", "e", "e/f")}
    assert {path.stat().st_ino for path in kept} <= synced


def test_a_relative_folder_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = DirectoryBlobStore(Path("blobs"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    store.put("a", b"1", "text/plain")
    assert list(DirectoryBlobStore(tmp_path / "blobs").keys()) == ["a"]


def test_blobs_are_not_readable_by_other_users(tmp_path: Path) -> None:
    DirectoryBlobStore(tmp_path / "blobs").put("a/b", b"1", "text/plain")
    for path in (tmp_path / "blobs").rglob("*"):
        assert not path.stat().st_mode & stat.S_IRWXO


def test_what_a_killed_process_left_behind_is_not_listed(tmp_path: Path) -> None:
    store = DirectoryBlobStore(tmp_path)
    store.put("a/b", b"1", "text/plain")
    _temporary(tmp_path, "0123456789abcdef", age=0)
    assert list(store.keys()) == ["a/b"]


def test_what_a_killed_process_left_behind_is_removed_after_a_day(tmp_path: Path) -> None:
    old = _temporary(tmp_path, "old", age=_DAY + 60)
    young = _temporary(tmp_path, "young", age=_DAY - 60)
    DirectoryBlobStore(tmp_path).put("a", b"1", "text/plain")
    assert not old.exists()
    assert young.exists()


def test_files_of_others_are_not_listed(tmp_path: Path) -> None:
    store = DirectoryBlobStore(tmp_path)
    store.put("a/b", b"1", "text/plain")
    (blob,) = _files(tmp_path)
    blob.with_name(".DS_Store").touch()
    blob.with_name("b.JPG").touch()
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "lost+found" / "c").touch()
    (tmp_path / "README").touch()
    assert list(store.keys()) == ["a/b"]


def test_a_delete_leaves_no_empty_folders(tmp_path: Path) -> None:
    store = DirectoryBlobStore(tmp_path)
    store.put("renditions/ab/256.webp", b"1", "image/webp")
    store.delete("renditions/ab/256.webp")
    assert not list(tmp_path.rglob("renditions"))


def test_puts_and_deletes_that_share_a_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Each delete may remove the folder that another thread has just made to put into."""
    store = DirectoryBlobStore(tmp_path)
    by_folder: dict[Path, list[str]] = defaultdict(list)
    for number in range(1000):
        key = f"renditions/ab/cd/{number}"
        by_folder[store._path(key).parent].append(key)
    keys = max(by_folder.values(), key=len)[:4]
    assert len(keys) == 4

    def put_and_delete(key: str) -> None:
        for number in range(30):
            content = f"{key} {number}".encode()
            store.put(key, content, "image/webp")
            assert store.get(key) == content
            store.delete(key)

    with ThreadPoolExecutor(len(keys)) as threads:
        list(threads.map(put_and_delete, keys))
    assert list(store.keys()) == []


def test_a_root_that_cannot_be_a_folder_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = DirectoryBlobStore(tmp_path / "file" / "blobs")
    with pytest.raises(StorageUnavailable):
        store.put("a", b"1", "text/plain")
    with pytest.raises(StorageUnavailable):
        store.check()


def test_a_check_leaves_nothing_behind(tmp_path: Path) -> None:
    DirectoryBlobStore(tmp_path).check()
    assert _files(tmp_path) == []


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs a file that cannot be read: /proc/self/mem"
)
@pytest.mark.parametrize("size", [-1, 10])
def test_a_disk_that_cannot_be_read_is_unavailable(tmp_path: Path, size: int) -> None:
    store = DirectoryBlobStore(tmp_path)
    store.put("a", b"1", "text/plain")
    (blob,) = _files(tmp_path)
    blob.unlink()
    blob.symlink_to("/proc/self/mem")  # its first page is never mapped: EIO
    with store.open("a") as stream, pytest.raises(StorageUnavailable):
        stream.read(size)
