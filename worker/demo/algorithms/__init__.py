"""About a hundred pictures that Vitrine draws itself, so that a new gallery is full of look-alikes at once.

Twelve families of eight: the members of one share structure, texture and colours, and no two families do, so that even
an untrained network finds a picture's kin. The same seed draws the same pictures.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.demo.algorithms import landscapes, night, paper, patterns
from worker.demo.algorithms.canvas import Palette, Picture, to_jpeg

MEMBERS: Final = 8
SEED: Final = 2026
# Width and height: every member of a family has another shape than its neighbours, as photos do.
SHAPES: Final = ((1500, 1000), (1000, 1400), (1200, 1200), (1600, 900))
# numpy and Pillow work outside the interpreter lock most of the time.
_THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class DemoPicture:
    """One picture with what an uploader would say of it. The label is the family, as in `dunes`."""

    name: str
    caption: str
    tags: tuple[str, ...]
    label: str
    width: int
    height: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Family:
    """Pictures that look alike: how they are painted, in which colours, and what they are called."""

    label: str
    title: str
    tags: tuple[str, ...]
    palettes: tuple[Palette, ...]
    paint: Callable[[np.random.Generator, int, int, Palette], Picture]


FAMILIES: Final = (
    Family("dunes", "Dunes at dusk", ("landscape", "desert"), landscapes.DUNE_PALETTES, landscapes.dunes),
    Family("glass", "Stained glass", ("pattern", "window"), patterns.GLASS_PALETTES, patterns.stained_glass),
    Family("rivers", "Meanders of a river", ("map", "water"), paper.RIVER_PALETTES, paper.rivers),
    Family("nebula", "Nebula", ("night", "stars"), night.NEBULA_PALETTES, night.nebula),
    Family("bauhaus", "Bauhaus tiles", ("pattern", "geometry"), patterns.BAUHAUS_PALETTES, patterns.bauhaus),
    Family("sea", "The sea at sunset", ("landscape", "water"), landscapes.SEA_PALETTES, landscapes.sea),
    Family(
        "watercolour", "Watercolour", ("abstract", "paint"), paper.WATERCOLOUR_PALETTES, paper.watercolour
    ),
    Family("city", "A city at night", ("night", "windows"), night.CITY_PALETTES, night.city),
    Family("azulejo", "Azulejos", ("pattern", "ceramic"), patterns.TILE_PALETTES, patterns.azulejo),
    Family("forest", "Trees in fog", ("landscape", "forest"), landscapes.FOREST_PALETTES, landscapes.forest),
    Family("rings", "Moiré rings", ("pattern", "optical"), patterns.RING_PALETTES, patterns.rings),
    Family("contours", "Contour map", ("map", "mountains"), paper.CONTOUR_PALETTES, paper.contours),
)
# How many `draw` gives by itself.
COUNT: Final = MEMBERS * len(FAMILIES)


def draw(seed: int = SEED, members: int = MEMBERS, shrink: int = 1) -> Iterator[DemoPicture]:
    """The demo pictures, `members` of each family, one of every family before the next round.

    They are drawn two at a time, ahead of the reader; `shrink` times smaller than usual, for who is in a hurry.
    """
    rounds = [(member, family) for member in range(members) for family in range(len(FAMILIES))]
    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(lambda place: draw_one(seed, FAMILIES[place[1]], place[0], shrink), rounds)


def draw_one(seed: int, family: Family, member: int, shrink: int = 1) -> DemoPicture:
    """One member of a family; it depends on nothing but the arguments."""
    rng = np.random.default_rng([seed, *family.label.encode(), member])
    palette = family.palettes[member % len(family.palettes)]
    # The second picture in a palette gets another shape than the first.
    width, height = SHAPES[(member + member // len(family.palettes)) % len(SHAPES)]
    picture = family.paint(rng, width // shrink, height // shrink, palette)
    return DemoPicture(
        name=f"{family.label}-{member + 1:02d}.jpg",
        caption=f"{family.title} in {palette.name}, no. {member + 1}",
        tags=(*family.tags, *palette.name.replace(" and ", ", ").split(", ")),
        label=family.label,
        width=width // shrink,
        height=height // shrink,
        jpeg=to_jpeg(picture, rng),
    )
