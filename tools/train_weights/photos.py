"""The photos: which exist, which are for training, choosing and measuring, and how a view is cut from one."""

import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.limits import VIEW_SIDE
from worker.imaging.algorithms.model_view import model_view

# Every fifth of the 50 Caltech classes in alphabetical order (ASCII): for the final figures only. No photo of them is
# trained on, and nothing is chosen by them.
HELD_OUT: Final = (
    "bass",
    "car_side",
    "crocodile_head",
    "ewer",
    "hedgehog",
    "lobster",
    "pagoda",
    "schooner",
    "strawberry",
    "wrench",
)
# Not trained on either: recipes and epochs are compared on them.
DEVELOPMENT: Final = ("airplanes", "cougar_face", "gramophone", "minaret", "stapler")
# Tiny-ImageNet's classes of the same things as the held-out ones: lobsters, alligator, four cars.
LEFT_OUT_OF_TINY: Final = (
    "n01983481",
    "n01984695",
    "n01698640",
    "n02814533",
    "n03100240",
    "n03670208",
    "n04285008",
)


@dataclass(frozen=True)
class Photo:
    """A photo's bytes by place and the class that it is of. `archive` is set for members of a zip."""

    label: str
    name: str
    folder: Path
    archive: zipfile.ZipFile | None = None

    def open(self) -> Image.Image:
        """The photo as RGB."""
        data = self.archive.read(self.name) if self.archive else (self.folder / self.name).read_bytes()
        return Image.open(BytesIO(data)).convert("RGB")


def folder_photos(folder: Path) -> list[Photo]:
    """The photos under `folder/<class>/`, sorted by class and name."""
    paths = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not paths:
        raise FileNotFoundError(f"There are no photos in {folder}.")
    return [Photo(path.parent.name, str(path.relative_to(folder)), folder) for path in paths]


def caltech_photos(data: Path) -> list[Photo]:
    """All photos of the 50 Caltech-101 classes below the test data folder `data`."""
    return folder_photos(data / "photos" / "caltech101")


def seen_caltech(data: Path) -> list[Photo]:
    """The Caltech photos that may be looked at before the end: training and development classes."""
    return [photo for photo in caltech_photos(data) if photo.label not in HELD_OUT]


def tiny_photos(data: Path) -> list[Photo]:
    """The Tiny-ImageNet photos that may be trained on, in a fixed shuffled order."""
    path = data / "photos" / "tiny-imagenet-20k.zip"
    archive = zipfile.ZipFile(path)
    names = sorted(name for name in archive.namelist() if name.lower().endswith((".jpg", ".jpeg")))
    photos = [Photo(name.split("/")[-2], name, path, archive) for name in names]
    photos = [photo for photo in photos if photo.label not in LEFT_OUT_OF_TINY]
    random.Random(0).shuffle(photos)  # noqa: S311 - a fixed order, no secret
    return photos


def centre_view(photo: Photo) -> NDArray[np.uint8]:
    """(224, 224, 3) uint8: what Vitrine's worker would show the network."""
    picture = photo.open()
    return model_view([picture], picture.width, picture.height)


def random_views(photo: Photo, sides: Sequence[int], seed: str) -> list[NDArray[np.uint8]]:
    """One random crop of `photo`, mirrored half the time, as a square of each of `sides` pixels, uint8 RGB.

    35 to 100 % of the area, aspect 3:4 to 4:3. The same seed gives the same crop.
    """
    chance = random.Random(seed)  # noqa: S311 - augmentation, no secret
    picture = photo.open()
    area = picture.width * picture.height * chance.uniform(0.35, 1)
    aspect = (3 / 4) ** chance.uniform(-1, 1)
    width = min(picture.width, (area * aspect) ** 0.5)
    height = min(picture.height, (area / aspect) ** 0.5)
    left = chance.uniform(0, picture.width - width)
    top = chance.uniform(0, picture.height - height)
    box = left, top, left + width, top + height
    views = [picture.resize((side, side), Image.Resampling.BILINEAR, box) for side in sides]
    if chance.random() < 0.5:
        views = [view.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for view in views]
    return [np.array(view) for view in views]


TEACHER_SIDE: Final = VIEW_SIDE
