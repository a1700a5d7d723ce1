"""How fast are the look-alike lists of a gallery, all of them and what changes in them? Beside faiss' exact search."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from typing import Final, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

from benchmarks.galleries import clustered, real_photos, unclustered
from benchmarks.memory import with_peak
from benchmarks.report import table
from benchmarks.support import BenchmarkFailed, interleave
from worker.index.exact import Share, TiledBuild, number_of_parts, tiles_of
from worker.index.exact.codes.integer_products import float32_speed, int8_speed
from worker.index.exact.lists import NeighbourLists, concatenate
from worker.index.exact.neighbours import build, query, update

K: Final = 20
SIZES: Final = (5_000, 10_000, 20_000, 50_000, 100_000)
UNCLUSTERED_SIZES: Final = (20_000, 100_000)
TARGETS: Final = {("clustered", 100_000): "≥ 5", ("unclustered", 100_000): "≥ 1.9"}

ROUNDS: Final = 3
# No further round of a size begins after so long.
_SECONDS: Final = 20.0
# Lists that are compared with a plain search, bit by bit.
_CHECKED: Final = 200
_MILLION: Final = 1_000_000
# How many come or go, and what share of faiss' time for all lists their update may take at the largest size.
_CHANGES: Final = {"100 new": "≥ 550", "1,000 new": "≥ 90", "100 deleted": ""}

_NOTE: Final = (
    "faiss: IndexFlatIP, exact to float32 rounding. Ours: identical to a plain search in float64, ties by id "
    f"({_CHECKED} lists checked bit by bit each time). CPU: seconds of all cores, which suffer least from what else a "
    "machine does; times: faiss' by ours. Memory: beside the vectors, at the peak. Clustered: embeddings of real photos, "
    "repeated with changes taken from real crops, flips and brightness. Unclustered: random directions, the worst case."
)


class Timing(NamedTuple):
    """Seconds on the clock and of all cores."""

    wall: float
    cpu: float


class Measured(NamedTuple):
    """What a size and kind of gallery showed. memory: as a share of the vectors."""

    kind: str
    size: int
    kth: float
    memory: float
    took: Mapping[str, list[Timing]]

    def seconds(self, name: str) -> Timing:
        """The medians."""
        return Timing(*(median(values) for values in zip(*self.took[name], strict=True)))

    def times(self, name: str = "ours") -> Timing:
        """faiss' time by that of another."""
        return Timing(
            *(peer / own for peer, own in zip(self.seconds("faiss"), self.seconds(name), strict=True))
        )


class InTiles(NamedTuple):
    """A full run in tiles. plan: CPU seconds of the plan alone."""

    lists: NeighbourLists
    took: Timing
    plan: float


def run(sizes: tuple[int, ...] = SIZES, unclustered_sizes: tuple[int, ...] = UNCLUSTERED_SIZES) -> str:
    """The section of RESULTS.md. Raises BenchmarkFailed if lists are not those of a plain search."""
    _lists(unclustered(6000))  # compiles
    found = [_measure("unclustered", unclustered(size)) for size in unclustered_sizes]
    kind, made = ("clustered", clustered) if real_photos() else ("unclustered", unclustered)
    if real_photos():
        found += [_measure(kind, clustered(size)) for size in sizes]
    largest = found[-1]
    in_tiles, changes = _measure_changes(made(largest.size + 1000), largest.size)
    return _describe(found, in_tiles, changes)


def _measure(kind: str, vectors: NDArray[np.float32]) -> Measured:
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    lists, memory = with_peak(lambda: _lists(vectors))
    _check(vectors, lists)
    contenders = {
        "ours": lambda: _timed(lambda: _lists(vectors)),
        "faiss": lambda: _timed(lambda: index.search(vectors, K + 1)),
    }
    took = interleave(contenders, ROUNDS, _SECONDS)
    return Measured(
        kind, len(vectors), float(np.median(lists.similarities[:, -1])), memory / vectors.nbytes, took
    )


def _measure_changes(vectors: NDArray[np.float32], size: int) -> tuple[InTiles, dict[str, Timing]]:
    """Of a gallery of `size`: all lists in tiles, and what its _CHANGES take."""
    ids, none = np.arange(len(vectors)), np.empty(0, np.int64)
    in_tiles = _in_tiles(vectors[:size], ids[:size])
    before = in_tiles.lists
    _check(vectors[:size], before)
    gone = np.sort(np.random.default_rng(4).choice(size, 100, replace=False))
    left = np.delete(ids[:size], gone)

    def come(count: int) -> NeighbourLists:
        return update(vectors[: size + count], ids[: size + count], before, ids[size : size + count], none, K)

    def go() -> NeighbourLists:
        return update(vectors[left], left, before, none, gone, K)

    works: dict[str, Callable[[], NeighbourLists]] = dict(
        zip(_CHANGES, (partial(come, 100), partial(come, 1000), go), strict=True)
    )
    found = interleave({name: partial(_timed, work) for name, work in works.items()}, ROUNDS, _SECONDS)
    after = [(vectors[: size + 100], come(100)), (vectors[: size + 1000], come(1000))]
    for grown, changed in after:
        _check(grown, changed)
    took = {
        name: Timing(*(median(values) for values in zip(*each, strict=True))) for name, each in found.items()
    }
    return in_tiles, {"all, in tiles": in_tiles.took, **took}


def _lists(vectors: NDArray[np.float32]) -> NeighbourLists:
    return build(vectors, np.arange(len(vectors)), K)


