"""Answering one row, and telling what drove the answer."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from worker.predictors.tables.algorithms.training import predict

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

    The effect of a value is what the prediction gains when it takes the place of the usual value: the mean of the gain
    with all other values as given and the gain with all others as usual. Of a number it is in its own unit, of a class in
    the probability of the class that was predicted. Of two columns these are their Shapley values, of a linear regression
    exactly its terms; where more features work together, they need not add up.
    row, usual: (d,) float64; columns: those to be looked at.
    """
    count = len(columns)
    without, alone = np.tile(row, (count, 1)), np.tile(usual, (count, 1))
    each = np.arange(count)
    without[each, columns] = usual[columns]
    alone[each, columns] = row[columns]
    answers = predict(fitted, np.vstack([row, usual, without, alone]), classes)
    asked = answers[:, answers[0].argmax()] if classes else answers
    given, nothing, missing, only = asked[0], asked[1], asked[2 : 2 + count], asked[2 + count :]
    return Explained(answers[0] if classes else answers[:1], ((given - missing) + (only - nothing)) / 2)
