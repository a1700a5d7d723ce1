"""The sandbox with real child processes, and files that do to them what hostile files do."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support import hostile_files, pictures
from tests.support.shared_data import shared_data
from worker.imaging import DecodeCrashed, DecodeTimeout, Sandbox
from worker.imaging.algorithms.analysis import analyse
from worker.imaging.algorithms.decode import DecodeError
from worker.imaging.sandbox import parent
from worker.imaging.sandbox.frames import MAX_BODY, PREFIX

PHOTO = pictures.make_jpeg(200, 150)
SLOW = hostile_files.jpeg_of_scans(1000, 4000, 3000)  # a tenth of a megabyte that costs ten seconds

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this limit")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def child_of(sandbox: Sandbox) -> int:
    assert sandbox._child is not None
    return sandbox._child._process.pid


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        assert time.monotonic() < deadline, "the child outlives its parent"
        time.sleep(0.02)


def cpu_seconds_of(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().split()[13:15]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_an_analysis_is_the_same_as_without_a_sandbox(sandbox: Sandbox) -> None:
    data = pictures.make_jpeg(1200, 900, seed=3, orientation=6, gps=True)
    inside, outside = sandbox.analyse(data, 5), analyse(data, 5)
    for name in ("width", "height", "format", "display", "thumbnails", "palette", "facts"):
        assert getattr(inside, name) == getattr(outside, name)
    assert inside.histogram.to_bytes() == outside.histogram.to_bytes()
    assert np.array_equal(inside.model_view, outside.model_view)
    assert sandbox.histogram(data).to_bytes() == outside.histogram.to_bytes()


def test_a_view_is_that_of_the_analysis(sandbox: Sandbox) -> None:
    data = pictures.make_jpeg(1200, 900, seed=3, orientation=6, gps=True)
    view, whole = sandbox.view(data), analyse(data, 5)
    assert (view.width, view.height) == (whole.width, whole.height)
    assert view.thumbnail == whole.thumbnails[256]
    assert np.array_equal(view.model_view, whole.model_view)


def test_an_unreadable_file_keeps_its_code_and_its_child(sandbox: Sandbox) -> None:
    sandbox.histogram(PHOTO)
    child = child_of(sandbox)
    for data, code in (
        (hostile_files.half_of(PHOTO), "unreadable"),
        (b"", "unreadable"),
        (hostile_files.png_with_bad_idat(), "unreadable"),
        (hostile_files.png_of_sides(12_000, 12_000), "too_many_pixels"),
    ):
        with pytest.raises(DecodeError) as refusal:
            sandbox.analyse(data, 6)
        assert refusal.value.code == code
    assert sandbox.analyse(PHOTO, 6).width == 200
    assert child_of(sandbox) == child


def test_an_impossible_palette_is_refused_before_any_child_starts(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="2 to 16"):
        sandbox.analyse(PHOTO, 17)
    assert sandbox._child is None


def test_a_file_that_takes_too_long_is_given_up() -> None:
    with Sandbox(wall_seconds=2.0) as sandbox:
        sandbox.histogram(PHOTO)
        slow = child_of(sandbox)
        with pytest.raises(DecodeTimeout):
            sandbox.analyse(SLOW, 6)
        wait_until_gone(slow)
        assert sandbox.analyse(PHOTO, 6).width == 200


def test_a_file_that_takes_too_much_cpu_is_given_up() -> None:
    with Sandbox(cpu_seconds=1, wall_seconds=60) as sandbox:
        with pytest.raises(DecodeTimeout, match="CPU"):
            sandbox.analyse(SLOW, 6)
        assert sandbox.analyse(PHOTO, 6).width == 200


def test_the_cpu_limit_is_for_each_file() -> None:
    busy = hostile_files.jpeg_of_scans(60, 4000, 3000)
    with Sandbox(cpu_seconds=2, wall_seconds=60) as sandbox:
        sandbox.histogram(PHOTO)
        child = child_of(sandbox)
        # As many as it takes on this machine, however fast it is.
        while cpu_seconds_of(child) <= 2:
            sandbox.histogram(busy)
        assert child_of(sandbox) == child


@linux_only
def test_a_file_that_takes_too_much_memory_is_given_up() -> None:
    hungry = pictures.encode(pictures.flat_picture((1, 2, 3), 6000, 6000).convert("RGBA"), "PNG")
    with Sandbox(memory_bytes=300 << 20) as sandbox:
        with pytest.raises(DecodeCrashed, match="memory"):
            sandbox.analyse(hungry, 6)
        assert sandbox.analyse(PHOTO, 6).width == 200


def test_the_largest_picture_fits_the_usual_limits(sandbox: Sandbox) -> None:
    largest = pictures.flat_picture((1, 2, 3), 8000, 5000).convert("RGBA")
    largest.putpixel((0, 0), (1, 2, 3, 0))
    analysis = sandbox.analyse(pictures.encode(largest, "PNG", compress_level=1), 6)
    assert (analysis.width, analysis.height, analysis.display.width) == (8000, 5000, 2048)


def test_a_child_killed_at_its_work_is_a_crash(sandbox: Sandbox) -> None:
    sandbox.histogram(PHOTO)
    killer = threading.Timer(0.3, os.kill, (child_of(sandbox), signal.SIGKILL))
    killer.start()
    with pytest.raises(DecodeCrashed, match="-9"):
        sandbox.analyse(SLOW, 6)
    killer.join()
    assert sandbox.analyse(PHOTO, 6).width == 200


def test_a_child_killed_between_two_files_is_replaced(sandbox: Sandbox) -> None:
    sandbox.histogram(PHOTO)
    os.kill(child_of(sandbox), signal.SIGKILL)
    time.sleep(0.1)
    assert sandbox.analyse(PHOTO, 6).width == 200


@pytest.mark.parametrize(
    "answer",
    [
        PREFIX.pack(0, MAX_BODY + 1),
        PREFIX.pack(1, 1) + b"\x80\x80",
        PREFIX.pack(1, 0) + b"\xc1",
        PREFIX.pack(1, 1) + b"\x80\x80" * 9,
    ],
    ids=["too long", "another value", "no value", "two answers"],
)
def test_a_child_that_answers_nonsense_is_a_crash_and_is_replaced(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    script = f"import sys; sys.stdin.buffer.read(9); sys.stdout.buffer.write({answer!r}); sys.stdout.flush(); sys.stdin.read()"
    with monkeypatch.context() as patched:
        patched.setattr(parent, "ends_with_parent", lambda _command: [sys.executable, "-c", script])
        with pytest.raises(DecodeCrashed, match="answered with"):
            sandbox.histogram(PHOTO)
    assert sandbox.analyse(PHOTO, 6).width == 200


def test_a_frozen_child_is_given_up() -> None:
    with Sandbox(wall_seconds=1.0) as sandbox:
        sandbox.histogram(PHOTO)
        os.kill(child_of(sandbox), signal.SIGSTOP)
        # Larger than the pipe: the sandbox can't even send it all.
        with pytest.raises(DecodeTimeout):
            sandbox.histogram(PHOTO + bytes(4 << 20))


def test_a_child_is_replaced_after_its_share_of_jobs() -> None:
    with Sandbox(jobs_per_child=2) as sandbox:
        children = []
        for _ in range(4):
            sandbox.histogram(PHOTO)
            children.append(child_of(sandbox))
    assert children[0] == children[1] != children[2] == children[3]
    assert not any(is_alive(child) for child in children)


def test_a_closed_sandbox_leaves_nothing_and_opens_again(sandbox: Sandbox) -> None:
    sandbox.histogram(PHOTO)
    child = child_of(sandbox)
    sandbox.close()
    assert not is_alive(child)
    sandbox.close()
    assert sandbox.analyse(PHOTO, 6).width == 200


@linux_only
def test_the_child_knows_no_secrets(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_S3_SECRET_KEY", "open sesame")
    sandbox.histogram(PHOTO)
    environment = Path(f"/proc/{child_of(sandbox)}/environ").read_bytes()
    assert b"open sesame" not in environment
    assert b"OPENBLAS_NUM_THREADS=1" in environment


DECODE_FOR_EVER = """
import sys
from worker.imaging import Sandbox

