"""What the card of a predictor of photos says: what it learned from, how far it can be trusted, and the photos behind it."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from shared.predictors.cards import CardPhoto, Novelty, PhotoCard, Target
from shared.predictors.documents import TrainOrder
from worker.predictors.photos.algorithms.novelty import QUANTILE
from worker.predictors.photos.algorithms.predictor_file import PhotoPredictor
from worker.predictors.photos.report import Report
from worker.predictors.photos.training_photos import TrainingSet

# A row of thumbnails on a page.
EXAMPLES: Final = 6
# Mistakes are what people look at; of right answers a few will do.
MOST_IN_A_CELL: Final = 24
MOST_IN_A_RIGHT_CELL: Final = 6
# In all cells together: 5 MB of thumbnails, and a page that still opens.
MOST_SHOWN: Final = 600
MOST_LEFT_OUT: Final = 50

# Below it held-out figures jump by several percent with each photo.
FEW_PHOTOS: Final = 20
UNEVEN: Final = 5
# Of the way from guessing to never being wrong.
WORTHWHILE: Final = 0.2

_MEDICAL: Final = re.compile(
    r"x-?rays?|radio(?:graph|log)|\bct\b|\bmri\b|ultrasound|patholog|histolog|patient|clinic|medic|diagnos|disease|"
    r"pneumonia|tubercul|covid|cancer|tumou?r|carcinoma|melanom|lesion|benign|malignan|fractur|retin(?:a|opath)",
    re.IGNORECASE,
)
NOTICE: Final = (
    "This is a demonstration and no medical device. What it says is no diagnosis: "
    "do not treat, or leave untreated, anybody because of it. Ask a physician."
)

_LIMITS: Final = (
    "It knows only its labels: whatever it is shown, it answers with one of them.",
    "It reads the middle of the photo, 224 pixels wide: small things and what is at the edges may be lost on it.",
    "Its probabilities take the labels to be equally common. Where one is rare, true cases of it are rarer than they say.",
    "Its figures are of photos like those it was trained on. Another camera, place or time may give other ones.",
    "It may go by what the photos of a label happen to share, such as a mark in a corner: look at the heat maps.",
)


@dataclass(frozen=True)
class CardMaker:
    """Makes the card of one training. Photos are named by their place among those that were learned from."""

    training: TrainingSet
    report: Report
    predictor: PhotoPredictor
    order: TrainOrder

    @cached_property
    def cells(self) -> list[list[list[int]]]:
        """For each true label and answer, places of photos: mistakes first come, first shown, until the card is full."""
        rows = self.report.cells
        shown: list[list[list[int]]] = [[[] for _ in row] for row in rows]
        left = MOST_SHOWN
        order = [(true, answer) for true in range(len(rows)) for answer in range(len(rows))]
        for true, answer in sorted(order, key=lambda cell: cell[0] == cell[1]):
            most = MOST_IN_A_RIGHT_CELL if true == answer else MOST_IN_A_CELL
            shown[true][answer] = rows[true][answer][: min(most, left)]
            left -= len(shown[true][answer])
        return shown

    @cached_property
    def examples(self) -> list[list[int]]:
        """For each label, places of a few of its photos, spread over all of them."""
        found = []
        for place in range(len(self.training.labels)):
            own = [at for at, one in enumerate(self.training.classes.tolist()) if one == place]
            found.append(own[:: max(1, len(own) // EXAMPLES)][:EXAMPLES])
        return found

    @cached_property
    def shown(self) -> list[int]:
        """The places of all photos that the card names."""
        examples = {place for places in self.examples for place in places}
        return sorted(examples.union(*(places for row in self.cells for places in row)))

    def card(self, *, folds: int, strength: float, temperature: float) -> PhotoCard:
        labels = self.training.labels
        photos = self.training.photos
        return PhotoCard(
            source="gallery" if self.order.upload is None else "zip",
            zip=self.order.upload,
            target=Target(self._target, self._target),
            embedding_model=self.predictor.embedding_model,
            strength=strength,
            temperature=temperature,
            held_out=f"{folds}-fold cross-validation, regularisation and temperature chosen again in each",
            classes=tuple(labels),
            class_counts=tuple(self._counts.values()),
            examples=tuple(map(tuple, self.examples)),
            cells=tuple(tuple(map(tuple, row)) for row in self.cells),
            photos={
                place: CardPhoto(
                    photos[place].name,
                    photos[place].label,
                    None if photos[place].image is None else str(photos[place].image),
                )
                for place in self.shown
            },
            left_out=tuple(self.training.left_out[:MOST_LEFT_OUT]),
            left_out_count=len(self.training.left_out),
            calibration=self.report.calibration,
            roc=self.report.roc,
            novelty=Novelty(self.predictor.familiar.threshold, QUANTILE),
            warnings=self._warnings(),
            limits=_LIMITS,
            notice=NOTICE if self._is_medical() else None,
        )

    @property
    def _target(self) -> str:
        return self.order.target or "label"

    @property
    def _counts(self) -> dict[str, int]:
        """Of each label, how many photos there were."""
        rows = zip(self.training.labels, self.report.confusion.matrix, strict=True)
        return {label: sum(row) for label, row in rows}

    def _warnings(self) -> tuple[str, ...]:
        counts = self._counts
        rarest, commonest = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
        found = []
        if counts[rarest] < FEW_PHOTOS:
            found.append(
                f"It was trained on few photos: {counts[rarest]} of {rarest}. "
                f"Its figures are rough; {FEW_PHOTOS} or more of each label make them steadier."
            )
        if counts[commonest] > UNEVEN * counts[rarest]:
            found.append(
                f"Labels are uneven: {counts[commonest]} photos of {commonest}, {counts[rarest]} of {rarest}. "
                "Each label counts the same in training."
            )
        chance = 1 / len(counts)
        if self.report.metrics.balanced_accuracy < chance + (1 - chance) * WORTHWHILE:
            found.append("It hardly does better than guessing. The labels may not show in the photos.")
        return tuple(found)

    def _is_medical(self) -> bool:
        words = [self.order.name, self.order.target, *self.training.labels]
        return any(_MEDICAL.search(word.replace("_", " ")) for word in words)
