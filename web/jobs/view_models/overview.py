"""How the work is going: charts, a line a queue, workers, and the look-alike index."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import url_for

from shared.db.queries.index.runs import Pending
from shared.db.queries.index.state import IndexStateRow, RunRow
from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.jobs.overview import MOST_WAITING, Finished, QueueRow, WorkerRow
from shared.jobs.kinds import RULES, JobKind, JobStatus
from web.jobs.kind_words import KIND_WORDS
from web.jobs.view_models.chart import Chart, make_chart
from web.layout import words

# A worker that holds a job renews its lease several times a minute; one that is idle for longer may be gone.
_RECENT: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Window:
    """How far back the charts go, and how much time one bar stands for."""

    hours: int
    name: str
    step: timedelta
    href: str
    here: bool

    @property
    def length(self) -> timedelta:
        return timedelta(hours=self.hours)

    @property
    def steps(self) -> int:
        return round(self.length / self.step)


WINDOWS: Final = {1: ("1 hour", 1), 6: ("6 hours", 5), 24: ("24 hours", 20)}


@dataclass(frozen=True, slots=True)
class QueueLine:
    """state: waiting, working or done, as the style sheet has it."""

    name: str
    state: str
    words: str
    done: str
    failed: str


@dataclass(frozen=True, slots=True)
class WorkerLine:
    name: str
    state: str
    words: str
    does: str


@dataclass(frozen=True, slots=True)
class IndexLines:
    """state: done, or working while something is pending. running: whether a run is under way."""

    state: str
    now: str
    last: str
    next_run: str
    running: str | None
    running_href: str | None


@dataclass(frozen=True, slots=True)
class JobsOverview:
    """address: where a script polls it; interval_ms: how often that is worth it, in milliseconds."""

    address: str
    interval_ms: int
    summary: str
    windows: tuple[Window, ...]
    charts: tuple[Chart, Chart]
    cut: bool
    queues: tuple[QueueLine, ...]
    workers: tuple[WorkerLine, ...]
    index: IndexLines


def windows(hours: int) -> tuple[Window, ...]:
    """The choices; `hours` is the current one."""
    return tuple(
        Window(each, name, timedelta(minutes=step), url_for("jobs_page.show", hours=each), each == hours)
        for each, (name, step) in WINDOWS.items()
    )


def overview(
    window: Window,
    queues: Sequence[QueueRow],
    finished: Finished,
    workers: Sequence[WorkerRow],
    index: IndexLines,
) -> JobsOverview:
    return JobsOverview(
        address=url_for("jobs_page.show_overview", hours=window.hours),
        # A twentieth of a bar: a smaller change is hardly visible, and a longer window costs more to count.
        interval_ms=round(window.step.total_seconds() * 1000 / 20),
        summary=_summary(queues),
        windows=windows(window.hours),
        charts=_charts(window, finished),
        cut=finished.cut,
        queues=_queue_lines(queues, finished),
        workers=tuple(map(_worker_line, workers)),
        index=index,
    )


def _summary(queues: Sequence[QueueRow]) -> str:
    running = sum(queue.running for queue in queues)
    waiting = sum(queue.waiting + queue.later for queue in queues)
    oldest = max((queue.oldest for queue in queues if queue.oldest is not None), default=None)
    if not running and not waiting:
        return "Nothing waits, nothing is at work."
    parts = [f"{running:,} at work", f"{_bounded(waiting)} waiting"]
    if oldest is not None and oldest >= timedelta(seconds=10):
        parts.append(f"the oldest for {words.duration(oldest)}")
    return ", ".join(parts) + "."


def _bounded(count: int) -> str:
    return f"over {MOST_WAITING:,}" if count >= MOST_WAITING else f"{count:,}"


def _charts(window: Window, finished: Finished) -> tuple[Chart, Chart]:
    succeeded: Counter[datetime] = Counter()
    failed: Counter[datetime] = Counter()
    for row in finished.rows:
        if row.status is JobStatus.SUCCEEDED:
            succeeded[row.begin] += row.count
        elif row.status is not JobStatus.CANCELLED:
            failed[row.begin] += row.count
    return (
        make_chart("Done", "done", succeeded, since=finished.since, step=window.step, steps=window.steps),
        make_chart("Failed", "failed", failed, since=finished.since, step=window.step, steps=window.steps),
    )


# --- queues -----------------------------------------------------------------------------------------------------


def _queue_lines(queues: Sequence[QueueRow], finished: Finished) -> tuple[QueueLine, ...]:
    done: Counter[JobKind] = Counter()
    failed: Counter[JobKind] = Counter()
    for row in finished.rows:
        if row.status is JobStatus.SUCCEEDED:
            done[row.kind] += row.count
        elif row.status is not JobStatus.CANCELLED:
            failed[row.kind] += row.count
    # Kinds without any jobs would only be noise.
    known = [
        queue
        for queue in queues
        if queue.waiting or queue.later or queue.running or done[queue.kind] or failed[queue.kind]
    ]
    return tuple(
        QueueLine(
            name=KIND_WORDS[queue.kind].many,
            state="working" if queue.running else "waiting" if queue.waiting or queue.later else "done",
            words=_queue_words(queue),
            done=f"{done[queue.kind]:,}",
            failed=f"{failed[queue.kind]:,}" if failed[queue.kind] else "",
        )
        for queue in known
    )


def _queue_words(queue: QueueRow) -> str:
    parts = []
    if queue.running:
        parts.append(f"{queue.running:,} at work")
    if queue.waiting:
        since = "" if queue.oldest is None else f", the oldest for {words.duration(queue.oldest)}"
        parts.append(f"{_bounded(queue.waiting)} waiting{since}")
    if queue.later:
        parts.append(f"{_bounded(queue.later)} to be tried again later")
    return "; ".join(parts) or "idle"


# --- workers ----------------------------------------------------------------------------------------------------


def _worker_line(worker: WorkerRow) -> WorkerLine:
    host, _, process = worker.name.rpartition(":")
    state = "working" if worker.running else "done" if worker.seen < _RECENT else "waiting"
    what = f"{worker.running:,} at work" if worker.running else f"seen {words.ago(worker.seen)}"
    queues = sorted({RULES[kind].queue.value for kind in worker.kinds if kind in RULES})
    return WorkerLine(
        name=f"{host or worker.name}, process {process}" if host else worker.name,
        state=state,
        words=f"{what}, {words.count(worker.finished, 'job', 'jobs')} in 15 min",
        does=", ".join(queues),
    )


# --- the index --------------------------------------------------------------------------------------------------


def index_lines(
    state: IndexStateRow,
    pending: Pending,
    last: RunRow | None,
    running: JobRow | None,
    *,
    next_full: datetime,
    now: datetime,
) -> IndexLines:
    """now: to say how long ago the last run was. running: the run that is under way."""
    return IndexLines(
        state="working" if pending.count or running else "done",
        now=_index_now(state, pending, last),
        last=_last_run(last, now),
        next_run=f"The next full run is at {next_full:%H:%M} UTC; what is new is taken in by itself.",
        running=None if running is None else KIND_WORDS[running.kind].running,
        running_href=None if running is None else url_for("jobs_page.story", id=running.id),
    )


_MODES: Final = {"full": "full", "incremental": "for what was new"}


def _index_now(state: IndexStateRow, pending: Pending, last: RunRow | None) -> str:
    if pending.count:
        return f"{words.count(pending.count, 'change waits', 'changes wait')} to be taken in."
    if state.generation is None or last is None:
        return "There are no look-alikes yet."
    return f"Up to date: {words.count(last.images, 'photo has its', 'photos have their')} look-alikes."


def _last_run(last: RunRow | None, now: datetime) -> str:
    if last is None:
        return "No run has ended yet."
    length = words.duration(last.finished_at - last.started_at)
    changes = [f"{last.new:,} new"] if last.new else []
    changes += [f"{last.removed:,} gone"] if last.removed else []
    drift = (
        f" It found {words.count(last.drift, 'list', 'lists')} that differed: a defect." if last.drift else ""
    )
    details = "".join(f", {change}" for change in changes)
    return f"The last run, {_MODES[last.mode]}, ended {words.ago(now - last.finished_at)}: {length}{details}.{drift}"
