"""Predictors and their versions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.models import Job, Predictor, PredictorVersion
from shared.db.queries.jobs.jobs import ACTIVE_VALUES, cancel_job
from shared.db.queries.paging import bounded_count
from shared.db.unit_of_work import Transaction
from shared.errors import Conflict, PredictorNotFound
from shared.jobs.kinds import JobKind
from shared.predictors.cards import Card, card_from
from shared.predictors.documents import PredictorKind, Task
from shared.predictors.features import Feature, features_from
from shared.predictors.metrics import Confusion, Metrics, metrics_from
from shared.typed_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What a training made."""

    kind: PredictorKind
    task: Task
    target: str
    model: str
    rows: int
    features: Sequence[Feature]
    metrics: Metrics
    confusion: Confusion | None
    card: Card
    sha256: str
    bytes: int
    libraries: dict[str, str]


@dataclass(frozen=True, slots=True)
class VersionRow(NewVersion):
    """One version of a predictor, and which of them is the current one."""

    predictor_id: int
    name: str
    current_version: int
    version: int
    job_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """A line of a predictor's history."""

    version: int
    task: Task
    model: str
    rows: int
    metrics: Metrics
    created_at: datetime


COLUMNS = (
    PredictorVersion.predictor_id,
    Predictor.name,
    Predictor.current_version,
    PredictorVersion.version,
    PredictorVersion.kind,
    PredictorVersion.task,
    PredictorVersion.target,
    PredictorVersion.model,
    PredictorVersion.rows,
    PredictorVersion.features,
    PredictorVersion.metrics,
    PredictorVersion.confusion,
    PredictorVersion.card,
    PredictorVersion.sha256,
    PredictorVersion.bytes,
    PredictorVersion.libraries,
    PredictorVersion.job_id,
    PredictorVersion.created_at,
)

VERSIONS = select(*COLUMNS).join(Predictor, Predictor.id == PredictorVersion.predictor_id)
CURRENT = PredictorVersion.version == Predictor.current_version


def get_predictor(connection: Connection, name: str, version: int | None = None) -> VersionRow:
    """The version asked for, or the current one. Raises PredictorNotFound."""
    _check_name(name)
    wanted = CURRENT if version is None else PredictorVersion.version == version
    return _one(connection, VERSIONS.where(Predictor.name == name, wanted))


def _check_name(name: str) -> None:
    # PostgreSQL takes no NUL in a text, so no predictor has such a name.
    if "\0" in name:
        raise PredictorNotFound


def get_version(connection: Connection, predictor_id: int, version: int) -> VersionRow:
    """A version by its key. Raises PredictorNotFound."""
    key = and_(PredictorVersion.predictor_id == predictor_id, PredictorVersion.version == version)
    return _one(connection, VERSIONS.where(key))


def _one(connection: Connection, question: Select[Any]) -> VersionRow:
    row = connection.execute(question).one_or_none()
    if row is None:
        raise PredictorNotFound
    return _typed(row)


def _typed(row: Any) -> VersionRow:
    task = Task(row.task)
    typed = {
        "kind": PredictorKind(row.kind),
        "task": task,
        "features": features_from(row.features),
        "metrics": metrics_from(task, row.metrics),
        "confusion": None if row.confusion is None else from_json(row.confusion, Confusion),
        "card": card_from(task, row.card),
    }
    return VersionRow(**{**row._asdict(), **typed})


def list_predictors(
    connection: Connection, limit: int, after: str | None = None
) -> tuple[list[VersionRow], int]:
    """The current version of each predictor, by name, from behind the name `after`; and how many predictors there are."""
    page = VERSIONS.where(CURRENT).order_by(Predictor.name).limit(limit)
    if after is not None:
        page = page.where(Predictor.name > after)
    found = [_typed(row) for row in connection.execute(page)]
    return found, bounded_count(connection, select(Predictor.id))


