"""A fact that is declared for a test alone: `declare` does for a process what a line in FACTS does for all."""

from typing import Final

from worker.imaging.algorithms import facts
from worker.imaging.algorithms.facts import DecodedPhoto, Fact

NAME: Final = "brightness"


def brightness(photo: DecodedPhoto) -> float:
    """The mean of all channels, 0 to 255."""
    return sum(photo.smallest.resize((1, 1)).getpixel((0, 0))) / 3  # type: ignore[arg-type]


def declare() -> None:
    facts.FACTS = (*facts.FACTS, Fact(NAME, float, brightness))  # type: ignore[misc]
