"""A folder store whose disk is full or whose process dies: a clean refusal, no partial blob, nothing to repair."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.storage import DirectoryBlobStore

pytestmark = pytest.mark.integration

_ROOT = Path(__file__).parents[4]

_PUT_MORE_THAN_FITS = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shared.errors import StorageUnavailable
from shared.storage import Blob, DirectoryBlobStore

if sys.argv[2:]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
root = Path(sys.argv[1])
store = DirectoryBlobStore(root)
store.put("a/kept", b"old", "text/plain")
for key in ("a/kept", "a/new"):
    try:
        store.put(key, bytes(4 << 20), "text/plain")
    except StorageUnavailable as error:
        print(error.message)
    else:
        sys.exit("a put of more than fits went through")
print(sorted(store.keys()), store.get("a/kept"))
print([path.name for path in root.rglob("~tmp/*")])
with ThreadPoolExecutor(2) as threads:
    try:
        store.put_all([Blob("a/kept", b"new", ""), Blob("b/large", bytes(4 << 20), "")], threads)
    except StorageUnavailable:
        print(sorted(store.keys()), store.get("a/kept"), [path.name for path in root.rglob("~tmp/*")])
store.put("a/small", b"fits", "text/plain")
print(store.get("a/small"))
"""

_DIE_IN_MID_PUT = """
import io, os, sys
from pathlib import Path
from shared.storage import DirectoryBlobStore

class Deadly(io.BytesIO):
    def read(self, size=-1):
        if self.tell() >= 2 << 20:
            os.kill(os.getpid(), 9)
        return super().read(size)

DirectoryBlobStore(Path(sys.argv[1])).put("a/b", Deadly(bytes(4 << 20)), "text/plain")
"""


def _run(script: str, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-c", script, *arguments],
        cwd=_ROOT,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_file_too_large_for_the_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    done = _run(_PUT_MORE_THAN_FITS, str(tmp_path / "blobs"), str(1 << 20))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[2:] == ["['a/kept'] b'old'", "[]", "['a/kept'] b'old' []", "b'fits'"]


def test_a_full_disk_is_named_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """On a file system of 1 MiB, mounted where only the child sees it."""
    if not shutil.which("unshare"):
        pytest.skip("needs unshare to mount a small file system")
    mount = 'mount -t tmpfs -o size=1m tmpfs "$0" || exit 77; exec "$@"'
    root = tmp_path / "disk"
    root.mkdir()
    small_disk = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, str(root))
    if _run("", before=small_disk).returncode:
        pytest.skip("this machine lets no test mount a small file system")
    done = _run(_PUT_MORE_THAN_FITS, str(root), before=small_disk)
    assert done.returncode == 0, done.stderr
    full = "The photo store is full. Nothing was kept."
    assert done.stdout.splitlines() == [
        full,
        full,
        "['a/kept'] b'old'",
        "[]",
        "['a/kept'] b'old' []",
        "b'fits'",
    ]


def test_a_put_killed_half_way_leaves_the_old_blob(tmp_path: Path) -> None:
    store = DirectoryBlobStore(tmp_path)
    store.put("a/b", b"old", "text/plain")
    assert _run(_DIE_IN_MID_PUT, str(tmp_path)).returncode == -9
    assert store.get("a/b") == b"old"
    assert list(store.keys()) == ["a/b"]
    store.put("a/b", b"new", "text/plain")
    assert store.get("a/b") == b"new"
