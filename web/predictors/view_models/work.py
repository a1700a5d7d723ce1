"""How far a predictor's job has come, as a page that is looked at meanwhile shows it."""

from dataclasses import dataclass

from shared.db.queries.jobs.jobs import JobRow
from shared.jobs.kinds import ACTIVE, JobStatus
from web.layout import words


@dataclass(frozen=True, slots=True)
class WorkView:
    """progress: 0 to 1. reason: why it has failed, in a sentence."""

    unfinished: bool
    done: bool
    words: str
    progress: float
    reason: str | None


def work_view(job: JobRow, doing: str) -> WorkView:
    """doing: what is being done, such as `Training`."""
    return WorkView(
        unfinished=job.status in ACTIVE,
        done=job.status is JobStatus.SUCCEEDED,
        words=_words(job, doing),
        progress=round(job.progress, 3),
        reason=_reason(job),
    )


def _words(job: JobRow, doing: str) -> str:
    if job.status is JobStatus.QUEUED:
        return "Waiting for a worker"
    if job.status is JobStatus.RUNNING:
        return f"{doing}, {job.progress:.0%}" if job.progress else doing
    if job.status is JobStatus.SUCCEEDED and job.started_at and job.finished_at:
        return f"Done in {words.duration(job.finished_at - job.started_at)}"
    return "Cancelled" if job.status is JobStatus.CANCELLED else "Not possible"


def _reason(job: JobRow) -> str | None:
    if job.status in {JobStatus.FAILED, JobStatus.DEAD}:
        return job.error_message or "It could not be done."
    return "It was cancelled." if job.status is JobStatus.CANCELLED else None
