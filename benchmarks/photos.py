"""Photos to upload, without end and each different from every other in its bytes."""

import itertools
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.support.pictures import make_jpeg

# Read when the module is loaded: `python -m benchmarks` runs without anyone's settings of Vitrine.
_DATA: Final = Path(os.environ.get("VITRINE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
_REAL: Final = _DATA / "photos" / "caltech101"
PICTURES: Final = 6


def drawn(width: int, height: int, quality: int = 95) -> list[bytes]:
    """A few JPEGs of that size, drawn with noise as a sensor has it."""
    return [make_jpeg(width, height, seed, quality=quality) for seed in range(PICTURES)]


def real(count: int) -> list[bytes]:
    """So many real photos of about 300 x 200, from all classes alike; none where there are none on this machine."""
    files = sorted(_REAL.rglob("*.jpg"))
    return [file.read_bytes() for file in files[:: max(1, len(files) // count)][:count]]


def numbered(pictures: Sequence[bytes]) -> Iterator[bytes]:
    """The pictures over and over, each time with other bytes."""
    for number in itertools.count():
        picture = pictures[number % len(pictures)]
        # A comment segment behind the SOI marker: other bytes, the same picture.
        comment = struct.pack(">HHQ", 0xFFFE, 10, number)
        yield picture[:2] + comment + picture[2:]
