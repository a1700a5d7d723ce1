"""The look-alike index as readers see it. What index runs do to it: index_runs.py."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Float, func, select, union

from shared.db.models import Embedding, Image, IndexChange, IndexRun, IndexState, Job, NeighbourList
from shared.jobs.kinds import ACTIVE, JobKind


@dataclass(frozen=True, slots=True)
class IndexStateRow:
    """model: what the lists are made of; target_model: what is computed now, different while weights change;
    version: goes up with every change of the lists, so that a run can tell whether another came between."""

    model: str | None
    target_model: str | None
    weights: str | None
    generation: int | None
    version: int
    similarity_quantiles: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class RunRow:
    mode: str
    started_at: datetime
    finished_at: datetime
    images: int
    new: int
    removed: int
    drift: int | None


@dataclass(frozen=True, slots=True)
class IndexCounts:
    """images in the gallery; of these embedded under the serving model, and with a list; pending: images that the lists
    still have to follow, whether added, deleted or not even embedded yet."""

    images: int
    embedded: int
    indexed: int
    pending: int


@dataclass(frozen=True, slots=True)
class Similar:
    image_id: int
    similarity: float


def index_state(connection: Connection) -> IndexStateRow:
    row = connection.execute(
        select(
            IndexState.model,
            IndexState.target_model,
            IndexState.weights,
            IndexState.generation,
            IndexState.version,
            IndexState.similarity_quantiles,
        )
    ).one()
    quantiles = tuple(row.similarity_quantiles) if row.similarity_quantiles else None
    return IndexStateRow(row.model, row.target_model, row.weights, row.generation, row.version, quantiles)


def index_counts(connection: Connection, state: IndexStateRow) -> IndexCounts:
    alive = Image.deleted_at.is_(None)
    embedded = select(func.count()).select_from(Embedding).join(Image, Image.id == Embedding.image_id)
    indexed = select(func.count()).select_from(NeighbourList).join(Image, Image.id == NeighbourList.image_id)
    embedding = select(Job.image_id).where(
        Job.kind == JobKind.EMBED.value, Job.status.in_([status.value for status in ACTIVE])
    )
    pending = union(select(IndexChange.image_id), embedding).subquery()
    row = connection.execute(
        select(
            select(func.count()).select_from(Image).where(alive).scalar_subquery().label("images"),
            embedded.where(alive, Embedding.model == state.model).scalar_subquery().label("embedded"),
            indexed.where(alive, NeighbourList.generation == state.generation)
            .scalar_subquery()
            .label("indexed"),
            select(func.count()).select_from(pending).scalar_subquery().label("pending"),
        )
    ).one()
    return IndexCounts(row.images, row.embedded, row.indexed, row.pending)


def last_run(connection: Connection) -> RunRow | None:
    row = connection.execute(
        select(
            IndexRun.mode,
            IndexRun.started_at,
            IndexRun.finished_at,
            IndexRun.images,
            IndexRun.new,
            IndexRun.removed,
            IndexRun.drift,
        )
        .where(IndexRun.finished_at.is_not(None))
        .order_by(IndexRun.finished_at.desc())
        .limit(1)
    ).one_or_none()
    return RunRow(**row._asdict()) if row else None


def similar_images(connection: Connection, generation: int, image_id: int) -> list[Similar] | None:
    """The image's look-alikes that are still in the gallery, most similar first. None: it has no list yet."""
    listed = connection.execute(
        select(NeighbourList.neighbour_ids, NeighbourList.similarities).where(
            NeighbourList.generation == generation, NeighbourList.image_id == image_id
        )
    ).one_or_none()
    if listed is None:
        return None
    alive = set(
        connection.execute(
            select(Image.id).where(Image.id.in_(listed.neighbour_ids), Image.deleted_at.is_(None))
        ).scalars()
    )
    pairs = zip(listed.neighbour_ids, listed.similarities, strict=True)
    return [Similar(neighbour, similarity) for neighbour, similarity in pairs if neighbour in alive]


def similarities_between(
    connection: Connection, model: str, image_ids: list[int]
) -> dict[tuple[int, int], float]:
    """Cosine similarity of every pair of these images, under both orders of its ids."""
    wanted = select(Embedding.image_id, Embedding.embedding).where(
        Embedding.model == model, Embedding.image_id.in_(image_ids)
    )
    a, b = wanted.subquery("a"), wanted.subquery("b")
    # <#> is the negative inner product: the negative cosine, for unit vectors.
    pairs = select(
        a.c.image_id,
        b.c.image_id,
        (-(a.c.embedding.op("<#>", return_type=Float())(b.c.embedding))).label("cosine"),
    )
    rows = connection.execute(pairs.where(a.c.image_id < b.c.image_id)).all()
    found = {(first, second): float(cosine) for first, second, cosine in rows}
    return found | {(second, first): cosine for (first, second), cosine in found.items()}
