"""What pages call each kind of job. A new kind needs a line here (a test looks for it) and no other words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.jobs.kinds import JobKind


@dataclass(frozen=True, slots=True)
class KindWords:
    """one: a single job as a sentence, to be followed by its photo's name if `of_photo`. many: all jobs of the kind, as
    the name of a line. step: a job of the kind as a part of another; as `many` where it is none. running: that one is
    under way.
    """

    one: str
    many: str
    of_photo: bool = False
    step: str = ""
    running: str = ""


KIND_WORDS: Final[Mapping[JobKind, KindWords]] = {
    JobKind.ANALYSE_IMAGE: KindWords("Palette and embedding of", "Photos", of_photo=True),
    JobKind.ANALYSE: KindWords(
        "Palette of", "Palettes of the gallery", of_photo=True, step="Palette and renditions"
    ),
    JobKind.EMBED: KindWords("Embedding of", "Embeddings", of_photo=True, step="Embedding"),
    JobKind.PALETTE: KindWords("Another palette of", "Other palettes", of_photo=True),
    JobKind.REANALYSE: KindWords("New facts about photos of the gallery", "New facts"),
    JobKind.DEMO: KindWords("Demo pictures for the gallery", "Demo pictures"),
    JobKind.INDEX_FULL: KindWords(
        "Look-alikes of every photo, from the start", "Index: full runs", running="A full run is under way."
    ),
    JobKind.INDEX_PLAN: KindWords("Plan of a full index run", "Index: plans", step="Plan"),
    JobKind.INDEX_TILE: KindWords(
        "Comparison of a tile of the index", "Index: tiles", step="Comparison of a tile"
    ),
    JobKind.INDEX_MERGE: KindWords(
        "Lists of a part of the index", "Index: lists", step="Lists from what was compared"
    ),
    JobKind.INDEX_SWITCH: KindWords(
        "Switch to new look-alikes", "Index: switches", step="Switch to the new lists"
    ),
    JobKind.INDEX_INCREMENTAL: KindWords(
        "Look-alikes of the photos that came or went",
        "Index: what is new",
        running="A run for what is new is under way.",
    ),
    JobKind.TRAIN_PREDICTOR: KindWords("Training of a predictor", "Trainings"),
    JobKind.PREDICT: KindWords("A prediction", "Predictions"),
    JobKind.PREDICT_BATCH: KindWords("Predictions for a table", "Predictions for tables"),
    JobKind.SUGGEST_LABELS: KindWords("Photos to label next", "Labels to give next"),
}
