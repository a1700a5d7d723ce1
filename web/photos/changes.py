"""The use cases of changing photos in the gallery, called by the API and the pages."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from shared.db.queries.photos import images, selection
from shared.db.queries.photos.images import ImageRow
from shared.db.unit_of_work import UnitOfWork
from shared.errors import BadParameter, Conflict, ImageNotFound
from shared.limits import MAX_TAGS


def change_image(unit_of_work: UnitOfWork, image_id: int, changes: Mapping[str, Any]) -> ImageRow:
    """The image as it is now. changes: any of caption, tags, label. Raises ImageNotFound."""
    with unit_of_work.begin() as transaction:
        images.change_image(transaction.connection, image_id, changes)
        return images.get_image(transaction.connection, image_id)


def merge_description(
    unit_of_work: UnitOfWork, image_id: int, *, caption: str | None, tags: Sequence[str], label: str | None
) -> tuple[str, ...]:
    """Adds new tags to those of the image, and gives it caption and label where it has none. The fields changed, by name.

    Raises ImageNotFound, and BadParameter where it would have too many tags; then nothing is changed.
    """
    with unit_of_work.begin() as transaction:
        known = images.lock_description(transaction.connection, image_id)
        together = list(dict.fromkeys([*known.tags, *tags]))
        if len(together) > max(MAX_TAGS, len(known.tags)):
            raise BadParameter(
                "tags",
                f"This photo is in the gallery already, and with these tags it would have {len(together)}. "
                f"It may have {MAX_TAGS}: leave some out.",
            )
        wanted = {"caption": known.caption or caption, "tags": together, "label": known.label or label}
        changes = {name: value for name, value in wanted.items() if value != getattr(known, name)}
        if changes:
            images.change_image(transaction.connection, image_id, changes)
    return tuple(changes)


def delete_image(unit_of_work: UnitOfWork, image_id: int) -> None:
    """Deletes the image; it can be restored for a day. Raises ImageNotFound."""
    if not delete_images(unit_of_work, [image_id]):
        raise ImageNotFound


def delete_images(unit_of_work: UnitOfWork, image_ids: Collection[int]) -> list[int]:
    """Deletes the images that are still there; the ids of those."""
    with unit_of_work.begin() as transaction:
        return selection.delete_images(transaction, image_ids)


def restore_image(unit_of_work: UnitOfWork, image_id: int) -> ImageRow:
    """The image, restored if it was deleted.

    Raises ImageNotFound, and Conflict if the same photo has been uploaded again since.
    """
    with unit_of_work.begin() as transaction:
        selection.restore_images(transaction, [image_id])
        if selection.deleted_images(transaction.connection, [image_id]):
            raise Conflict("The same photo has been uploaded again since.")
        return images.get_image(transaction.connection, image_id)


def restore_images(unit_of_work: UnitOfWork, image_ids: Collection[int]) -> list[int]:
    """Restores the images that can be restored; the ids of those."""
    with unit_of_work.begin() as transaction:
        return selection.restore_images(transaction, image_ids)


def describe_images(
    unit_of_work: UnitOfWork, image_ids: Collection[int], tags: Sequence[str], label: str | None
) -> list[int]:
    """Adds the tags to those of the images, and replaces their label if one is given; the ids of the images changed."""
    described: list[int] = []
    with unit_of_work.begin() as transaction:
        if tags:
            described = selection.add_tags(transaction.connection, image_ids, tags, MAX_TAGS)
        if label:
            described = selection.set_label(transaction.connection, image_ids, label)
    return described
