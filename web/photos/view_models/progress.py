"""How far the work on a photo has come, in words."""

from dataclasses import dataclass
from typing import Final

from shared.db.queries.photos.images import ImageRow
from shared.jobs.kinds import ACTIVE, JobStatus


@dataclass(frozen=True, slots=True)
class Stage:
    """One thing that is done for a photo. state: waiting, working, done or failed, which the style sheet knows."""

    name: str
    state: str
    words: str


_STATES: Final = {
    JobStatus.QUEUED: ("waiting", "waiting"),
    JobStatus.RUNNING: ("working", "at work"),
    JobStatus.SUCCEEDED: ("done", "done"),
    JobStatus.FAILED: ("failed", "not possible"),
    JobStatus.DEAD: ("failed", "given up"),
    JobStatus.CANCELLED: ("failed", "not done"),
}


def is_unfinished(image: ImageRow) -> bool:
    """Whether something is still being done for the photo."""
    return any(status in ACTIVE for status in (image.palette, image.embedding, image.neighbours))


def is_complete(image: ImageRow) -> bool:
    """Whether everything there is to do for the photo has been done."""
    return {image.palette, image.embedding, image.neighbours} == {JobStatus.SUCCEEDED}


def can_be_retried(image: ImageRow) -> bool:
    """Whether the work stopped for a reason that is not in the photo itself."""
    stopped = image.embedding if image.palette is JobStatus.SUCCEEDED else image.palette
    return stopped in {JobStatus.DEAD, JobStatus.CANCELLED}


def stages(image: ImageRow) -> tuple[Stage, ...]:
    """What is done for a photo, in order."""
    return (
        Stage("Stored", "done", "done"),
        _stage("Palette", image.palette),
        _stage("Embedding", image.embedding),
        _stage("Look-alikes", image.neighbours),
    )


def state_in_words(image: ImageRow) -> str | None:
    """The one thing to say about a photo that is not finished or went wrong; None when all is done."""
    if image.palette is not JobStatus.SUCCEEDED:
        return _PALETTE[image.palette]
    if image.embedding is not JobStatus.SUCCEEDED:
        return _EMBEDDING[image.embedding]
    return _NEIGHBOURS.get(image.neighbours)


def _stage(name: str, status: JobStatus) -> Stage:
    return Stage(name, *_STATES[status])


_PALETTE: Final = {
    JobStatus.QUEUED: "Waiting for its palette",
    JobStatus.RUNNING: "Finding its palette",
    JobStatus.FAILED: "Could not be read",
    JobStatus.DEAD: "Could not be read",
    JobStatus.CANCELLED: "Cancelled",
}
_EMBEDDING: Final = {
    JobStatus.QUEUED: "Waiting to be looked at",
    JobStatus.RUNNING: "Being looked at",
    JobStatus.FAILED: "No look-alikes: it could not be looked at",
    JobStatus.DEAD: "No look-alikes: it could not be looked at",
    JobStatus.CANCELLED: "No look-alikes: cancelled",
}
_NEIGHBOURS: Final = {
    JobStatus.QUEUED: "Waiting for look-alikes",
    JobStatus.RUNNING: "Finding look-alikes",
}
