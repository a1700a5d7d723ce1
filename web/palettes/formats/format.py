"""What a palette can be written as."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.colour import Swatch


@dataclass(frozen=True, slots=True)
class Format:
    """name: in an address. label: on a button. write: gets the swatches in the order that the file keeps, and a title in words.

    place: where it stands among the others, from 0.
    """

    name: str
    label: str
    write: Callable[[Sequence[Swatch], str], str | bytes]
    content_type: str
    extension: str
    place: int
