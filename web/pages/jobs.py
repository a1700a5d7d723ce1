"""Jobs: `/jobs`."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shared.db.queries.images import get_images
from shared.db.queries.index import index_state
from shared.db.queries.jobs import JobFilter, cancel_job, list_jobs, retry_job
from shared.db.queries.previous_page import previous_jobs
from shared.jobs import JobStatus
from web import parameters
from web.cursors import decode_job, encode_job
from web.ids import job_id
from web.pages.view_models.frame import make_frame
from web.pages.view_models.jobs import jobs_view
from web.pages.view_models.paging import Pages
from web.services import current_services

blueprint = Blueprint("jobs_page", __name__)

PAGE_SIZE: Final = 50


@blueprint.get("/jobs")
def show() -> str:
    """A page of jobs, newest first, all or those in one state."""
    chosen, before = _chosen(), _before()
    wanted = JobFilter(status=chosen)
    with current_services().unit_of_work.read() as connection:
        found, total = list_jobs(connection, wanted, PAGE_SIZE + 1, before)
        newer = previous_jobs(connection, wanted, PAGE_SIZE, before) if before else None
        jobs = found[:PAGE_SIZE]
        images = get_images(connection, {job.image_id for job in jobs if job.image_id is not None})
        frame = make_frame(index_state(connection), here="jobs_page.show")
    pages = Pages(
        back=_address(chosen, newer) if before else None,
        on=_address(chosen, jobs[-1].id) if len(found) > PAGE_SIZE else None,
    )
    return render_template("jobs.html", frame=frame, view=jobs_view(jobs, total, images, chosen, pages))


@blueprint.post("/jobs/<id>/cancel")
def cancel(id: str) -> Response:  # noqa: A002 - the name in the address
    """Cancels the job and goes to the list."""
    with current_services().unit_of_work.begin() as transaction:
        cancel_job(transaction, job_id(id))
    return redirect(url_for("jobs_page.show"), code=303)


@blueprint.post("/jobs/<id>/retry")
def retry(id: str) -> Response:  # noqa: A002
    """Queues the job again and goes to the list."""
    with current_services().unit_of_work.begin() as transaction:
        retry_job(transaction, job_id(id))
    return redirect(url_for("jobs_page.show"), code=303)


def _chosen() -> JobStatus | None:
    choices = [status.value for status in JobStatus]
    value = parameters.choice("status", request.args.getlist("status"), choices=choices, default=None)
    return JobStatus(value) if value else None


def _before() -> UUID | None:
    cursor = parameters.text("cursor", request.args.getlist("cursor"), default=None, max_characters=100)
    return decode_job(cursor)


def _address(chosen: JobStatus | None, before: UUID | None) -> str:
    return url_for("jobs_page.show", status=chosen, cursor=encode_job(before))
