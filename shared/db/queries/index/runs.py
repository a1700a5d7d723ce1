"""What workers do to the look-alike index. How bulk data travels: worker/index/store.py."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.models import Embedding, Image, IndexChange, IndexRun, IndexState, Job, NeighbourList
from shared.db.vector import to_text
from shared.errors import IndexMoved
from shared.jobs.kinds import ACTIVE, FINISHED, JobKind
from shared.jobs.results import IndexRunResult


@dataclass(frozen=True, slots=True)
class Pending:
    """Changes that no list shows yet. now: Postgres' clock, to compare the other two with."""

    count: int
    oldest: datetime | None
    newest: datetime | None
    now: datetime


def pending_changes(connection: Connection) -> Pending:
    row = connection.execute(
        select(func.count(), func.min(IndexChange.created_at), func.max(IndexChange.created_at), func.now())
    ).one()
    return Pending(*row)


@dataclass(frozen=True, slots=True)
class Change:
    """An image that was embedded or deleted. id: of the note, not of the image."""

    id: int
    image_id: int


def changes(connection: Connection) -> list[Change]:
    """Every change that no list shows yet."""
    rows = connection.execute(select(IndexChange.id, IndexChange.image_id))
    return [Change(row.id, row.image_id) for row in rows]


def clear_changes(connection: Connection, ids: Collection[int]) -> None:
    """Forgets exactly these changes: others may have been committed since they were read."""
    connection.execute(delete(IndexChange).where(IndexChange.id == func.any(list(ids))))


def save_embeddings(connection: Connection, model: str, embeddings: Mapping[int, Sequence[float]]) -> None:
    """Records embeddings by image, in place of earlier ones of the model, and asks the index to take them in."""
    connection.execute(
        SAVE_EMBEDDINGS,
        {
            "model": model,
            "image_ids": list(embeddings),
            "embeddings": list(map(to_text, embeddings.values())),
        },
    )


# As text, since psycopg2 sends nothing else: printing and parsing 512 numbers is a hundredth of computing them.
SAVE_EMBEDDINGS = text("""
    WITH saved AS (
        INSERT INTO embeddings (image_id, model, embedding)
        SELECT image_id, :model, embedding::vector FROM unnest(:image_ids, :embeddings) AS new (image_id, embedding)
        ON CONFLICT (image_id, model) DO UPDATE SET embedding = EXCLUDED.embedding, created_at = now()
        RETURNING image_id
    )
    INSERT INTO index_changes (image_id) SELECT image_id FROM saved
""").bindparams(bindparam("image_ids", type_=ARRAY(BigInteger)), bindparam("embeddings", type_=ARRAY(Text)))


def lock_target_model(connection: Connection) -> str | None:
    """What embedding workers compute now; nobody else changes it before this transaction ends."""
    return connection.execute(select(IndexState.target_model).with_for_update()).scalar_one()


def register_model(connection: Connection, model: str, weights: str) -> None:
    """Names what embedding workers compute from now on. It serves at once where nothing has been embedded yet."""
    nothing_embedded = ~select(Embedding.image_id).where(Embedding.model == IndexState.model).exists()
    connection.execute(update(IndexState).values(target_model=model, weights=weights))
    connection.execute(update(IndexState).where(nothing_embedded).values(model=model, generation=None))


def images_missing(connection: Connection, model: str) -> bool:
    """Whether an analysed image has no embedding under the model, and is still going to get one."""
    given_up = select(Job.id).where(
        Job.image_id == Image.id,
        Job.kind == JobKind.EMBED.value,
        Job.dedupe_key == func.concat(embed_key(model), Image.id),
        Job.status.in_([status.value for status in FINISHED]),
    )
    waiting = select(Image.id).where(*_not_embedded(model), ~given_up.exists())
    return bool(connection.execute(select(waiting.exists())).scalar_one())


def images_to_embed(connection: Connection, model: str, limit: int) -> list[int]:
    """Analysed images without an embedding under the model that no job is working on, nor has been given up on."""
    underway = select(Job.id).where(
        Job.image_id == Image.id,
        Job.kind == JobKind.EMBED.value,
        or_(
            Job.status.in_([status.value for status in ACTIVE]),
            Job.dedupe_key == func.concat(embed_key(model), Image.id),
        ),
    )
    wanted = select(Image.id).where(*_not_embedded(model), ~underway.exists()).order_by(Image.id).limit(limit)
    return list(connection.execute(wanted).scalars())


def embed_key(model: str) -> str:
    """What the dedupe key of a job that embeds an image again begins with; the image's id follows."""
    return f"embed:{model}:"


def _not_embedded(model: str) -> tuple[ColumnElement[bool], ...]:
    embedded = select(Embedding.image_id).where(Embedding.image_id == Image.id, Embedding.model == model)
    return Image.deleted_at.is_(None), Image.analysed_at.is_not(None), ~embedded.exists()


def begin_run(connection: Connection, job_id: UUID, mode: str, model: str | None) -> int:
    """Records that a run has begun; its id is the generation that a full run builds. The same job: the same run."""
    started = select(func.coalesce(Job.started_at, func.now())).where(Job.id == job_id).scalar_subquery()
    return connection.execute(
        upsert(IndexRun)
        .values(job_id=job_id, mode=mode, model=model, started_at=started)
        .on_conflict_do_update(index_elements=[IndexRun.job_id], set_={"model": model})
        .returning(IndexRun.id)
    ).scalar_one()


def finish_run(connection: Connection, job_id: UUID, result: IndexRunResult) -> None:
    connection.execute(
        update(IndexRun)
        .where(IndexRun.job_id == job_id)
        .values(
            finished_at=func.clock_timestamp(),
            images=result.images,
            new=result.new,
            removed=result.removed,
            drift=result.drift,
        )
    )


def switch_index(
    connection: Connection,
    read_version: int,
    model: str | None,
    generation: int | None,
    quantiles: Sequence[float] | None,
) -> None:
    """Makes a generation the one that readers see.

    Raises IndexMoved when the index has changed since `read_version` was read: the lists about to be written do not
    follow from what is there now.
    """
    values: dict[str, Any] = {"model": model, "generation": generation, "version": IndexState.version + 1}
    if quantiles is not None:
        values["similarity_quantiles"] = list(quantiles)
    switched = connection.execute(
        update(IndexState).where(IndexState.version == read_version).values(**values)
    )
    if not switched.rowcount:
        raise IndexMoved


def delete_lists(connection: Connection, generation: int, image_ids: Collection[int]) -> None:
    connection.execute(
        delete(NeighbourList).where(
            NeighbourList.generation == generation, NeighbourList.image_id == func.any(list(image_ids))
        )
    )


def delete_generations_except(connection: Connection, kept: Collection[int]) -> None:
    connection.execute(delete(NeighbourList).where(NeighbourList.generation.not_in(kept)))
