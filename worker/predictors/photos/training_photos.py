"""Labelled photos as something to learn from: out of a zip, or out of the gallery."""

import hashlib
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, BinaryIO, Final, cast

import numpy as np
from numpy.typing import NDArray

from shared.db.queries.predictors.training_photos import LabelledPhoto, embeddings_of, labelled_photos
from shared.errors import BadData, BlobNotFound
from shared.predictors.cards import LeftOut
from shared.predictors.labelled_zip import (
    DEFAULT_LIMITS,
    LabelledZip,
    Photo,
    label_of,
    open_labelled_zip,
)
from shared.storage import BlobStore
from shared.storage import keys as blob_keys
from worker.embedding import Embedder
from worker.imaging import (
    DecodeCrashed,
    DecodeError,
    DecodeTimeout,
    PhotoView,
    Sandbox,
    model_view_from_bytes,
)
from worker.predictors.photos.algorithms.classifier import FEWEST_A_CLASS
from worker.services import Services

Progress = Callable[[float], None]

# Of the gallery: as many as of a zip. More of one label than this teach little that is new.
MOST_A_LABEL: Final = 1_000
MOST_PHOTOS: Final = DEFAULT_LIMITS.max_photos
# A file that takes the decoder's whole time may be bad luck; several are meant.
MOST_COSTLY: Final = 3
# Reading and embedding the largest zip of ordinary photos takes half of it, on one core.
MOST_SECONDS: Final = 600

_BATCH: Final = 32


@dataclass(frozen=True, slots=True)
class TrainingPhoto:
    """A photo that was learned from. image: its id, where it is of the gallery; thumbnail: where it is of a zip."""

    label: str
    name: str
    image: int | None = None
    thumbnail: bytes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """photos[i] has embeddings[i] (n, 512) float32 and is of labels[classes[i]]; labels are sorted."""

    labels: tuple[str, ...]
    photos: list[TrainingPhoto]
    embeddings: NDArray[np.float32]
    left_out: list[LeftOut]

    @property
    def classes(self) -> NDArray[np.intp]:
        places = {label: place for place, label in enumerate(self.labels)}
        return np.array([places[photo.label] for photo in self.photos], np.intp)


@dataclass(slots=True)
class _Gathering:
    """What has been taken in so far. Photos are embedded a batch at a time, and their pixels let go."""

    embedder: Embedder
    photos: list[TrainingPhoto] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    _embeddings: list[NDArray[np.float32]] = field(default_factory=list)
    _views: list[NDArray[np.uint8]] = field(default_factory=list)

    def take(self, photo: TrainingPhoto, view: NDArray[np.uint8]) -> None:
        self.photos.append(photo)
        self._views.append(view)
        if len(self._views) == _BATCH:
            self._embed()

    def take_embedded(self, photo: TrainingPhoto, embedding: Sequence[float]) -> None:
        self._embed()
        self.photos.append(photo)
        self._embeddings.append(np.array([embedding], np.float32))

    def leave_out(self, name: str, reason: str) -> None:
        self.left_out.append(LeftOut(name, reason))

    def _embed(self) -> None:
        if self._views:
            self._embeddings.append(self.embedder.embed(np.stack(self._views)))
            self._views.clear()

    def done(self, source: str) -> TrainingSet:
        """Leaves out labels with too few photos. Raises BadData, naming the field `source`, where too few are left."""
        self._embed()
        counts = Counter(photo.label for photo in self.photos)
        labels = tuple(sorted(label for label, count in counts.items() if count >= FEWEST_A_CLASS))
        if len(labels) < 2:
            raise BadData(source, _too_few(counts))
        kept = [place for place, photo in enumerate(self.photos) if photo.label in labels]
        for label in sorted(counts.keys() - set(labels)):
            self.leave_out(label, f"the label has one photo, and each needs {FEWEST_A_CLASS}")
        return TrainingSet(
            labels,
            [self.photos[place] for place in kept],
            np.concatenate(self._embeddings)[kept],
            self.left_out,
        )


def _too_few(counts: Counter[str]) -> str:
    seen = ", ".join(f"{label}: {count}" for label, count in sorted(counts.items())[:10]) or "none"
    return (
        f"Training takes at least two labels with at least {FEWEST_A_CLASS} photos each that can be read, "
        f"better with 20 or more. Photos by label: {seen}."
    )


