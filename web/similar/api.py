"""Look-alikes of an image."""

from flask import Response
from sqlalchemy import Connection

from shared.db.queries.index import state as index
from shared.db.queries.jobs import jobs
from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.photos import images
from shared.db.queries.photos.images import ImageRow
from shared.errors import Conflict, JobNotFound
from shared.jobs.kinds import JobKind, JobStatus
from web.http.documents import Document
from web.http.ids import image_id
from web.http.routing import Answer, Resource
from web.jobs import STARTED, started
from web.photos import failure_of
from web.services import current_services
from web.similar.documents import SimilarImages, SimilarQuery
from web.similar.look_alikes import choose_look_alikes

api = Resource("similar", "Look-alikes.")

# New embeddings are gathered for some seconds before a run takes them in.
_RETRY_SECONDS = 2


@api.route(
    "GET",
    "/images/<id>/similar",
    query=SimilarQuery,
    answers={200: Answer("the look-alikes", SimilarImages), 202: STARTED},
    problems=(404, 409),
)
def get_similar(id: str, query: SimilarQuery) -> Response | Document:  # noqa: A002 - the name in the contract
    """Get an image's look-alikes; while it is not in the index, the job that will put it there.

    409 with the reason where it will never be there, unless its job is run again.
    """
    with current_services().unit_of_work.read() as connection:
        image = images.get_image(connection, image_id(id))
        state = index.index_state(connection)
        chosen = choose_look_alikes(connection, state, image.id, query.k, query.diversity)
        if chosen is None:
            _check_will_be_indexed(connection, image)
            return started(_job_to_wait_for(connection, image), retry_seconds=_RETRY_SECONDS)
        shown = images.get_images(connection, [item.image_id for item in chosen])
    return SimilarImages.of(image, state, chosen, shown)


def _check_will_be_indexed(connection: Connection, image: ImageRow) -> None:
    """Raises Conflict: without a sentence that says so, a client would ask for ever."""
    if image.neighbours is JobStatus.CANCELLED:
        reason = failure_of(connection, image) or "Its job was cancelled: run that again."
        raise Conflict(f"This photo has no look-alikes. {reason}")


def _job_to_wait_for(connection: Connection, image: ImageRow) -> JobRow | None:
    run = jobs.find_in_flight(connection, (JobKind.INDEX_INCREMENTAL, JobKind.INDEX_FULL))
    if run is not None or image.job_id is None:
        return run
    try:
        return jobs.get_job(connection, image.job_id)
    except JobNotFound:
        return None
