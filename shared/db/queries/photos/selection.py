"""Several images at once: deleting and bringing back, tagging and labelling."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, String, cast, exists, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from shared.db.models import Image, IndexChange, Job
from shared.db.queries.jobs.jobs import cancel_jobs_of_images, retry_job
from shared.db.unit_of_work import Transaction
from shared.errors import Conflict
from shared.jobs.kinds import JobStatus


def delete_images(transaction: Transaction, image_ids: Collection[int]) -> list[int]:
    """Hides the images from everything at once and asks the index to close up. Those that were there, by id."""
    connection = transaction.connection
    cancel_jobs_of_images(transaction, image_ids)
    deleted = connection.execute(
        update(Image)
        .where(Image.id.in_(image_ids), Image.deleted_at.is_(None))
        .values(deleted_at=func.now())
        .returning(Image.id)
    ).scalars()
    return _changed(connection, deleted.all())


def restore_images(transaction: Transaction, image_ids: Collection[int]) -> list[int]:
    """Brings deleted images back as they were, and goes on with what was left to do for them. Those brought back, by id.

    Those that were never deleted, are gone for good or have been uploaded again are left out. Raises Conflict when the
    same photo is being uploaded at this moment.
    """
    connection = transaction.connection
    again = aliased(Image)
    there = exists().where(again.sha256 == Image.sha256, again.deleted_at.is_(None))
    try:
        restored = connection.execute(
            update(Image)
            .where(Image.id.in_(_newest_of_each_photo(connection, image_ids)), ~there)
            .values(deleted_at=None)
            .returning(Image.id, Image.job_id)
        ).all()
    except IntegrityError as error:
        raise Conflict("The same photo has just been uploaded again.") from error
    _retry_cancelled(transaction, [row.job_id for row in restored if row.job_id is not None])
    return _changed(connection, [row.id for row in restored])


def deleted_images(connection: Connection, image_ids: Collection[int]) -> list[int]:
    """Those of the images that are deleted and can still be brought back, by id."""
    found = select(Image.id).where(Image.id.in_(image_ids), Image.deleted_at.is_not(None))
    return list(connection.execute(found.order_by(Image.id)).scalars())


def add_tags(connection: Connection, image_ids: Collection[int], tags: Sequence[str], most: int) -> list[int]:
    """Gives the images these tags beside those they have. Those that would then have more than `most` stay as they are.

    Those tagged, by id.
    """
    given = cast(literal(list(tags)), ARRAY(String))
    # In the order they came: theirs first, then what is new.
    tag = func.unnest(given).table_valued("tag").render_derived("given")
    new = select(tag.c.tag).where(tag.c.tag != func.all(Image.tags)).correlate(Image)
    together = Image.tags.op("||")(func.array(new.scalar_subquery()))
    tagged = connection.execute(
        update(Image)
        .where(
            Image.id.in_(image_ids),
            Image.deleted_at.is_(None),
            func.cardinality(together) <= most,
        )
        .values(tags=together)
        .returning(Image.id)
    ).scalars()
    return sorted(tagged)


def set_label(connection: Connection, image_ids: Collection[int], label: str | None) -> list[int]:
    """Gives the images this label, or none. Those labelled, by id."""
    labelled = connection.execute(
        update(Image)
        .where(Image.id.in_(image_ids), Image.deleted_at.is_(None))
        .values(label=label)
        .returning(Image.id)
    ).scalars()
    return sorted(labelled)


def _changed(connection: Connection, image_ids: Sequence[int]) -> list[int]:
    """Tells the index that the images came or went."""
    if image_ids:
        connection.execute(insert(IndexChange), [{"image_id": image_id} for image_id in image_ids])
    return sorted(image_ids)


def _newest_of_each_photo(connection: Connection, image_ids: Collection[int]) -> list[int]:
    """Of the deleted images, one for each photo: it may have been uploaded and deleted more than once."""
    newest = (
        select(func.max(Image.id))
        .where(Image.id.in_(image_ids), Image.deleted_at.is_not(None))
        .group_by(Image.sha256)
    )
    return list(connection.execute(newest).scalars())


def _retry_cancelled(transaction: Transaction, job_ids: Collection[object]) -> None:
    cancelled = select(Job.id).where(Job.id.in_(job_ids), Job.status == JobStatus.CANCELLED.value)
    for job_id in transaction.connection.execute(cancelled.order_by(Job.id)).scalars().all():
        retry_job(transaction, job_id)
