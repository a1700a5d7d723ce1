"""Jobs and the index as the API shows them, and what may be asked of them."""

from datetime import datetime
from typing import Annotated, Any, Final

from shared.db.queries.index.state import IndexCounts, IndexStateRow, RunRow
from shared.db.queries.jobs.jobs import JobRow
from shared.jobs.kinds import ACTIVE, PARENTS, JobKind, JobStatus
from web.http.addresses import image_path, job_path
from web.http.documents import UNSET, Document, Time, UnsetType, about, optional_time, time_text
from web.http.paging import PageQuery
from web.http.parameter_sets import Parameters
from web.http.parameters import Choice, Integer
from web.http.waiting import LONGEST_WAIT_SECONDS
from web.jobs.results import RESULTS

STATUSES: Final = tuple(status.value for status in JobStatus)
_WENT_WRONG: Final = frozenset({JobStatus.FAILED, JobStatus.DEAD})


# --- parameters -----------------------------------------------------------------------------------------------------


class JobsQuery(PageQuery):
    status: Annotated[str | None, Choice("only jobs in this state", STATUSES)] = None
    kind: Annotated[str | None, Choice("only jobs of this kind", tuple(kind.value for kind in JobKind))] = (
        None
    )


class JobQuery(Parameters):
    wait: Annotated[
        int, Integer("seconds to hold the answer while the job is unfinished", 0, LONGEST_WAIT_SECONDS)
    ] = 0


class NewIndexRun(Parameters):
    mode: Annotated[
        str, Choice("full: every list from the start; incremental: what has changed", ("full", "incremental"))
    ]


# --- jobs -----------------------------------------------------------------------------------------------------------


class JobError(Document):
    code: Annotated[str, about("what went wrong, for a program")]
    message: Annotated[str, about("what went wrong, for a person")]

    @classmethod
    def of(cls, job: JobRow) -> "JobError | None":
        # A queued job may have the error of its last run; while it will run again that is not shown.
        if job.status not in _WENT_WRONG or job.error_code is None:
            return None
        return cls(code=job.error_code, message=job.error_message or "")


class Step(Document):
    kind: Annotated[JobKind, about("kind of the step")]
    status: Annotated[JobStatus, about("the state that says most of the step's jobs")]


class JobLinks(Document):
    self: Annotated[str, about("this job")]
    events: Annotated[str, about("this job as server-sent events")]
    image: Annotated[str | UnsetType, about("the image that it works on")] = UNSET
    cancel: Annotated[str | UnsetType, about("POST here to cancel it; only while it is unfinished")] = UNSET
    retry: Annotated[str | UnsetType, about("POST here to run it again; only where it went wrong")] = UNSET

    @classmethod
    def of(cls, job: JobRow) -> "JobLinks":
        here = job_path(job.id)
        unfinished = job.status in ACTIVE
        return cls(
            self=here,
            events=f"{here}/events",
            image=UNSET if job.image_id is None else image_path(job.image_id),
            cancel=f"{here}/cancel" if unfinished else UNSET,
            retry=UNSET if unfinished or job.status is JobStatus.SUCCEEDED else f"{here}/retry",
        )


class Job(Document):
    """One piece of work."""

    id: Annotated[str, about("opaque")]
    kind: Annotated[JobKind, about("what it does")]
    status: Annotated[JobStatus, about("how far it is")]
    progress: Annotated[float, about("share that is done", minimum=0, maximum=1)]
    attempts: Annotated[int, about("runs so far")]
    error: Annotated[JobError | None, about("why it failed")]
    result: Annotated[Any, about("what it brought, by kind", type=["object", "null"])]
    steps: Annotated[tuple[Step, ...], about("its parts in order")]
    image: Annotated[str | None, about("the image that it works on")]
    created_at: Annotated[Time, about("when it was made")]
    started_at: Annotated[Time | None, about("when it first ran")]
    finished_at: Annotated[Time | None, about("when it ended")]
    links: Annotated[JobLinks, about("where to go on")]

    @classmethod
    def of(cls, job: JobRow) -> "Job":
        return cls(
            id=str(job.id),
            kind=job.kind,
            status=job.status,
            progress=round(job.progress, 3),
            attempts=job.attempt,
            error=JobError.of(job),
            result=result_of(job),
            steps=tuple(Step(kind=step.kind, status=step.status) for step in job.steps),
            image=None if job.image_id is None else str(job.image_id),
            created_at=time_text(job.created_at),
            started_at=optional_time(job.started_at),
            finished_at=optional_time(job.finished_at),
            links=JobLinks.of(job),
        )


class JobPage(Document):
    items: Annotated[tuple[Job, ...], about("newest first")]
    next: Annotated[str | None, about("cursor of the next page; null on the last")]
    total: Annotated[int, about("how many there are on all pages, counted up to a million")]


class Started(Document):
    job: Annotated[Job | None, about("the job to wait for")]


def result_of(job: JobRow) -> Any:
    """What a job brought: as its kind presents it, or as the worker wrote it."""
    if job.status is not JobStatus.SUCCEEDED:
        return None
    # A parent may bring something that none of its children wrote.
    if job.result is None and job.kind not in PARENTS:
        return None
    present = RESULTS.get(job.kind)
    return job.result if present is None else present(job)


# --- the index ------------------------------------------------------------------------------------------------------


class IndexRun(Document):
    mode: Annotated[str, about("full or incremental")]
    started_at: Annotated[Time, about("when it began")]
    finished_at: Annotated[Time, about("when it ended")]
    images: Annotated[int, about("images with a list after it")]
    new: Annotated[int, about("images taken in by it")]
    seconds: Annotated[float, about("how long it took")]
    drift: Annotated[int | None, about("lists that a full run found to differ")]

    @classmethod
    def of(cls, run: RunRow) -> "IndexRun":
        return cls(
            mode=run.mode,
            started_at=time_text(run.started_at),
            finished_at=time_text(run.finished_at),
            images=run.images,
            new=run.new,
            seconds=round((run.finished_at - run.started_at).total_seconds(), 3),
            drift=run.drift,
        )


class Index(Document):
    """The look-alike index."""

    model: Annotated[str | None, about("what the lists are made with")]
    target_model: Annotated[str | None, about("what is computed now, other while weights change")]
    weights: Annotated[str | None, about("where the weights come from")]
    generation: Annotated[int | None, about("of the lists that are served")]
    images: Annotated[int, about("in the gallery")]
    embedded: Annotated[int, about("of these, embedded")]
    indexed: Annotated[int, about("of these, with a list")]
    pending: Annotated[int, about("changes that no list shows yet")]
    last_run: Annotated[IndexRun | None, about("the last run that ended")]
    next_run_at: Annotated[Time, about("when the next full run is due")]

    @classmethod
    def of(
        cls, state: IndexStateRow, counts: IndexCounts, run: RunRow | None, next_run_at: datetime
    ) -> "Index":
        return cls(
            model=state.model,
            target_model=state.target_model,
            weights=state.weights,
            generation=state.generation,
            images=counts.images,
            embedded=counts.embedded,
            indexed=counts.indexed,
            pending=counts.pending,
            last_run=None if run is None else IndexRun.of(run),
            next_run_at=time_text(next_run_at),
        )
