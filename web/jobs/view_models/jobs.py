"""Jobs as sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from flask import url_for

from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.photos.images import ImageRow
from shared.jobs.kinds import ACTIVE, JobKind, JobStatus
from shared.jobs.results import IndexRunResult
from web.jobs.kind_words import KIND_WORDS
from web.layout import words
from web.layout.paging import Pages
from web.photos import Part


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done about a job now: the text and icon of a button, and where it posts to."""

    words: str
    icon: str
    href: str


@dataclass(frozen=True, slots=True)
class JobLine:
    """what: the sentence, which the photo's name ends. state: waiting, working, done or failed. ago: when it was made."""

    id: UUID
    href: str
    what: str
    photo: Part | None
    state: str
    status: str
    reason: str | None
    ago: str
    time: str
    iso: str
    unfinished: bool
    action: Action | None


@dataclass(frozen=True, slots=True)
class StatusFilter:
    name: str
    href: str
    here: bool


@dataclass(frozen=True, slots=True)
class JobsView:
    """failures: those of the last days, shown before everything else."""

    failures: tuple[JobLine, ...]
    failures_href: str
    choices: tuple[StatusFilter, ...]
    jobs: tuple[JobLine, ...]
    pages: Pages
    none_words: str


NO_PAGES: Final = Pages()
STATUS_NAMES: Final = {
    JobStatus.QUEUED: "Waiting",
    JobStatus.RUNNING: "At work",
    JobStatus.SUCCEEDED: "Done",
    JobStatus.FAILED: "Failed",
    JobStatus.DEAD: "Given up",
    JobStatus.CANCELLED: "Cancelled",
}
STATES: Final = {
    JobStatus.QUEUED: "waiting",
    JobStatus.RUNNING: "working",
    JobStatus.SUCCEEDED: "done",
    JobStatus.FAILED: "failed",
    JobStatus.DEAD: "failed",
    JobStatus.CANCELLED: "waiting",
}
_ERRORS: Final = frozenset({JobStatus.FAILED, JobStatus.DEAD})


def jobs_view(
    jobs: Sequence[JobRow],
    failures: Sequence[JobRow],
    images: Mapping[int, ImageRow],
    *,
    now: datetime,
    chosen: JobStatus | None = None,
    pages: Pages = NO_PAGES,
) -> JobsView:
    """images: those of the jobs that are still in the gallery, by id."""
    return JobsView(
        failures=tuple(job_line(job, images, now) for job in failures),
        failures_href=url_for("jobs_page.show", status=JobStatus.FAILED.value),
        choices=tuple(_choices(chosen)),
        jobs=tuple(job_line(job, images, now) for job in jobs),
        pages=pages,
        none_words="No job is in this state."
        if chosen
        else "There are no jobs yet. Upload a photo to see one.",
    )


def _choices(chosen: JobStatus | None) -> list[StatusFilter]:
    every = StatusFilter("All", url_for("jobs_page.show"), here=chosen is None)
    return [
        every,
        *(
            StatusFilter(name, url_for("jobs_page.show", status=status.value), here=status is chosen)
            for status, name in STATUS_NAMES.items()
        ),
    ]


def job_line(job: JobRow, images: Mapping[int, ImageRow], now: datetime) -> JobLine:
    """The job as one sentence, with what can be done about it."""
    what, photo = _sentence(job, images)
    return JobLine(
        id=job.id,
        href=url_for("jobs_page.story", id=job.id),
        what=what,
        photo=photo,
        state=STATES[job.status],
        status=_status(job),
        # A queued job may have the error of its last attempt: that is not shown while it will run again.
        reason=job.error_message if job.status in _ERRORS else None,
        ago=words.ago(now - job.created_at),
        time=words.moment(job.created_at),
        iso=job.created_at.isoformat(),
        unfinished=job.status in ACTIVE,
        action=_action(job, images),
    )


def _sentence(job: JobRow, images: Mapping[int, ImageRow]) -> tuple[str, Part | None]:
    kind = KIND_WORDS[job.kind]
    if job.kind in (JobKind.INDEX_INCREMENTAL, JobKind.INDEX_FULL):
        return _index_sentence(job), None
    if not kind.of_photo:
        return kind.one, None
    if job.image_id is None:
        return "Palette in the studio", None
    image = images.get(job.image_id)
    if image is None:
        return f"{kind.one} a photo that was deleted", None
    return kind.one, Part(image.caption or image.name, url_for("photo.show", id=image.id))


def _index_sentence(job: JobRow) -> str:
    run = job.result_as(IndexRunResult)
    if run and run.new and job.kind is JobKind.INDEX_INCREMENTAL:
        return f"Look-alikes of {words.count(run.new, 'new photo', 'new photos')}"
    if run and run.images and job.kind is JobKind.INDEX_FULL:
        return f"Look-alikes of {words.count(run.images, 'photo', 'photos')}, from the start"
    return KIND_WORDS[job.kind].one


def _status(job: JobRow) -> str:
    name = STATUS_NAMES[job.status]
    if job.status is JobStatus.RUNNING:
        name = f"{name}, {job.progress:.0%}"
    elif job.status is JobStatus.SUCCEEDED and job.started_at and job.finished_at:
        name = f"{name} in {words.duration(job.finished_at - job.started_at)}"
    elif job.status is JobStatus.DEAD:
        name = f"{name} after {words.count(job.attempt, 'try', 'tries')}"
    return f"{name}, worker {job.worker}" if job.worker and job.status is JobStatus.RUNNING else name


def _action(job: JobRow, images: Mapping[int, ImageRow]) -> Action | None:
    if job.status in ACTIVE:
        return Action("Cancel", "circle-slash", url_for("jobs_page.cancel", id=job.id))
    if job.status is JobStatus.SUCCEEDED:
        return None
    if job.status is not JobStatus.FAILED:
        return Action("Try again", "rotate-cw", url_for("jobs_page.retry", id=job.id))
    # The photo itself is bad: all that helps is to delete it.
    if job.image_id in images:
        return Action("Delete the photo", "trash-2", url_for("changes.delete", id=job.image_id))
    return None
