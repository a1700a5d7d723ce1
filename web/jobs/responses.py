"""Answers that name a job: 202, where to look, and when."""

import re
from typing import Final
from uuid import UUID

from flask import Request, Response, request
from structlog.contextvars import bind_contextvars

from shared.db.queries.jobs.jobs import JobRow
from shared.errors import Conflict, NotFound
from shared.jobs.kinds import ACTIVE, JobKind, JobStatus
from web.http.documents import Document, json_response
from web.http.errors import NotReady
from web.http.routing import Answer
from web.http.waiting import LONGEST_WAIT_SECONDS, wait_for_job
from web.jobs.documents import Job, Started
from web.services import Services

RETRY_SECONDS: Final = 1
_WAIT: Final = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,6})\"?\s*(?=$|[,;])")

PREFER: Final = {"Prefer": f"wait=N holds the answer for N seconds, at most {LONGEST_WAIT_SECONDS}"}
STARTED: Final = Answer(
    "the job has been recorded; ask again at Location",
    Started,
    headers={"Location": "the job", "Retry-After": "seconds to wait before asking"},
)


def preferred_wait(incoming: Request) -> int:
    """Seconds that `Prefer: wait=N` (RFC 7240) asks to hold the answer, cut to what is allowed; 0 without it."""
    found = _WAIT.search(incoming.headers.get("Prefer", ""))
    return min(int(found[1]), LONGEST_WAIT_SECONDS) if found else 0


def started(job: JobRow | None, *, retry_seconds: int = RETRY_SECONDS) -> Response:
    """202 with the job, at once."""
    document = None if job is None else Job.of(job)
    return accepted(Started(job=document), document, retry_seconds)


def started_and_awaited(services: Services, job_id: UUID) -> Response:
    """202 with the job once it has ended, or once the time that the request prefers to wait has passed."""
    return with_preference(started(wait_as_preferred(services, job_id)))


def accepted(document: Document, job: Job | None, retry_seconds: int = RETRY_SECONDS) -> Response:
    """202 with a document about this job."""
    headers = {"Retry-After": str(retry_seconds)}
    if job is not None:
        bind_contextvars(job_id=job.id)
        headers["Location"] = job.links.self
    return json_response(document, 202, headers)


def check_succeeded(job: JobRow, kind: JobKind, missing: str) -> None:
    """Raises NotReady while the job is unfinished, Conflict where it ended without a result, and for a job of another
    kind NotFound, which says what is missing.
    """
    if job.kind is not kind:
        raise NotFound(missing)
    if job.status in ACTIVE:
        raise NotReady
    if job.status is not JobStatus.SUCCEEDED:
        raise Conflict(job.error_message or "The job was cancelled.")


def wait_as_preferred(services: Services, job_id: UUID) -> JobRow:
    """The job once it has ended or the time that the request prefers to wait has passed. Raises JobNotFound."""
    return wait_for_job(services.unit_of_work, services.waiters, job_id, preferred_wait(request))


def with_preference(response: Response) -> Response:
    """Says that a preference to wait was granted."""
    seconds = preferred_wait(request)
    if seconds:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return response