def list_versions(connection: Connection, predictor_id: int) -> list[VersionSummary]:
    """Every version of a predictor, newest first."""
    rows = connection.execute(
        select(
            PredictorVersion.version,
            PredictorVersion.task,
            PredictorVersion.model,
            PredictorVersion.rows,
            PredictorVersion.metrics,
            PredictorVersion.created_at,
        )
        .where(PredictorVersion.predictor_id == predictor_id)
        .order_by(PredictorVersion.version.desc())
    )
    return [_summary(row) for row in rows]


def _summary(row: Any) -> VersionSummary:
    task = Task(row.task)
    return VersionSummary(**{**row._asdict(), "task": task, "metrics": metrics_from(task, row.metrics)})


def save_version(connection: Connection, name: str, new: NewVersion, job_id: UUID) -> int:
    """Records what a training made as the newest version of the name, which becomes the current one; its number."""
    # The row of the name is locked by this, so that two trainings that end together get a number each.
    following = Predictor.newest_version + 1
    predictor_id, version = connection.execute(
        upsert(Predictor)
        .values(name=name, current_version=1, newest_version=1)
        .on_conflict_do_update(
            index_elements=[Predictor.name], set_={"current_version": following, "newest_version": following}
        )
        .returning(Predictor.id, Predictor.newest_version)
    ).one()
    connection.execute(
        insert(PredictorVersion).values(
            predictor_id=predictor_id,
            version=version,
            kind=new.kind.value,
            task=new.task.value,
            target=new.target,
            model=new.model,
            rows=new.rows,
            features=to_json(new.features),
            metrics=to_json(new.metrics),
            confusion=to_json(new.confusion),
            card=to_json(new.card),
            sha256=new.sha256,
            bytes=new.bytes,
            libraries=new.libraries,
            job_id=job_id,
        )
    )
    return int(version)


def make_current(connection: Connection, name: str, version: int) -> None:
    """Has a version answer for the name from now on. Raises PredictorNotFound."""
    _check_name(name)
    has_it = select(PredictorVersion.version).where(
        PredictorVersion.predictor_id == Predictor.id, PredictorVersion.version == version
    )
    done = connection.execute(
        update(Predictor).where(Predictor.name == name, has_it.exists()).values(current_version=version)
    )
    if not done.rowcount:
        raise PredictorNotFound


def delete_version(connection: Connection, name: str, version: int) -> None:
    """Takes away one version that is not the current one; its number is never given again.

    The model's blob is left to the garbage collection. Raises PredictorNotFound, and Conflict for the current version.
    """
    _check_name(name)
    # Locked, so that it does not become the current one meanwhile.
    predictor = connection.execute(
        select(Predictor.id, Predictor.current_version).where(Predictor.name == name).with_for_update()
    ).one_or_none()
    if predictor is None:
        raise PredictorNotFound
    if predictor.current_version == version:
        raise Conflict(f"Version {version} answers for {name}. Make another version current first.")
    done = connection.execute(
        delete(PredictorVersion).where(
            PredictorVersion.predictor_id == predictor.id, PredictorVersion.version == version
        )
    )
    if not done.rowcount:
        raise PredictorNotFound


def delete_predictor(transaction: Transaction, name: str) -> None:
    """Takes away every version of the name, and trainings under way that would bring it back.

    The models' blobs are left to the garbage collection. Raises PredictorNotFound.
    """
    _check_name(name)
    # Jobs before the predictor, as a training that ends locks them: the other way round, the two could wait for each
    # other.
    training = select(Job.id).where(
        Job.kind == JobKind.TRAIN_PREDICTOR.value,
        Job.status.in_(ACTIVE_VALUES),
        Job.payload["name"].astext == name,
    )
    for job_id in transaction.connection.execute(training.order_by(Job.id)).scalars().all():
        try:
            cancel_job(transaction, job_id)
        except Conflict:  # it has ended since the question
            continue
    done = transaction.connection.execute(delete(Predictor).where(Predictor.name == name))
    if not done.rowcount:
        raise PredictorNotFound


def known_models(connection: Connection, sha256s: Collection[str]) -> set[str]:
    """Those of the models that a version still names."""
    found = select(PredictorVersion.sha256).where(PredictorVersion.sha256.in_(sha256s))
    return set(connection.execute(found).scalars())
