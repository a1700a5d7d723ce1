"""Kinds of jobs with their rules, their states and queues.

One row of `jobs` is one piece of work that someone may wait for. A kind's value is the name of its Celery task.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.errors import IndexMoved, Unavailable, VitrineError, WrongModel


class Queue(StrEnum):
    """Where messages wait. A worker takes any set of them."""

    CPU = "cpu"
    GPU = "gpu"
    INDEX = "index"
    # Training and tables of predictions: minutes of work for one person. A worker turns between its queues, so that
    # these wait for one task of a backlog of uploads and not for all of it.
    TRAIN = "train"
    # Single predictions, for which a person is waiting: taken by a process of their own that keeps models warm.
    PREDICT = "predict"
    # Its own queue, so that the sweeper never waits behind the backlog that it is there to mend.
    MAINTENANCE = "maintenance"


class JobStatus(StrEnum):
    """`queued -> running -> succeeded | failed | dead | cancelled`, and back to `queued` after an error that may pass."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # the input is bad: trying again cannot help
    DEAD = "dead"  # every attempt was spent
    CANCELLED = "cancelled"


ACTIVE: Final = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})
FINISHED: Final = frozenset(JobStatus) - ACTIVE


class JobKind(StrEnum):
    """What a job does. The first two are parents: their children do the work, and no task has their name."""

    ANALYSE_IMAGE = "analyse-image"
    INDEX_FULL = "index-full"
    ANALYSE = "analyse"
    EMBED = "embed"
    PALETTE = "palette"
    REANALYSE = "reanalyse"
    DEMO = "demo"
    INDEX_PLAN = "index-plan"
    INDEX_TILE = "index-tile"
    INDEX_MERGE = "index-merge"
    INDEX_SWITCH = "index-switch"
    INDEX_INCREMENTAL = "index-incremental"
    TRAIN_PREDICTOR = "train-predictor"
    PREDICT = "predict"
    PREDICT_BATCH = "predict-batch"
    SUGGEST_LABELS = "suggest-labels"


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a job waits before its next attempt: `first` seconds, then twice as long each time, up to `longest`.

    Up to as much again is added by chance, so that what failed together does not come back together.
    """

    first: float = 2.0
    longest: float = 60.0

    def seconds(self, attempt: int) -> float:
        """Before the attempt that follows number `attempt` (1, 2 ...), without the part that chance adds."""
        # What costs no attempt may have been tried a thousand times: no float holds two to that power.
        return min(self.longest, self.first * 2.0 ** min(attempt - 1, 32))


@dataclass(frozen=True, slots=True)
class JobRules:
    """How jobs of a kind are run.

    attempts: runs before a job is dead. deadline_seconds: the longest that one run may take; the heartbeat never
    renews a lease past it. backoff: the pause between attempts. transient_errors: those that cost a job no attempt, since they
    are not its fault. drain_seconds: of a kind whose message is a wake-up, which takes whatever waits and not the
    job it was sent for, how long it goes on before another wake-up takes over; 0 for all other kinds.
    """

    queue: Queue
    attempts: int
    deadline_seconds: int
    backoff: Backoff = Backoff()
    transient_errors: tuple[type[VitrineError], ...] = (Unavailable,)
    drain_seconds: int = 0

    @property
    def wake_up(self) -> bool:
        """Whether one message that waits is enough, however many jobs do."""
        return self.drain_seconds > 0


# An index run that finds the index changed by another meanwhile starts over, as often as it takes.
_INDEX_ERRORS: Final = (Unavailable, IndexMoved)

RULES: Final[dict[JobKind, JobRules]] = {
    # Four runs outlast a deploy, a restart and one stroke of bad luck; a photo that kills its worker stops there.
    JobKind.ANALYSE: JobRules(Queue.CPU, attempts=4, deadline_seconds=100),
    # 300 s of draining are well within the broker's visibility timeout.
    JobKind.EMBED: JobRules(
        Queue.GPU,
        attempts=4,
        deadline_seconds=600,
        transient_errors=(Unavailable, WrongModel),
        drain_seconds=300,
    ),
    JobKind.PALETTE: JobRules(Queue.CPU, attempts=4, deadline_seconds=100),
    # Some photos a run, the next behind what waits: uploads wait for one run at most.
    JobKind.REANALYSE: JobRules(Queue.CPU, attempts=4, deadline_seconds=100),
    # A hundred pictures take half a minute, and what was drawn before a run died is not drawn into the gallery again.
    JobKind.DEMO: JobRules(Queue.CPU, attempts=4, deadline_seconds=600),
    # Reading a million embeddings takes minutes, and a plan or switch that dies is cheap to run again.
    JobKind.INDEX_PLAN: JobRules(
        Queue.INDEX, attempts=4, deadline_seconds=3600, transient_errors=_INDEX_ERRORS
    ),
    JobKind.INDEX_TILE: JobRules(
        Queue.INDEX, attempts=4, deadline_seconds=3600, transient_errors=_INDEX_ERRORS
    ),
    JobKind.INDEX_MERGE: JobRules(
        Queue.INDEX, attempts=4, deadline_seconds=3600, transient_errors=_INDEX_ERRORS
    ),
    JobKind.INDEX_SWITCH: JobRules(
        Queue.INDEX, attempts=4, deadline_seconds=3600, transient_errors=_INDEX_ERRORS
    ),
    JobKind.INDEX_INCREMENTAL: JobRules(
        Queue.INDEX, attempts=4, deadline_seconds=3600, transient_errors=_INDEX_ERRORS
    ),
    # The largest table that is taken trains within minutes. One that kills its worker twice would do so again.
    JobKind.TRAIN_PREDICTOR: JobRules(
        Queue.TRAIN, attempts=3, deadline_seconds=900, transient_errors=(Unavailable, WrongModel)
    ),
    JobKind.PREDICT_BATCH: JobRules(Queue.TRAIN, attempts=3, deadline_seconds=600),
    # A prediction takes milliseconds; the first of a large model, whose file is read before it, some seconds.
    JobKind.PREDICT: JobRules(
        Queue.PREDICT, attempts=3, deadline_seconds=60, transient_errors=(Unavailable, WrongModel)
    ),
    # Some thousand embeddings are read for it: a second or two.
    JobKind.SUGGEST_LABELS: JobRules(
        Queue.PREDICT, attempts=3, deadline_seconds=60, transient_errors=(Unavailable, WrongModel)
    ),
}

# Their children do the work: they have no rules of their own, and no task has their name.
PARENTS: Final = frozenset(JobKind) - RULES.keys()

# The one task that has no job row: it looks after the rows.
SWEEP: Final = "sweep"
