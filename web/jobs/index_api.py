"""The look-alike index: how it is, and bringing it up to date."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Response, g

from shared.db.queries.index import state as index
from shared.db.queries.jobs import jobs
from shared.jobs.index_runs import full_run, incremental_run, next_full_run
from web.http.json_responses import json_answer
from web.http.presenters import index_document
from web.http.routing import Answer, Resource
from web.http.schemas import IndexSchema, NewIndexRun
from web.http.started import STARTED, started
from web.services import current_services

api = Resource("index", "The index that look-alikes come from.")


@api.route("GET", "/index", answers={200: Answer("the index", IndexSchema)})
def get_index() -> Response:
    """Get the state of the index."""
    services = current_services()
    with services.unit_of_work.read() as connection:
        state = index.index_state(connection)
        counts = index.index_counts(connection, state)
        run = index.last_run(connection)
    due = next_full_run(datetime.now(UTC), services.settings.full_run_hour)
    return json_answer(index_document(state, counts, run, due))


@api.route("POST", "/index/runs", body=NewIndexRun, answers={202: STARTED}, problems=(401, 403, 409, 415))
def post_index_run(body: dict[str, Any]) -> Response:
    """Bring the index up to date; while a run of this mode is under way, it is that one."""
    wanted = full_run() if body["mode"] == "full" else incremental_run()
    with current_services().unit_of_work.begin() as transaction:
        job_id = jobs.create_job(transaction, replace(wanted, request_id=g.request_id))
        job = jobs.get_job(transaction.connection, job_id)
    return started(job)
