"""What jobs are to do, as their rows carry it. Predictors' orders: shared/predictors/documents.py."""

from dataclasses import dataclass

from shared.palette_kinds import DEFAULT_KIND, PaletteKind


@dataclass(frozen=True, slots=True)
class PaletteOrder:
    """A palette of `colors` colours: of the job's image, or else of all `images` together, or of an `upload` (SHA-256).

    kind: of an image's palette; of others every kind is found.
    """

    colors: int
    images: tuple[int, ...] = ()
    upload: str | None = None
    kind: PaletteKind = DEFAULT_KIND


@dataclass(frozen=True, slots=True)
class ReanalysisOrder:
    """fact: only for images that lack it; None: for all of them. palettes: not facts, but palettes of an older version.

    total: how many there were at the start.
    after: the id behind which the rest begins; looked_at: images so far; saved: those of them that have new facts.
    """

    fact: str | None = None
    total: int = 0
    after: int = 0
    looked_at: int = 0
    saved: int = 0
    palettes: bool = False

    @property
    def progress(self) -> float:
        """0 to 1. More images than there were at the start may have come meanwhile."""
        return min(1.0, self.looked_at / max(1, self.total))
