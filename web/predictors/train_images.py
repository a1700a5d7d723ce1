"""`flask train-images`: a predictor of photos from a folder that has a folder of photos for each label."""

import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from shared.db.queries.jobs.jobs import JobRow
from shared.errors import BadInput
from shared.predictors.documents import AUTO, Task
from shared.predictors.labelled_zip import DEFAULT_LIMITS
from web.http.bodies.spool import Spool
from web.photos import name_of, photos_below
from web.predictors.requests import TrainingRequest, checked_name
from web.predictors.use_cases import start_training
from web.services import Services

# Who may run commands here may fill the disk anyhow; the limits of zips bound what it unfolds to.
_MOST_BYTES: Final = DEFAULT_LIMITS.max_total_bytes
_CHUNK_BYTES: Final = 1024 * 1024


def train_from_folder(services: Services, name: str, folder: Path) -> tuple[JobRow, Counter[str]]:
    """Has a predictor trained from the photos in the folders of `folder`. The job, and what was passed over.

    Raises BadInput, StorageUnavailable and DatabaseUnavailable.
    """
    name = checked_name(name)
    found = photos_below(folder)
    photos = [path for path in found.paths if path.parent.parent == folder]
    elsewhere = len(found.paths) - len(photos)
    passed_over = found.passed_over + Counter({"photo in no folder of a label": elsewhere})
    with (
        tempfile.TemporaryFile() as file,
        Spool(_MOST_BYTES, "The photos are too large together. Scale them down.") as spool,
    ):
        _write_zip(file, photos)
        spool.fill(_chunks(file))
        training = TrainingRequest(name, Task.IMAGE_CLASSIFICATION.value, target="", model=AUTO, data=spool)
        return start_training(services, training, request_id=None), passed_over


def _write_zip(file: IO[bytes], photos: list[Path]) -> None:
    """The photos in their folders, stored as they are: they are compressed already."""
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            for path in photos:
                archive.write(path, f"{name_of(path.parent)}/{name_of(path)}")
    except OSError as error:
        raise BadInput(f"The photos cannot be read: {error.strerror}.") from error


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    return iter(lambda: file.read(_CHUNK_BYTES), b"")
