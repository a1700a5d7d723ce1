"""The look-alike index: its state, and runs that update it."""

from datetime import UTC, datetime

from flask import Response, g

from shared.db.queries.index import state as index
from shared.jobs.index_runs import next_full_run
from web.http.routing import Answer, Resource
from web.jobs.documents import Index, NewIndexRun
from web.jobs.index_runs import start_index_run
from web.jobs.responses import STARTED, started
from web.services import current_services

api = Resource("index", "The index that look-alikes come from.")


@api.route("GET", "/index", answers={200: Answer("the index", Index)})
def get_index() -> Index:
    """Get the state of the index."""
    services = current_services()
    with services.unit_of_work.read() as connection:
        state = index.index_state(connection)
        counts = index.index_counts(connection, state)
        run = index.last_run(connection)
    due = next_full_run(datetime.now(UTC), services.settings.full_run_hour)
    return Index.of(state, counts, run, due)


@api.route("POST", "/index/runs", body=NewIndexRun, answers={202: STARTED}, problems=(401, 403, 409, 415))
def post_index_run(body: NewIndexRun) -> Response:
    """Bring the index up to date; while a run of this mode is under way, it is that one."""
    return started(start_index_run(current_services().unit_of_work, body.mode, g.request_id))
