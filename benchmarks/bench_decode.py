"""What does a photo cost from its bytes to everything that needs its pixels? Beside plain ways to one small picture."""

import io
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image

from benchmarks.decode_peers import Shrink, decode_peers, plain
from benchmarks.pictures import DRAWN, camera_jpeg, real_photos
from benchmarks.report import table
from benchmarks.support import BenchmarkFailed, interleave
from shared.limits import VIEW_SIDE
from worker.embedding.algorithms.embedder import Embedder
from worker.embedding.algorithms.resnet import OFFICIAL_WEIGHTS, build_resnet18, load_state
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder
from worker.embedding.weights import bundled_weights
from worker.imaging import Sandbox
from worker.imaging.algorithms.analysis import analyse

SIZE: Final = (4000, 3000)
COLORS: Final = 6
ROUNDS: Final = 9
_SECONDS: Final = 60.0
# Photos whose views are compared with those of the plain path.
_COMPARED: Final = 3
_IN_CHILD: Final = 20

WHOLE: Final = "Vitrine: everything from one decode"
PLAIN: Final = "Pillow: open, convert, resize to 256 px"

_QUESTION: Final = (
    "What does a photo cost from its bytes to everything that needs its pixels? The others make one small picture of it, "
    "no more."
)
_NOTE: Final = (
    "Everything: four renditions, palette, perceptual hash, model view. Off: against the 224 × 224 view as torchvision makes "
    f"it from the whole picture, the worst of {_COMPARED} photos: grey levels on average, and 1 - cosine of the embeddings."
)


class Compared(NamedTuple):
    """How far a view is from that of the plain path: grey levels on average; 1 - cosine of the embeddings."""

    levels: float
    cosine: float


def run() -> str:
    """The section of RESULTS.md."""
    photos = [camera_jpeg(*SIZE, seed) for seed in range(_COMPARED)]
    peers, missing = decode_peers()
    shrinks: dict[str, Shrink] = {PLAIN: plain, **peers}
    contenders: dict[str, Callable[[], float]] = {
        name: lambda shrink=shrink: _timed(lambda: shrink(photos[0]))  # type: ignore[misc]
        for name, shrink in shrinks.items()
    }
    contenders[WHOLE] = lambda: _timed(lambda: analyse(photos[0], COLORS))
    cpu = interleave(contenders, ROUNDS, _SECONDS)
    embedder = _embedder()
    compared = {name: _compare(photos, _view_by(shrink), embedder) for name, shrink in shrinks.items()}
    compared[WHOLE] = _compare(photos, lambda data: analyse(data, COLORS).model_view, embedder)
    return _describe(cpu, compared, _in_child(photos[0]), missing, len(photos[0]))


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _view_by(shrink: Shrink) -> Callable[[bytes], NDArray[np.uint8]]:
    def view(data: bytes) -> NDArray[np.uint8]:
        small = shrink(data)
        left, top = (round((side - VIEW_SIDE) / 2) for side in small.size)
        return np.asarray(small.crop((left, top, left + VIEW_SIDE, top + VIEW_SIDE)))

    return view


def _official_view(data: bytes) -> NDArray[np.uint8]:
    """As torchvision makes it: the whole picture decoded, its shorter side resized to 256, the middle cut out."""
    transforms = OFFICIAL_WEIGHTS.transforms()
    whole = Image.open(io.BytesIO(data)).convert("RGB")
    scale = transforms.resize_size[0] / min(whole.size)
    size = int(whole.width * scale), int(whole.height * scale)
    return _view_by(lambda _: whole.resize(size, Image.Resampling.BILINEAR))(data)


def _compare(photos: list[bytes], view: Callable[[bytes], NDArray[np.uint8]], embedder: Embedder) -> Compared:
    """The worst of the photos."""
    found = np.stack([view(data) for data in photos])
    expected = np.stack([_official_view(data) for data in photos])
    levels = np.abs(found.astype(np.int16) - expected).mean(axis=(1, 2, 3))
    cosines = (embedder.embed(found) * embedder.embed(expected)).sum(axis=1)
    return Compared(float(levels.max()), float(1 - cosines.min()))


def _embedder() -> Embedder:
    network = build_resnet18()
    load_state(network, bundled_weights().state)
    return ResNet18Embedder(network, "benchmark", device="cpu")


def _in_child(data: bytes) -> tuple[float, float]:
    """CPU seconds of both processes for one photo in the sandbox, and the child's largest memory in bytes."""
    before = set(psutil.Process().children())
    with Sandbox() as sandbox:
        sandbox.analyse(data, COLORS)
        (child,) = set(psutil.Process().children()) - before
        start = time.process_time() + _spent(child)
        for _ in range(_IN_CHILD):
            sandbox.analyse(data, COLORS)
        spent = time.process_time() + _spent(child) - start
        return spent / _IN_CHILD, _peak(child.pid)


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(encoding="ascii"), re.MULTILINE)
    if found is None:
        raise BenchmarkFailed(f"{status} does not state the largest memory.")
    return float(found[1]) * 1024


def _describe(
    cpu: Mapping[str, list[float]],
    compared: Mapping[str, Compared],
    in_child: tuple[float, float],
    missing: list[str],
    size: int,
) -> str:
    base = median(cpu[PLAIN])
    rows = [
        [
            name,
            f"{1000 * median(cpu[name]):.0f}",
            f"{median(cpu[name]) / base:.2f}",
            f"{compared[name].levels:.2f}",
            f"{compared[name].cosine:.1e}",
            "≤ 80 ms, ≤ 5e-4" if name == WHOLE else "",
        ]
        for name in (WHOLE, PLAIN, *(name for name in compared if name not in {WHOLE, PLAIN}))
    ]
    head = [
        "12 MP JPEG",
        "CPU ms",
        "of plain Pillow",
        "levels off",
        "embedding off",
        "target",
    ]
    spent, peak = in_child
    limits = (
        f"In the limited child, with the pipe: {1000 * spent:.0f} ms of CPU a photo, at most {peak / 2**20:.0f} MiB of memory "
        f"(target: 350). {SIZE[0]} × {SIZE[1]}, {size / 1e6:.1f} MB; medians in turns."
    )
    lines = [
        _QUESTION,
        table(head, rows),
        _NOTE,
        limits,
    ]
    if not real_photos():
        lines.append(DRAWN)
    if missing:
        lines.append(f"Not installed here: {', '.join(missing)} (`make bench` installs them).")
    return "\n\n".join(lines)