def _in_tiles(vectors: NDArray[np.float32], ids: NDArray[np.int64]) -> InTiles:
    """All lists as a full run makes them, one tile after the other, and how long all its jobs compute."""

    def finish() -> NeighbourLists:
        parts = number_of_parts(len(plan.order), 32_768)
        shares: list[list[Share]] = [[] for _ in range(parts)]
        for tile in tiles_of(parts):
            for part, share in zip(tile, tiled_build.compare(plan, parts, tile), strict=False):
                shares[part].append(share)
        merged = [tiled_build.merge(plan, parts, part, some) for part, some in enumerate(shares)]
        lists = concatenate(merged)
        return lists.take(np.argsort(lists.owners))

    wall, cpu = time.perf_counter(), time.process_time()
    tiled_build = TiledBuild(vectors, ids, K)
    plan = tiled_build.plan()
    planned = time.process_time()
    lists = finish()
    done = time.process_time()
    return InTiles(lists, Timing(time.perf_counter() - wall, done - cpu), planned - cpu)


def _check(vectors: NDArray[np.float32], lists: NeighbourLists) -> None:
    ids = np.arange(len(vectors))
    for place in np.random.default_rng(3).choice(len(lists), min(_CHECKED, len(lists)), replace=False):
        owner = lists.owners[place]
        found = query(vectors[[owner]], vectors, ids, K + 1)
        others = found.neighbours[0] != owner
        same = np.array_equal(lists.neighbours[place], found.neighbours[0, others][:K])
        if not (same and np.array_equal(lists.similarities[place], found.similarities[0, others][:K])):
            raise BenchmarkFailed(f"A list among {len(vectors)} images is not that of a plain search.")


def _timed(work: Callable[[], object]) -> Timing:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Timing(time.perf_counter() - wall, time.process_time() - cpu)


def _describe(found: list[Measured], in_tiles: InTiles, changes: Mapping[str, Timing]) -> str:
    rows = [
        [
            f"{each.kind}, {each.size:,} (20th at {each.kth:.2f})",
            *(f"{seconds:.2f}" for name in ("ours", "faiss") for seconds in each.seconds(name)),
            *(f"{times:.1f}" for times in each.times()),
            TARGETS.get((each.kind, each.size), ""),
            f"{each.memory:.2f}",
        ]
        for each in found
    ]
    head = [
        f"lists of {K}, all images",
        "ours s",
        "CPU s",
        "faiss s",
        "CPU s",
        "times",
        "by CPU",
        "target",
        "memory",
    ]
    largest = found[-1]
    whole = largest.seconds("faiss")
    changed = [
        [
            name,
            f"{took.wall:.3f}",
            f"{took.cpu:.3f}",
            f"{whole.wall / took.wall:.0f}",
            f"{whole.cpu / took.cpu:.0f}",
            _CHANGES.get(name, ""),
        ]
        for name, took in changes.items()
    ]
    lines = [
        "How long do the look-alike lists of a whole gallery take, and what changes in them?",
        table(head, rows),
        _NOTE,
        table(
            [
                f"of {largest.size:,} {largest.kind}",
                "s",
                "CPU s",
                "times faster than faiss for all",
                "by CPU",
                "target",
            ],
            changed,
        ),
        _growth([each for each in found if each.kind == largest.kind], in_tiles),
        _speeds(),
    ]
    if not real_photos():
        lines.append("The photos and weights that clustered galleries are made of are not on this machine.")
    return "\n\n".join(lines)


def _growth(found: list[Measured], in_tiles: InTiles) -> str:
    """How CPU time grows over all sizes, and what the parts of the largest run come to at a million."""
    sizes = np.array([float(each.size) for each in found])
    seconds = np.array([each.seconds("ours").cpu for each in found])
    measured = ", ".join(f"{size:,.0f}: {cpu:.2f}" for size, cpu in zip(sizes, seconds, strict=True))
    text = f"Growth, in CPU seconds: {measured}."
    if len(found) > 1:
        # Small galleries are searched otherwise: one curve through all sizes describes them, and predicts little beyond.
        text += f" Fitted: n to the power of {np.polyfit(np.log(sizes), np.log(seconds), 1)[0]:.2f}."
    factor = _MILLION / sizes[-1]
    plan, rest = in_tiles.plan, in_tiles.took.cpu - in_tiles.plan
    million = plan * factor + rest * factor**2
    return (
        f"{text} Of {sizes[-1]:,.0f} in tiles, the plan took {plan:.2f}, which grows with n, and what follows {rest:.2f}, most "
        f"of which grows with n². At a million: {plan:.2f} s × {factor:g} + {rest:.2f} s × {factor:g}² = {million:.0f} s = "
        f"{million / 60:.1f} minutes of one core. At most, if all grew with n²: {in_tiles.took.cpu:.2f} s × {factor:g}² = "
        f"{in_tiles.took.cpu * factor**2 / 60:.1f} minutes."
    )


def _speeds() -> str:
    int8, float32 = int8_speed(), float32_speed()
    kernels = {
        f"{each['prefix']} for {each['architecture']}" for each in threadpool_info() if "architecture" in each
    }
    return (
        f"One core here multiplies {int8:.0f} numbers of 8 bits a nanosecond (0: it has no units for it), and "
        f"{float32:.0f} in float32. The BLAS kernels that were chosen: {', '.join(sorted(kernels))}."
    )
