"""Answering one row, and telling what drove the answer."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from worker.algorithms.tabular.training import predict

# More is no explanation; and each costs a row more to predict.
MOST_REASONS: Final = 30


@dataclass(frozen=True, slots=True)
class Explained:
    """predicted: (classes,) probabilities, or the number as (1,); effects: what each of the columns asked about did."""

    predicted: NDArray[np.float64]
    effects: NDArray[np.float64]


def explain(
    fitted: Pipeline,
    row: NDArray[np.float64],
    usual: NDArray[np.float64],
    columns: NDArray[np.intp],
    classes: int,
) -> Explained:
    """What the model says to a row, and how far each value moved it.

    The effect of a value is the prediction with it minus the prediction with the usual value in its place, all others
    left as they are: of a number in its own unit, of a class in the probability of the class that was predicted. For a
    linear regression these are exactly its terms; where features work together, they need not add up.
    row, usual: (d,) float64; columns: those to be looked at.
    """
    asked = np.tile(row, (1 + len(columns), 1))
    asked[np.arange(1, len(asked)), columns] = usual[columns]
    answers = predict(fitted, asked, classes)
    if not classes:
        return Explained(answers[:1], answers[0] - answers[1:])
    best = int(answers[0].argmax())
    return Explained(answers[0], answers[0, best] - answers[1:, best])
