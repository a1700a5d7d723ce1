"""Jobs: asking how far they are, waiting for them, cancelling and retrying them."""

from collections.abc import Callable
from uuid import UUID

from flask import Response

from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobFilter, JobRow
from shared.db.unit_of_work import Transaction
from shared.jobs.kinds import ACTIVE, JobKind, JobStatus
from web.http import cursors
from web.http.documents import json_response
from web.http.ids import job_id
from web.http.routing import Answer, Resource
from web.http.waiting import read_job, wait_for_job
from web.jobs.documents import Job, JobPage, JobQuery, JobsQuery
from web.jobs.events import stream_events
from web.jobs.responses import RETRY_SECONDS
from web.services import current_services

api = Resource("jobs", "Work that is under way or done.")


@api.route("GET", "/jobs", query=JobsQuery, answers={200: Answer("a page of jobs", JobPage)})
def list_jobs(query: JobsQuery) -> JobPage:
    """List jobs, newest first."""
    wanted = JobFilter(
        status=JobStatus(query.status) if query.status else None,
        kind=JobKind(query.kind) if query.kind else None,
    )
    before, limit = cursors.decode_job(query.cursor), query.limit
    with current_services().unit_of_work.read() as connection:
        found, total = jobs.list_jobs(connection, wanted, limit + 1, before)
    last = found[limit - 1].id if len(found) > limit else None
    items = tuple(map(Job.of, found[:limit]))
    return JobPage(items=items, next=cursors.encode_job(last), total=total)


@api.route(
    "GET",
    "/jobs/<id>",
    query=JobQuery,
    answers={200: Answer("the job", Job, headers={"Retry-After": "while it is unfinished"})},
    problems=(404,),
)
def get_job(id: str, query: JobQuery) -> Response:  # noqa: A002 - the name in the contract
    """Get a job, at once or when it has ended."""
    services = current_services()
    return _job(wait_for_job(services.unit_of_work, services.waiters, job_id(id), query.wait))


def _job(job: JobRow) -> Response:
    headers = {"Retry-After": str(RETRY_SECONDS)} if job.status in ACTIVE else {}
    return json_response(Job.of(job), headers=headers)


@api.route(
    "GET",
    "/jobs/<id>/events",
    answers={
        200: Answer(
            "events `status`, `progress` and `done`, a job each", content_types=("text/event-stream",)
        )
    },
    problems=(404,),
)
def get_job_events(id: str) -> Response:  # noqa: A002
    """Follow a job as server-sent events until it ends, for a minute at most."""
    services = current_services()
    first = read_job(services.unit_of_work, job_id(id))
    response = Response(
        stream_events(services.unit_of_work, services.waiters, first), content_type="text/event-stream"
    )
    response.headers["Cache-Control"] = "no-store"
    # nginx would hold events back until it has a page of them.
    response.headers["X-Accel-Buffering"] = "no"
    return response


@api.route(
    "POST",
    "/jobs/<id>/cancel",
    answers={200: Answer("the job, cancelled", Job)},
    problems=(401, 403, 404, 409),
)
def cancel_job(id: str) -> Response:  # noqa: A002
    """Cancel a job that has not ended."""
    return _change(jobs.cancel_job, job_id(id))


@api.route(
    "POST",
    "/jobs/<id>/retry",
    answers={200: Answer("the job, queued again", Job)},
    problems=(401, 403, 404, 409),
)
def retry_job(id: str) -> Response:  # noqa: A002
    """Run a job again that went wrong."""
    return _change(jobs.retry_job, job_id(id))


def _change(change: Callable[[Transaction, UUID], None], wanted: UUID) -> Response:
    with current_services().unit_of_work.begin() as transaction:
        change(transaction, wanted)
        job = jobs.get_job(transaction.connection, wanted)
    return _job(job)