with Sandbox(cpu_seconds=60, wall_seconds=60) as sandbox:
    sandbox.histogram(sys.stdin.buffer.read(int(sys.argv[1])))
    print(sandbox._child._process.pid, flush=True)
    rest = sys.stdin.buffer.read()
    if rest:
        sandbox.histogram(rest)
"""


@linux_only
@pytest.mark.parametrize("busy", [False, True])
def test_the_child_ends_with_its_parent(busy: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DECODE_FOR_EVER, str(len(PHOTO))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[4],
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(PHOTO)
        parent.stdin.flush()
        child = int(parent.stdout.readline())
        assert is_alive(child)
        if busy:
            parent.stdin.write(SLOW)
            parent.stdin.close()
            time.sleep(0.5)
        parent.kill()
        parent.wait()
        wait_until_gone(child, seconds=3)


IN_A_DAEMON = """
import multiprocessing
import sys
from worker.imaging import Sandbox

def work(data):
    with Sandbox() as sandbox:
        print(sandbox.analyse(data, 6).width, flush=True)

if __name__ == "__main__":
    process = multiprocessing.get_context("fork").Process(target=work, args=(sys.stdin.buffer.read(),), daemon=True)
    process.start()
    process.join()
    sys.exit(process.exitcode)
"""


def test_it_works_in_a_daemonic_process() -> None:
    # Celery's prefork children are daemonic, and multiprocessing forbids those to have children.
    done = subprocess.run(
        [sys.executable, "-c", IN_A_DAEMON],
        input=PHOTO,
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[4],
    )
    assert done.stdout == b"200\n"


def test_real_photos_are_analysed(sandbox: Sandbox) -> None:
    for photo in sorted(shared_data().glob("photos/caltech101/*/*.jpg"))[::120]:
        analysis = sandbox.analyse(photo.read_bytes(), 6)
        assert sum(swatch.proportion for swatch in analysis.palette) == pytest.approx(1)
        assert analysis.display.width == analysis.width
        assert analysis.model_view.std() > 5
