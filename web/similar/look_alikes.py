"""The look-alikes of an image, as a list or as a choice from it."""

from sqlalchemy import Connection

from shared.db.queries.index.state import IndexStateRow, Similar, similar_images, similarities_between
from web.similar.diversity import diversify


def choose_look_alikes(
    connection: Connection, state: IndexStateRow, image_id: int, count: int, diversity: float
) -> list[Similar] | None:
    """`count` look-alikes at most, most similar first. None: the image is in no list yet.

    diversity: 0 takes the most similar ones, 1 those that are least like each other.
    """
    if state.generation is None or state.model is None:
        return None
    listed = similar_images(connection, state.generation, image_id)
    if not listed or diversity == 0:
        return None if listed is None else listed[:count]
    between = similarities_between(connection, state.model, [item.image_id for item in listed])
    return diversify(listed, between, count, diversity)
