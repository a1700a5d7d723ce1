"""What the pages of one predictor have in common: which one they are about, in which version."""

from typing import Protocol, TypeVar
from uuid import UUID

from flask import request
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from shared.db.queries.predictors import predictors
from shared.db.queries.predictors.jobs import OrderedJob, get_ordered_job
from shared.db.queries.predictors.predictors import VersionRow
from shared.errors import JobNotFound
from shared.jobs.kinds import JobKind
from web.http.parameter_sets import read_values
from web.predictors.documents import VersionQuery


def version_in(given: MultiDict[str, str]) -> int | None:
    """The version that an address or a form names, if it names one. Raises BadParameter."""
    return read_values(VersionQuery, given.to_dict(flat=False)).version


def asked_version(connection: Connection, name: str) -> VersionRow:
    """The version that the address names, or the current one. Raises BadParameter and PredictorNotFound."""
    return predictors.get_predictor(connection, name, version_in(request.args))


class VersionOrder(Protocol):
    """Of jobs that work with one version of a predictor."""

    @property
    def predictor_id(self) -> int: ...

    @property
    def version(self) -> int: ...


T = TypeVar("T", bound=VersionOrder)


def job_of(
    connection: Connection, name: str, job_id: UUID, kind: JobKind, order: type[T]
) -> tuple[VersionRow, OrderedJob[T]]:
    """A job of that kind about the predictor, and the version that it is about. order: of jobs of the kind.

    Raises JobNotFound, and PredictorNotFound where the predictor has been deleted since.
    """
    ordered = get_ordered_job(connection, job_id, kind, order)
    row = predictors.get_version(connection, ordered.order.predictor_id, ordered.order.version)
    if row.name != name:
        raise JobNotFound
    return row, ordered
