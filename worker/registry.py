"""Which code runs each kind of job.

Named, not imported: what some of them compute with costs a process a second and hundreds of megabytes, which a worker
that does not take their queue is spared.
"""

from collections.abc import Callable, Collection, Mapping
from functools import cache
from pkgutil import resolve_name
from typing import Any, Final

from shared.jobs.kinds import RULES, JobKind
from worker.lifecycle import ClaimedJob, JobResult, Lifecycle
from worker.services import Services

JobHandler = Callable[[Services, ClaimedJob], JobResult]
"""Does one claimed job."""

DrainHandler = Callable[[Services, Lifecycle, Callable[[], bool]], bool]
"""For kinds whose message is a wake-up: claims and does what waits until nothing does, until the kind's
`drain_seconds` have passed, or until the function that it is given says that the worker is stopping. Returns whether
there may be more."""

HANDLERS: Final[Mapping[JobKind, str]] = {
    JobKind.ANALYSE: "worker.imaging.analyse:analyse",
    JobKind.PALETTE: "worker.imaging.palette:palette",
    JobKind.REANALYSE: "worker.imaging.reanalyse:reanalyse",
    JobKind.EMBED: "worker.embedding.embed:embed",
    JobKind.DEMO: "worker.demo.task:demo",
    JobKind.INDEX_PLAN: "worker.index.full_run:plan",
    JobKind.INDEX_TILE: "worker.index.full_run:tile",
    JobKind.INDEX_MERGE: "worker.index.full_run:merge",
    JobKind.INDEX_SWITCH: "worker.index.full_run:switch",
    JobKind.INDEX_INCREMENTAL: "worker.index.incremental_run:incremental",
    JobKind.TRAIN_PREDICTOR: "worker.predictors.tasks:train",
    JobKind.PREDICT: "worker.predictors.tasks:predict",
    JobKind.PREDICT_BATCH: "worker.predictors.tasks:predict_batch",
    JobKind.SUGGEST_LABELS: "worker.predictors.label_suggestions:suggest_labels",
}


@cache
def _handler(kind: JobKind) -> Any:
    return resolve_name(HANDLERS[kind])


def job_handler(kind: JobKind) -> JobHandler:
    """The handler of a kind whose message names a job."""
    handler: JobHandler = _handler(kind)
    return handler


def drain_handler(kind: JobKind) -> DrainHandler:
    """The handler of a kind whose message is a wake-up."""
    handler: DrainHandler = _handler(kind)
    return handler


def import_handlers(queues: Collection[str]) -> None:
    """Imports what jobs of these queues need now rather than when someone waits for one."""
    for kind, rules in RULES.items():
        if rules.queue.value in queues:
            _handler(kind)
