"""Images: making, finding and changing them. A deleted image is in no answer of this module. Lists: `listing.py`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    func,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.db.models import (
    Embedding,
    Image,
    IndexState,
    Job,
    NeighbourList,
    Palette,
)
from shared.db.prepared import PREPARED, PreparedSelect
from shared.errors import ImageNotFound
from shared.jobs.kinds import JobKind, JobStatus
from shared.natural_order import natural_key
from shared.palette_kinds import DEFAULT_KIND


@dataclass(frozen=True, slots=True)
class NewImage:
    """job_id: of the job that is about to be made for it."""

    sha256: str
    name: str
    width: int
    height: int
    bytes: int
    format: str
    colors: int
    caption: str | None = None
    tags: tuple[str, ...] = ()
    label: str | None = None
    job_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ImageRow:
    """An image as readers see it. swatches: hex codes of its own palette, none before there is one.

    Facts that are shown (worker/imaging/algorithms/facts.py) come last: `name: type | None = None`.
    """

    id: int
    sha256: str
    name: str
    caption: str | None
    tags: list[str]
    label: str | None
    width: int
    height: int
    bytes: int
    format: str
    colors: int
    created_at: datetime
    analysed_at: datetime | None
    job_id: UUID | None
    palette: JobStatus
    embedding: JobStatus
    neighbours: JobStatus
    swatches: tuple[str, ...]
    taken_at: datetime | None = None
    taken_offset: int | None = None
    notes: str | None = None


def insert_image(connection: Connection, new: NewImage) -> ImageRow | None:
    """Records the image; as it is then, of which all is known without asking. None: its bytes are in the gallery already."""
    columns = {**asdict(new), "tags": list(new.tags)}
    made = connection.execute(INSERT_IMAGE, {**columns, "name_key": natural_key(new.name)}).one_or_none()
    if made is None:
        return None
    return ImageRow(
        **columns,
        id=made.id,
        created_at=made.created_at,
        analysed_at=None,
        palette=JobStatus.QUEUED,
        embedding=JobStatus.QUEUED,
        neighbours=JobStatus.QUEUED,
        swatches=(),
    )


def find_by_sha256(connection: Connection, sha256: str) -> int | None:
    return connection.execute(ID_BY_SHA256, {"wanted": sha256}).scalar()


def get_image(connection: Connection, image_id: int) -> ImageRow:
    """Raises ImageNotFound."""
    row = IMAGE_BY_ID.one_or_none(connection, image_id=image_id)
    if row is None:
        raise ImageNotFound
    return image_row(row)


def get_images(connection: Connection, image_ids: Collection[int]) -> dict[int, ImageRow]:
    """Those of the images that are there, by id."""
    rows = connection.execute(IMAGES.where(Image.id.in_(image_ids)))
    return {row.id: image_row(row) for row in rows}


@dataclass(frozen=True, slots=True)
class ImageSource:
    """What a worker needs of an image. colors: size of its own palette."""

    id: int
    sha256: str
    colors: int


def image_source(connection: Connection, image_id: int) -> ImageSource:
    """Raises ImageNotFound."""
    found = image_sources(connection, [image_id])
    if image_id not in found:
        raise ImageNotFound
    return found[image_id]


def image_sources(connection: Connection, image_ids: Collection[int]) -> dict[int, ImageSource]:
    rows = connection.execute(SOURCES, {"image_ids": list(image_ids)})
    return {row.id: ImageSource(row.id, row.sha256, row.colors) for row in rows}


@dataclass(frozen=True, slots=True)
class DescriptionRow:
    """What people have said about an image."""

    caption: str | None
    tags: list[str]
    label: str | None


def lock_description(connection: Connection, image_id: int) -> DescriptionRow:
    """The image's description, which nobody else changes before the transaction ends. Raises ImageNotFound."""
    wanted = select(Image.caption, Image.tags, Image.label)
    here = (Image.id == image_id, Image.deleted_at.is_(None))
    row = connection.execute(wanted.where(*here).with_for_update()).one_or_none()
    if row is None:
        raise ImageNotFound
    return DescriptionRow(**row._asdict())


def change_image(connection: Connection, image_id: int, changes: Mapping[str, Any]) -> None:
    """changes: any of caption, tags, label. Raises ImageNotFound."""
    changed = connection.execute(
        update(Image).where(Image.id == image_id, Image.deleted_at.is_(None)).values(id=Image.id, **changes)
    )
    if not changed.rowcount:
        raise ImageNotFound


