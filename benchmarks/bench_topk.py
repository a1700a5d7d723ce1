"""How fast are the look-alike lists of a whole gallery? The self-join beside faiss' exact search and our own blocks."""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.galleries import clustered, real_photos, unclustered
from benchmarks.report import table
from benchmarks.support import BenchmarkFailed, interleave, ratio
from worker.algorithms import topk
from worker.algorithms.neighbours import NeighbourLists, full

K: Final = 20
SIZES: Final = (10_000, 20_000, 50_000, 100_000)
UNCLUSTERED_SIZES: Final = (10_000, 20_000)
TARGETS: Final = {("clustered", 100_000): "≥ 5", ("unclustered", 20_000): "≥ 1.9"}

ROUNDS: Final = 3
# No further round of a size begins after so long.
_SECONDS: Final = 20.0
# Above, plain blocks take minutes to say what they say below.
_MOST_FOR_BLOCKS: Final = 20_000
# Lists that are compared with a plain search, bit by bit.
_CHECKED: Final = 300
_MILLION: Final = 1_000_000

_NOTE: Final = (
    "faiss: IndexFlatIP, which is exact to float32 rounding. Blocks: `topk.search`. The self-join's lists are those of "
    f"blocks to the last bit ({_CHECKED} checked each time). Memory: beside the vectors, at the peak."
)

_STATUS: Final = Path("/proc/self/status")
_RESET_PEAK: Final = Path("/proc/self/clear_refs")


class Took(NamedTuple):
    """Seconds on the clock and of all cores."""

    wall: float
    cpu: float


class Measured(NamedTuple):
    """What a size and kind of gallery showed."""

    kind: str
    size: int
    kth: float
    memory: float
    took: Mapping[str, list[Took]]


def run(sizes: tuple[int, ...] = SIZES, unclustered_sizes: tuple[int, ...] = UNCLUSTERED_SIZES) -> str:
    """The section of RESULTS.md. Raises BenchmarkFailed if lists are not those of a plain search."""
    _lists(clustered(3000) if real_photos() else unclustered(3000))  # compiles
    found = [_measure("unclustered", unclustered(size)) for size in unclustered_sizes]
    if real_photos():
        found += [_measure("clustered", clustered(size)) for size in sizes]
    return _describe(found)


def _measure(kind: str, vectors: NDArray[np.float32]) -> Measured:
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    lists, memory = _with_peak(lambda: _lists(vectors))
    _check(vectors, lists)
    contenders = {
        "self-join": lambda: _timed(lambda: _lists(vectors)),
        "faiss": lambda: _timed(lambda: index.search(vectors, K + 1)),
    }
    if len(vectors) <= _MOST_FOR_BLOCKS:
        contenders["blocks"] = lambda: _timed(lambda: _searched(vectors, np.arange(len(vectors))))
    took = interleave(contenders, ROUNDS, _SECONDS)
    kth = float(np.median(lists.similarities[:, -1]))
    return Measured(kind, len(vectors), kth, memory / vectors.nbytes, took)


def _targets(vectors: NDArray[np.float32]) -> topk.Targets:
    return topk.Targets(vectors, np.arange(len(vectors), dtype=np.uint64))


def _lists(vectors: NDArray[np.float32]) -> NeighbourLists:
    return full(vectors, np.arange(len(vectors)), K)


def _searched(vectors: NDArray[np.float32], places: NDArray[np.intp]) -> NDArray[np.uint64]:
    queries = topk.Queries(vectors, places, places)
    return topk.search(queries, _targets(vectors), topk.no_keys(len(places), K))


def _check(vectors: NDArray[np.float32], lists: NeighbourLists) -> None:
    places = np.random.default_rng(3).choice(len(vectors), _CHECKED, replace=False)
    similarities, neighbours, _ = topk.unpack(_searched(vectors, places))
    found = lists.take(places)
    if not (
        np.array_equal(found.neighbours, neighbours.astype(np.int64))
        and np.array_equal(found.similarities, similarities)
    ):
        raise BenchmarkFailed(f"Lists of {len(vectors)} images are not those of a plain search.")


def _timed(work: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def _with_peak(work: Callable[[], NeighbourLists]) -> tuple[NeighbourLists, float]:
    """What `work` returns, and the bytes of memory that it took at most beside what was there before."""
    if not _RESET_PEAK.exists():
        return work(), float("nan")
    _RESET_PEAK.write_text("5", encoding="ascii")
    before = _memory("VmRSS")
    answer = work()
    return answer, _memory("VmHWM") - before


def _memory(name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    if found is None:
        raise BenchmarkFailed(f"{_STATUS} does not tell {name}.")
    return float(found[1]) * 1024


def _describe(found: list[Measured]) -> str:
    rows = [
        [
            f"{each.kind}, {each.size:,} (20th at {each.kth:.2f})",
            *(_seconds(each.took.get(name)) for name in ("self-join", "faiss", "blocks")),
            ratio(*([took.wall for took in each.took[name]] for name in ("faiss", "self-join"))),
            ratio(*([took.cpu for took in each.took[name]] for name in ("faiss", "self-join"))),
            TARGETS.get((each.kind, each.size), ""),
            f"{each.memory:.2f}",
        ]
        for each in found
    ]
    head = [
        f"lists of {K}, all images",
        "self-join s",
        "faiss s",
        "blocks s",
        "times as fast as faiss",
        "by CPU time",
        "target",
        "memory / matrix",
    ]
    lines = [
        "How long do the look-alike lists of a whole gallery take?",
        table(head, rows),
        _NOTE,
        *_growth([each for each in found if each.kind == "clustered"]),
    ]
    if not real_photos():
        lines.append("The photos and weights that clustered galleries are made of are not on this machine.")
    return "\n\n".join(lines)


def _seconds(took: list[Took] | None) -> str:
    return "" if took is None else f"{median(each.wall for each in took):.2f}"


def _growth(found: list[Measured]) -> list[str]:
    """The exponent that fits the sizes, and what the largest comes to at a million."""
    if len(found) < 2:
        return []
    sizes = np.array([float(each.size) for each in found])
    seconds = [median(took.wall for took in each.took["self-join"]) for each in found]
    exponent = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
    factor = _MILLION / sizes[-1]
    text = (
        f"Growth from {sizes[0]:,.0f} to {sizes[-1]:,.0f} images: as n^{exponent:.2f}. A million, if a pair then costs what "
        f"it does at {sizes[-1]:,.0f}: {seconds[-1]:.1f} s × {factor:g}² = {seconds[-1] * factor**2 / 60:.0f} minutes."
    )
    return [text]