def photos_of_zip(services: Services, sha256: str, progress: Progress) -> TrainingSet:
    """The photos of an uploaded zip. Raises BadData for a zip that cannot be learned from."""
    with _zip_file(services.blobs, sha256) as file, open_labelled_zip(file) as archive:
        gathering = _Gathering(services.photo_model.embedder, left_out=list(archive.left_out))
        for photo, view in _views(services.sandbox, archive, gathering, progress):
            gathering.take(
                TrainingPhoto(photo.label, photo.name, thumbnail=view.thumbnail.bytes), view.model_view
            )
        return gathering.done("data")


@contextmanager
def _zip_file(blobs: BlobStore, sha256: str) -> Iterator[BinaryIO]:
    """The zip on disk: the one that was just uploaded or, when it is trained from again, the one that was kept."""
    with tempfile.TemporaryFile() as file:
        try:
            _copy(blobs, blob_keys.upload(sha256), file)
        except BlobNotFound:
            try:
                _copy(blobs, blob_keys.training_zip(sha256), file)
            except BlobNotFound as error:
                raise BadData("data", "The zip is no longer there. Send it again.") from error
        yield cast("BinaryIO", file)


def _copy(blobs: BlobStore, key: str, file: IO[bytes]) -> None:
    with blobs.open(key) as source:
        shutil.copyfileobj(source, file)
    file.seek(0)


def keep_zip(blobs: BlobStore, sha256: str) -> None:
    """Keeps a zip that was trained from for as long as a predictor names it.

    Written also where it is there already: that makes it new again, and so safe from the garbage collection until the
    predictor is recorded.
    """
    with _zip_file(blobs, sha256) as file:
        blobs.put(blob_keys.training_zip(sha256), file, "application/zip")


def _views(
    sandbox: Sandbox, archive: LabelledZip, gathering: _Gathering, progress: Progress
) -> Iterator[tuple[Photo, PhotoView]]:
    """Each photo of the zip, decoded; those that cannot be used are left out. Raises BadData where the zip costs too much."""
    seen: dict[str, Photo] = {}
    costly, started = 0, time.monotonic()
    for done, photo in enumerate(archive.photos):
        if done % _BATCH == 0:
            progress(done / len(archive.photos))
            if time.monotonic() - started > MOST_SECONDS:
                raise BadData("data", "The photos take too long to read. Scale them down, or send fewer.")
        data = archive.read(photo)
        twin = seen.setdefault(hashlib.sha256(data).hexdigest(), photo)
        if twin is not photo:
            other = "" if twin.label == photo.label else ", under another label"
            gathering.leave_out(photo.name, f"it is the same photo as {twin.name}{other}")
            continue
        try:
            yield photo, sandbox.view(data)
        except DecodeError:
            gathering.leave_out(photo.name, "it cannot be read as a JPEG, PNG, WebP or GIF")
        except (DecodeTimeout, DecodeCrashed) as error:
            costly += 1
            gathering.leave_out(photo.name, "reading it takes more time or memory than Vitrine gives")
            if costly > MOST_COSTLY:
                raise BadData(
                    "data",
                    f"Several photos take too long to read, such as {photo.name}. "
                    "Save them again as plain JPEGs, or take them out.",
                ) from error


def photos_of_gallery(services: Services, progress: Progress) -> TrainingSet:
    """The gallery's labelled photos. Raises BadData where they cannot be learned from."""
    embedder = services.photo_model.embedder
    with services.unit_of_work.read() as connection:
        found = labelled_photos(connection, MOST_A_LABEL, MOST_PHOTOS)
        embedded = embeddings_of(connection, embedder.model_id, [photo.id for photo in found])
    labels = {label for photo in found if (label := label_of(photo.label))}
    if len(labels) > DEFAULT_LIMITS.max_labels:
        raise BadData(
            "from_labels",
            f"The gallery has {len(labels):,} labels. Training takes at most {DEFAULT_LIMITS.max_labels}.",
        )
    gathering = _Gathering(embedder)
    for done, row in enumerate(sorted(found, key=lambda photo: photo.id)):
        if done % _BATCH == 0:
            progress(done / len(found))
        _take_row(services.blobs, gathering, row, embedded.get(row.id))
    return gathering.done("from_labels")


def _take_row(
    blobs: BlobStore, gathering: _Gathering, row: LabelledPhoto, embedding: Sequence[float] | None
) -> None:
    photo = TrainingPhoto(label_of(row.label), row.name, image=row.id)
    if embedding is not None:
        gathering.take_embedded(photo, embedding)
        return
    try:
        view = model_view_from_bytes(blobs.get(blob_keys.model_view(row.sha256)))
    except (BlobNotFound, ValueError):
        gathering.leave_out(row.name, "it is just being deleted, or its pixels are gone")
    else:
        gathering.take(photo, view)
