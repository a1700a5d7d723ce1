"""Jobs: `/jobs`, how the work is going; `/jobs/<id>`, the history of one."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from shared.db.queries.index.runs import pending_changes
from shared.db.queries.index.state import index_state, last_run
from shared.db.queries.jobs.jobs import (
    JobFilter,
    JobRow,
    cancel_job,
    find_in_flight,
    page_of_jobs,
    recent_failures,
    retry_job,
)
from shared.db.queries.jobs.overview import finished_jobs, queue_states, workers_seen
from shared.db.queries.jobs.story import job_story
from shared.db.queries.photos.images import get_images
from shared.db.queries.previous_page import previous_jobs
from shared.jobs.index_runs import next_full_run
from shared.jobs.kinds import RULES, JobKind, JobStatus
from web.http.cursors import decode_job, encode_job
from web.http.ids import job_id
from web.http.parameter_sets import Parameters, read_values
from web.http.parameters import Choice, Text
from web.jobs.documents import STATUSES
from web.jobs.index_runs import start_index_run
from web.jobs.view_models.jobs import jobs_view
from web.jobs.view_models.overview import WINDOWS, JobsOverview, index_lines, overview, windows
from web.jobs.view_models.story import story_view
from web.layout.frame import make_frame
from web.layout.paging import Pages
from web.services import current_services

blueprint = Blueprint("jobs_page", __name__)


class JobsPageQuery(Parameters):
    """hours: how far back the charts go."""

    status: Annotated[str | None, Choice("only jobs in this state", STATUSES)] = None
    cursor: Annotated[str | None, Text("where the page begins", 100)] = None
    hours: Annotated[str, Choice("how far back the charts go", tuple(map(str, WINDOWS)))] = "1"


class IndexRunForm(Parameters):
    mode: Annotated[str, Choice("full or incremental", ("full", "incremental"))] = "incremental"


PAGE_SIZE: Final = 30
# Failures are listed first: as many as can be read at a glance, as old as a long weekend.
FAILURES: Final = 5
FAILURES_KEPT: Final = timedelta(days=4)
WORKERS_KEPT: Final = timedelta(minutes=15)
_INDEX_RUNS: Final = (JobKind.INDEX_FULL, JobKind.INDEX_INCREMENTAL)


@blueprint.get("/jobs")
def show() -> str:
    """What went wrong, how it is going, and a page of jobs, newest first, all or those in one state."""
    query, now = _query(), datetime.now(UTC)
    chosen = JobStatus(query.status) if query.status else None
    with current_services().unit_of_work.read() as connection:
        jobs, pages = _page_of_jobs(connection, chosen, decode_job(query.cursor))
        failures = recent_failures(connection, now - FAILURES_KEPT, FAILURES)
        images = get_images(connection, _image_ids(jobs, failures))
        state = index_state(connection)
        work = _overview(connection, int(query.hours), now)
    view = jobs_view(jobs, failures, images, now=now, chosen=chosen, pages=pages)
    frame = make_frame(state, here="jobs_page.show")
    return render_template("jobs/jobs.html", frame=frame, view=view, work=work)


@blueprint.get("/jobs/overview")
def show_overview() -> str:
    """The part of the page that a script polls."""
    query, now = _query(), datetime.now(UTC)
    with current_services().unit_of_work.read() as connection:
        failures = recent_failures(connection, now - FAILURES_KEPT, FAILURES)
        images = get_images(connection, _image_ids(failures))
        work = _overview(connection, int(query.hours), now)
    view = jobs_view((), failures, images, now=now)
    return render_template("jobs/overview.html", view=view, work=work)


@blueprint.get("/jobs/<id>")
def story(id: str) -> str:  # noqa: A002 - the name in the address
    """One job from creation to end."""
    with current_services().unit_of_work.read() as connection:
        found = job_story(connection, job_id(id))
        images = get_images(connection, _image_ids([found.job]))
        frame = make_frame(index_state(connection), here="jobs_page.show")
    return render_template("jobs/job.html", frame=frame, view=story_view(found, images, datetime.now(UTC)))


@blueprint.post("/jobs/<id>/cancel")
def cancel(id: str) -> Response:  # noqa: A002
    """Cancels the job and goes back to where the button was."""
    with current_services().unit_of_work.begin() as transaction:
        cancel_job(transaction, job_id(id))
    return _back(id)


@blueprint.post("/jobs/<id>/retry")
def retry(id: str) -> Response:  # noqa: A002
    """Queues the job again and goes back to where the button was."""
    with current_services().unit_of_work.begin() as transaction:
        retry_job(transaction, job_id(id))
    return _back(id)


def _back(job: str) -> Response:
    to_story = request.form.get("back") == "story"
    where = url_for("jobs_page.story", id=job) if to_story else url_for("jobs_page.show")
    return redirect(where, code=303)


@blueprint.post("/jobs/index-runs")
def run_index() -> Response:
    """Starts a run of the index, or finds the one of its mode that is already running, and goes to its page."""
    form = read_values(IndexRunForm, request.form.to_dict(flat=False))
    run = start_index_run(current_services().unit_of_work, form.mode, g.request_id)
    return redirect(url_for("jobs_page.story", id=run.id), code=303)


def _query() -> JobsPageQuery:
    return read_values(JobsPageQuery, request.args.to_dict(flat=False))


def _page_of_jobs(
    connection: Connection, status: JobStatus | None, before: UUID | None
) -> tuple[list[JobRow], Pages]:
    """The jobs older than `before`, newest first, and where the pages around them are."""
    wanted = JobFilter(status=status)
    jobs = page_of_jobs(connection, wanted, PAGE_SIZE + 1, before)
    newer = previous_jobs(connection, wanted, PAGE_SIZE, before) if before else None
    pages = Pages(
        previous=_address(status, newer) if before else None,
        next=_address(status, jobs[PAGE_SIZE - 1].id) if len(jobs) > PAGE_SIZE else None,
    )
    return jobs[:PAGE_SIZE], pages


def _overview(connection: Connection, hours: int, now: datetime) -> JobsOverview:
    settings = current_services().settings
    window = next(each for each in windows(hours) if each.here)
    lease = timedelta(seconds=settings.lease_seconds)
    return overview(
        window,
        queue_states(connection, list(RULES)),
        finished_jobs(connection, window.length, window.step),
        workers_seen(connection, WORKERS_KEPT, lease),
        index_lines(
            index_state(connection),
            pending_changes(connection),
            last_run(connection),
            find_in_flight(connection, _INDEX_RUNS),
            next_full=next_full_run(now, settings.full_run_hour),
            now=now,
        ),
    )


def _image_ids(*lists: list[JobRow]) -> set[int]:
    return {job.image_id for jobs in lists for job in jobs if job.image_id is not None}


def _address(status: JobStatus | None, before: UUID | None) -> str:
    return url_for("jobs_page.show", status=status, cursor=encode_job(before))
