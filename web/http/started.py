"""Answers that name a job: 202, where to ask, and when."""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import Request, Response
from structlog.contextvars import bind_contextvars

from shared.db.queries.jobs.jobs import JobRow
from web.http.json_responses import json_answer
from web.http.presenters import PREFIX, job_document
from web.http.routing import Answer
from web.http.schemas import StartedSchema
from web.jobs.waiting import LONGEST_WAIT_SECONDS, wait_for_job
from web.services import Services

RETRY_SECONDS: Final = 1
_WAIT: Final = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,6})\"?\s*(?=$|[,;])")

PREFER: Final = {"Prefer": f"wait=N holds the answer for N seconds, at most {LONGEST_WAIT_SECONDS}"}
STARTED: Final = Answer(
    "the job has been recorded; ask again at Location",
    StartedSchema,
    headers={"Location": "the job", "Retry-After": "seconds to wait before asking"},
)


def preferred_wait(asked: Request) -> int:
    """Seconds that `Prefer: wait=N` (RFC 7240) asks to hold the answer, cut to what is allowed; 0 without it."""
    found = _WAIT.search(asked.headers.get("Prefer", ""))
    return min(int(found[1]), LONGEST_WAIT_SECONDS) if found else 0


def started(job: JobRow | None, *, retry_seconds: int = RETRY_SECONDS, **more: Any) -> Response:
    """202 with the job, and whatever else the document holds."""
    return accepted({**more, "job": None if job is None else job_document(job)}, retry_seconds)


def accepted(document: Mapping[str, Any], retry_seconds: int = RETRY_SECONDS) -> Response:
    """202 with a document that has a presented job under `job`."""
    headers = {"Retry-After": str(retry_seconds)}
    if document["job"] is not None:
        bind_contextvars(job_id=document["job"]["id"])
        headers["Location"] = f"{PREFIX}/jobs/{document['job']['id']}"
    return json_answer(document, 202, headers)


def wait_as_preferred(services: Services, asked: Request, job_id: UUID) -> JobRow:
    """The job once it has ended or the time that the request asked for has passed. Raises JobNotFound."""
    return wait_for_job(services.unit_of_work, services.waiters, job_id, preferred_wait(asked))


def with_preference(response: Response, asked: Request) -> Response:
    """Says that a wish to wait was granted."""
    seconds = preferred_wait(asked)
    if seconds:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return response
