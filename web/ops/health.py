"""Whether the process lives, and whether it can serve."""

from collections.abc import Callable
from typing import Annotated

from flask import Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from shared.errors import Unavailable
from web.http.documents import UNSET, Document, UnsetType, about, json_response
from web.http.routing import Answer, Resource
from web.services import Services, current_services


class Health(Document):
    status: Annotated[str, about("ok or unavailable")]
    checks: Annotated[dict[str, str] | UnsetType, about("ok, or what is wrong")] = UNSET


api = Resource("service", "The service itself.", prefix="")

# A check that takes longer than this is as good as failed: the caller has a timeout of its own.
_DATABASE_MILLISECONDS = 1000


@api.route("GET", "/livez", answers={200: Answer("it lives", Health)})
def livez() -> Response:
    """Whether the process answers. Touches nothing else."""
    return _uncached(Health(status="ok"), 200)


@api.route(
    "GET",
    "/readyz",
    answers={200: Answer("it can serve", Health), 503: Answer("it cannot", Health)},
)
def readyz() -> Response:
    """Whether requests can be served: the database and the store are needed, the broker is only reported."""
    services = current_services()
    needed = {
        "database": _check(lambda: _check_database(services)),
        "storage": _check(services.blobs.check),
    }
    ready = all(found == "ok" for found in needed.values())
    checks = {**needed, "broker": _check(services.dispatcher.check)}
    return _uncached(Health(status="ok" if ready else "unavailable", checks=checks), 200 if ready else 503)


def _check(check: Callable[[], None]) -> str:
    try:
        check()
    except Unavailable as error:
        return error.message
    return "ok"


def _check_database(services: Services) -> None:
    try:
        with services.unit_of_work.begin() as transaction:
            transaction.connection.execute(text(f"SET LOCAL statement_timeout = {_DATABASE_MILLISECONDS}"))
            transaction.connection.execute(text("SELECT FROM index_state"))
    except SQLAlchemyError as error:
        raise Unavailable("The database has no tables yet: run flask create-db.") from error


def _uncached(document: Health, status: int) -> Response:
    return json_response(document, status, {"Cache-Control": "no-store"})
