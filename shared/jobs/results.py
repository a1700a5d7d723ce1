"""What jobs bring, as their rows keep it and readers get it back. Predictors' results: shared/predictors/documents.py."""

from dataclasses import dataclass, field

from shared.colour import Swatch
from shared.limits import DEFAULT_COLORS
from shared.palette_kinds import PaletteKind


@dataclass(frozen=True, slots=True)
class AnalyseResult:
    """image: its id."""

    image: str


@dataclass(frozen=True, slots=True)
class EmbedResult:
    """model: id of the model that the image was embedded with."""

    model: str


@dataclass(frozen=True, slots=True)
class PaletteResult:
    """colors: as was asked for, `size` of them if the picture has so many. version: of the method.

    kinds: palettes of every kind (by its key) and size, where all were found; a kind that is the same as with the ground
    included is left out.
    """

    colors: tuple[Swatch, ...]
    version: str
    size: int = DEFAULT_COLORS
    kinds: dict[str, dict[int, tuple[Swatch, ...]]] = field(default_factory=dict)

    def palette(self, colors: int | None, kind: PaletteKind) -> tuple[Swatch, ...]:
        """The palette of that kind and of that many colours, or as many as were asked for; where there is no other, the
        one that was asked for."""
        included = PaletteKind(kind.style)
        sizes = self.kinds.get(kind.key) or self.kinds.get(included.key) or {}
        return sizes.get(colors or self.size, self.colors)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """images: how many were added."""

    images: int


@dataclass(frozen=True, slots=True)
class ReanalysisResult:
    """images: how many have new facts, or new palettes."""

    images: int
    fact: str | None


@dataclass(frozen=True, slots=True)
class IndexRunResult:
    """mode: full or incremental. images: with a list; new, removed: since the run before.

    drift: lists that a full run found to differ from those that incremental runs had kept; None where none were kept.
    """

    mode: str
    images: int
    new: int = 0
    removed: int = 0
    drift: int | None = None