def _images() -> Select[*tuple[Any, ...]]:
    """Images with what says how far each has come, in one statement however many there are."""
    serving, generation = _state(IndexState.model), _state(IndexState.generation)
    own_palette = (
        select(Palette.swatches)
        .where(
            Palette.image_id == Image.id,
            Palette.colors == Image.colors,
            Palette.style == DEFAULT_KIND.style.value,
            Palette.ground == DEFAULT_KIND.ground.value,
        )
        .order_by(Palette.created_at.desc())
        .limit(1)
    )
    # Scalar subqueries, not EXISTS: for a page of a large gallery Postgres would answer that with a hash over every
    # embedding and every list there is.
    embedded = select(true()).where(Embedding.image_id == Image.id, Embedding.model == serving)
    listed = select(true()).where(NeighbourList.generation == generation, NeighbourList.image_id == Image.id)
    indexing = select(Job.id).where(
        Job.kind.in_([JobKind.INDEX_INCREMENTAL.value, JobKind.INDEX_FULL.value]),
        Job.parent_id.is_(None),
        Job.status == JobStatus.RUNNING.value,
    )
    # Columns as ImageRow has them, then what its states follow from (see image_row).
    return select(
        *(getattr(Image, name) for name in (*_COLUMNS, *_FACTS)),
        own_palette.scalar_subquery().label("own_palette"),
        embedded.limit(1).scalar_subquery().label("embedded"),
        listed.limit(1).scalar_subquery().label("listed"),
        indexing.exists().label("indexing"),
        _last_status(JobKind.ANALYSE).label("analyse_status"),
        _last_status(JobKind.EMBED).label("embed_status"),
    ).where(Image.deleted_at.is_(None))


def _state(column: Any) -> Any:
    return select(column).scalar_subquery()


def _last_status(kind: JobKind) -> Any:
    own = and_(Job.image_id == Image.id, Job.kind == kind.value)
    return select(Job.status).where(own).order_by(Job.id.desc()).limit(1).scalar_subquery()


def image_row(row: Sequence[Any]) -> ImageRow:
    """A row of IMAGES. The state of each part: what is there has succeeded, whatever became of the job that made it."""
    own_palette, embedded, listed, indexing, analyse_status, embed_status = row[_SHOWN:]
    palette = JobStatus.SUCCEEDED if own_palette else JobStatus(analyse_status or JobStatus.QUEUED)
    embedding = JobStatus.SUCCEEDED if embedded else JobStatus(embed_status or JobStatus.QUEUED)
    if listed:
        neighbours = JobStatus.SUCCEEDED
    elif embedding in {JobStatus.FAILED, JobStatus.DEAD, JobStatus.CANCELLED}:
        neighbours = JobStatus.CANCELLED
    elif embedded and indexing:
        neighbours = JobStatus.RUNNING
    else:
        neighbours = JobStatus.QUEUED
    swatches = tuple([swatch["hex"] for swatch in own_palette or ()])
    values: Any = (*row[:_PLAIN], palette, embedding, neighbours, swatches, *row[_PLAIN:_SHOWN])
    return ImageRow(*values)


# The fields of ImageRow that are columns, before and behind its states.
_FIELDS: Final = [field.name for field in fields(ImageRow)]
_COLUMNS: Final = _FIELDS[: _FIELDS.index("palette")]
_FACTS: Final = _FIELDS[_FIELDS.index("swatches") + 1 :]
_PLAIN: Final = len(_COLUMNS)
_SHOWN: Final = _PLAIN + len(_FACTS)
# Built once: building a statement takes longer than running it.
INSERT_IMAGE = (
    upsert(Image)
    .values({name: bindparam(name) for name in (*(field.name for field in fields(NewImage)), "name_key")})
    .on_conflict_do_nothing(index_elements=[Image.sha256], index_where=Image.deleted_at.is_(None))
    .returning(Image.id, Image.created_at)
    .execution_options(**PREPARED)
)
ID_BY_SHA256 = (
    select(Image.id)
    .where(Image.sha256 == bindparam("wanted"), Image.deleted_at.is_(None))
    .execution_options(**PREPARED)
)
SOURCES = (
    select(Image.id, Image.sha256, Image.colors)
    .where(Image.id == func.any(bindparam("image_ids", type_=ARRAY(BIGINT))), Image.deleted_at.is_(None))
    .execution_options(**PREPARED)
)
IMAGES = _images()
IMAGE_BY_ID = PreparedSelect(IMAGES.where(Image.id == bindparam("image_id")))
