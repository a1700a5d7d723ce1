"""One job from creation to end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for

from shared.db.queries.jobs.story import PartRow, StoryRow
from shared.db.queries.photos.images import ImageRow
from shared.jobs.kinds import ACTIVE, PARENTS, JobKind, JobStatus
from web.jobs.kind_words import KIND_WORDS
from web.jobs.view_models.jobs import STATES, STATUS_NAMES, JobLine, job_line
from web.layout import words


@dataclass(frozen=True, slots=True)
class JobFact:
    term: str
    words: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class StoryPart:
    """A step of the job, or one of the many pieces of a step."""

    name: str
    href: str
    state: str
    status: str
    facts: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class ResultLink:
    """A link to the result of a job."""

    words: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class StoryView:
    """line: the job as the list has it. retrying: why it failed and when it runs again, while it waits for its next attempt."""

    id: UUID
    line: JobLine
    percent: str
    progress: float
    retrying: str | None
    facts: tuple[JobFact, ...]
    parts: tuple[StoryPart, ...]
    more_parts: str | None
    result: ResultLink | None
    whole: str | None


def story_view(story: StoryRow, images: Mapping[int, ImageRow], now: datetime) -> StoryView:
    """images: the job's own image, if it is still in the gallery."""
    job = story.job
    left_out = story.part_count - len(story.parts)
    return StoryView(
        id=job.id,
        line=job_line(job, images, now),
        percent=f"{job.progress:.0%}",
        progress=round(job.progress, 3),
        retrying=_retrying(story, now),
        facts=tuple(_facts(story)),
        parts=tuple(map(_part, story.parts)),
        more_parts=f"And {left_out:,} more." if left_out > 0 else None,
        result=_result(story),
        whole=None if job.parent_id is None else url_for("jobs_page.story", id=job.parent_id),
    )


def _retrying(story: StoryRow, now: datetime) -> str | None:
    if story.job.status is not JobStatus.QUEUED or story.last_error is None:
        return None
    left = story.run_at - now
    when = f"in {words.duration(left)}" if left.total_seconds() > 0 else "as soon as a worker is free"
    return f"It went wrong and will be tried again {when}. {story.last_error}"


def _facts(story: StoryRow) -> list[JobFact]:
    job = story.job
    facts = [JobFact("Created", words.exact(job.created_at))]
    if job.started_at is not None:
        waited = words.duration(job.started_at - job.created_at)
        facts.append(JobFact("Started", f"{words.exact(job.started_at)}, after {waited} of waiting"))
    if job.started_at is not None and job.finished_at is not None:
        took = words.duration(job.finished_at - job.started_at)
        facts.append(JobFact("Finished", f"{words.exact(job.finished_at)}, after {took} of work"))
    elif job.finished_at is not None:
        facts.append(JobFact("Finished", f"{words.exact(job.finished_at)}, before it had started"))
    if story.blocked and job.status in ACTIVE:
        facts.append(JobFact("Waits for", "the steps before it"))
    if job.kind not in PARENTS:
        facts.append(JobFact("Attempts", f"{job.attempt} of at most {story.max_attempts}"))
    if job.worker:
        facts.append(JobFact("Worker", job.worker))
    if job.error_code:
        facts.append(JobFact("Error", job.error_code))
    facts.append(JobFact("Job", str(job.id), url_for("jobs.get_job", id=job.id)))
    if story.request_id:
        facts.append(JobFact("Request", story.request_id))
    return facts


def _part(part: PartRow) -> StoryPart:
    facts = []
    if part.started_at and part.finished_at:
        facts.append(words.duration(part.finished_at - part.started_at))
    if part.attempt > 1:
        facts.append(f"attempt {part.attempt}")
    if part.worker:
        facts.append(f"worker {part.worker}")
    return StoryPart(
        name=KIND_WORDS[part.kind].step or KIND_WORDS[part.kind].many,
        href=url_for("jobs_page.story", id=part.id),
        state=STATES[part.status],
        status=STATUS_NAMES[part.status],
        facts=", ".join(facts),
        reason=part.error_message if part.status is not JobStatus.SUCCEEDED else None,
    )


def _result(story: StoryRow) -> ResultLink | None:
    """Where the result of the job can be seen."""
    job = story.job
    if job.status is not JobStatus.SUCCEEDED:
        return None
    if job.kind is JobKind.PALETTE and job.image_id is None:
        return ResultLink("See the palette", url_for("studio.show_palette", id=job.id), "palette")
    if job.kind is JobKind.TRAIN_PREDICTOR and job.result:
        name = job.result["predictor"]
        return ResultLink(f"See {name}", url_for("predictor_card.show", name=name), "brain-circuit")
    return None
