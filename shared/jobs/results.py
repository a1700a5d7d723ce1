"""What jobs bring, as their rows keep it and readers get it back. Predictors' results: shared/predictors/documents.py."""

from dataclasses import dataclass

from shared.colour import Swatch


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
    """colors: as many as were asked for. version: of the method. sizes: palettes of every size, where all were found."""

    colors: tuple[Swatch, ...]
    version: str
    sizes: dict[int, tuple[Swatch, ...]] | None = None

    def of_size(self, colors: int | None) -> tuple[Swatch, ...]:
        """The palette of that many colours, or as many as were asked for where there is no other."""
        return self.colors if colors is None else (self.sizes or {}).get(colors, self.colors)


@dataclass(frozen=True, slots=True)
class DemoResult:
    """images: how many were added."""

    images: int


@dataclass(frozen=True, slots=True)
class ReanalysisResult:
    """images: how many have new facts."""

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
