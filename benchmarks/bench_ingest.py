"""How fast do photos come in, all of `make run` at work, and what does that cost beside the engines alone?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Final

from benchmarks.bare_engines import Engines
from benchmarks.bench_upload import HEIGHT, WIDTH, Photos
from benchmarks.cpu_workers import Backlog
from benchmarks.ingest_stack import Ingest, ingest
from benchmarks.photos import drawn, real
from benchmarks.report import table
from benchmarks.servers import running_database
from benchmarks.support import interleave, ratio
from infra.local.processes import Processes
from shared.settings import Settings
from tests.support.services import running_valkey, service_folder
from tests.support.stack import QUICK, Stack, running_stack

COUNT: Final = 64
ROUNDS: Final = 2
WARM_UP: Final = 6
# Of the phones of the last years.
_PHONE: Final = (4000, 3000)
_PHONE_COUNT: Final = 24
_REAL_KINDS: Final = 60

WORKER_PHOTOS: Final = 48
WORKER_ROUNDS: Final = 3
TARGET_OVERHEAD: Final = "≤ 25 %"
TARGET_SCALING: Final = "≥ 1.8"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of photo, and how many of it are uploaded at once."""

    name: str
    photos: Photos
    count: int


@dataclass(frozen=True, slots=True)
class KindResult:
    kind: Kind
    runs: Sequence[Ingest]
    bare: Sequence[float]

    def milliseconds(self, part: str) -> float:
        """CPU time of a part of the stack for one photo."""
        return 1000 * median(run.cpu.get(part, 0.0) for run in self.runs) / self.kind.count

    @property
    def ours(self) -> float:
        return 1000 * median(sum(run.cpu.values()) for run in self.runs) / self.kind.count

    @property
    def engines(self) -> float:
        return 1000 * median(self.bare) / self.kind.count


def run() -> str:
    """The section of RESULTS.md."""
    kinds = _kinds()
    # The tests' haste would have the sweeper and the index run far more often than they do.
    as_installed = dict.fromkeys(QUICK, "") | {"VITRINE_WEIGHTS_DOWNLOAD": "false"}
    with service_folder("bench") as data, running_stack(data, as_installed) as stack:
        engines = Engines()
        found = [_measure(stack, engines, kind) for kind in kinds]
        gallery = ingest(stack, kinds[0].photos.take(COUNT), to_the_end=True)
        engines.close()
    scaling = _scaling(kinds[0].photos)
    return (
        "How fast do photos come in, all of `make run` at work, and what does that cost beside the engines alone?\n\n"
        f"{_rates(found)}\n\n"
        "A stage's rate: photos over the time from its first to its last; the stages overlap and share the cores. The whole "
        f"way: from the first POST to the last embedding. {COUNT} photos had their look-alikes {gallery.indexed:.1f} s after the "
        "first POST, of which 10 s and more are an index run's wait for uploads to pause.\n\n"
        f"{_costs(found)}\n\n"
        f"Medians of {ROUNDS} rounds, service and engines in turns. The engines alone: `analyse` and `embed` called on the same "
        "photos, in as many processes as there are cores, nothing stored or sent.\n\n"
        f"{scaling}"
    )


def _kinds() -> list[Kind]:
    kinds = [
        Kind(f"{WIDTH} × {HEIGHT}", Photos(drawn(WIDTH, HEIGHT)), COUNT),
        Kind(f"{_PHONE[0]} × {_PHONE[1]}", Photos(drawn(*_PHONE, quality=90)), _PHONE_COUNT),
    ]
    if small := real(_REAL_KINDS):
        kinds.append(Kind("about 300 × 200, real", Photos(small), COUNT))
    return kinds


def _measure(stack: Stack, engines: Engines, kind: Kind) -> KindResult:
    ingest(stack, kind.photos.take(WARM_UP))
    engines.cpu_seconds(kind.photos.take(WARM_UP))
    runs: list[Ingest] = []
    bare: list[float] = []
    interleave(
        {
            "ours": lambda: runs.append(ingest(stack, kind.photos.take(kind.count))),
            "bare": lambda: bare.append(engines.cpu_seconds(kind.photos.take(kind.count))),
        },
        ROUNDS,
    )
    return KindResult(kind, runs, bare)


def _rates(found: Sequence[KindResult]) -> str:
    head = (
        "photos a second",
        "posted",
        "analysed",
        "embedded",
        "whole way",
        "slowest stage",
    )
    return table(head, [(each.kind.name, *_rate(each)) for each in found])


def _rate(found: KindResult) -> tuple[str, ...]:
    count = found.kind.count
    stages = {
        "posting": median(run.posting for run in found.runs),
        "analysing": median(run.analysing for run in found.runs),
        "embedding": median(run.embedding for run in found.runs),
    }
    return (
        *(f"{count / seconds:.1f}" for seconds in stages.values()),
        f"{count / median(run.embedded for run in found.runs):.1f}",
        max(stages, key=lambda stage: stages[stage]),
    )


def _costs(found: Sequence[KindResult]) -> str:
    parts = sorted({part for each in found for run in each.runs for part in run.cpu})
    parts.sort(key=found[0].milliseconds, reverse=True)
    head = ("CPU ms a photo", *(each.kind.name for each in found), "target")
    return table(
        head,
        [
            *((part, *(f"{each.milliseconds(part):.1f}" for each in found), "") for part in parts),
            ("together", *(f"{each.ours:.1f}" for each in found), ""),
            ("peer: the engines alone", *(f"{each.engines:.1f}" for each in found), ""),
            (
                "more than the engines",
                *(f"{each.ours / each.engines - 1:.0%}" for each in found),
                TARGET_OVERHEAD,
            ),
        ],
    )


def _scaling(photos: Photos) -> str:
    """One cpu worker process and two, on the same backlog."""
    with (
        service_folder("bench") as folder,
        Processes() as processes,
        running_database(processes, folder / "postgres") as url,
        running_valkey(processes, folder / "valkey") as valkey,
    ):
        settings = Settings(database_url=url, broker_url=valkey.url, storage_dir=folder / "blobs")
        backlog = Backlog(processes, settings, folder)
        found = interleave(
            {str(count): partial(backlog.seconds, count, photos.take, WORKER_PHOTOS) for count in (1, 2)},
            WORKER_ROUNDS,
        )
        backlog.close()
    head = ("photos analysed a second", "median", "times one", "target")
    rates = {name: [WORKER_PHOTOS / seconds for seconds in times] for name, times in found.items()}
    rows = [
        ("one cpu worker process", f"{median(rates['1']):.1f}", "", ""),
        ("two", f"{median(rates['2']):.1f}", ratio(rates["2"], rates["1"]), TARGET_SCALING),
    ]
    return (
        f"{table(head, rows)}\n\n"
        f"{WORKER_PHOTOS} photos of {WIDTH} × {HEIGHT} waiting each time, nothing else at work; {WORKER_ROUNDS} rounds in turns."
    )
