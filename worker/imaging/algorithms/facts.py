"""Facts of each photo: what one decode yields beside pictures and palette, each kept in a column of `images`.

A new fact is declared here, once, and its column where the others are (`shared/db/models/image.py`, with a migration).
The sandbox carries it, the job `analyse` writes it, and `flask reanalyse --fact NAME` computes it for photos that are
there already. Where it is shown is up to pages and API.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from PIL import Image

from shared.limits import THUMBNAIL_SIDES
from shared.photo_facts import Facts, FactValue
from shared.photo_notes import notes_to_text
from worker.imaging.algorithms.decode import Decoded, decode
from worker.imaging.algorithms.perceptual_hash import perceptual_hash
from worker.imaging.algorithms.renditions import cascade

_MAX_CHARACTERS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPhoto:
    """What facts are computed from. views: the picture by nominal long side (see `cascade`)."""

    decoded: Decoded
    views: Mapping[int, Image.Image]

    @property
    def smallest(self) -> Image.Image:
        """At most 256 pixels a side, RGB."""
        return self.views[min(THUMBNAIL_SIDES)]


@dataclass(frozen=True, slots=True)
class Fact:
    """name: of its column. type: of its values, as `FactValue` bounds them. optional: not every photo has one."""

    name: str
    type: type[int | float | str | datetime]
    compute: Callable[[DecodedPhoto], int | float | str | datetime | None]
    optional: bool = False

    def value_of(self, photo: DecodedPhoto) -> FactValue:
        value = self.compute(photo)
        return value.isoformat() if isinstance(value, datetime) else value

    def check(self, value: FactValue) -> None:
        """Raises ValueError for what no column takes: the value may come from a process that a stranger's file has taken over."""
        if value is None and self.optional:
            return
        if self.type is datetime:
            _check_time(self.name, value)
        elif type(value) is not self.type:
            raise ValueError(f"{self.name} is {value!r}, not a {self.type.__name__}")
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            raise ValueError(f"{self.name} does not fit into 64 bits")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{self.name} is not finite")
        if isinstance(value, str) and (len(value) > _MAX_CHARACTERS or "\0" in value):
            raise ValueError(f"{self.name} is no short text")


def _check_time(name: str, value: FactValue) -> None:
    if not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is None:
        raise ValueError(f"{name} is {value!r}, not a time with its time zone")


FACTS: Final[tuple[Fact, ...]] = (
    Fact("perceptual_hash", int, lambda photo: perceptual_hash(photo.smallest)),
    Fact("taken_at", datetime, lambda photo: photo.decoded.taken.at, optional=True),
    Fact("taken_offset", int, lambda photo: photo.decoded.taken.offset, optional=True),
    Fact("notes", str, lambda photo: notes_to_text(photo.decoded.notes)),
)


def facts_of(photo: DecodedPhoto) -> Facts:
    """All facts of a photo by name."""
    return {fact.name: fact.value_of(photo) for fact in FACTS}


def facts_from(data: bytes) -> Facts:
    """The facts of a file alone: the same as `analyse` finds. Raises DecodeError (see `decode`)."""
    decoded = decode(data)
    return facts_of(DecodedPhoto(decoded, cascade(decoded.pixels)))


def check_facts(values: Facts) -> None:
    """Raises ValueError unless these are all facts that are declared and no other, each with a value that it can have."""
    if values.keys() != {fact.name for fact in FACTS}:
        raise ValueError("these are not the facts that are declared")
    for fact in FACTS:
        fact.check(values[fact.name])
