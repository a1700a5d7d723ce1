"""Values as models read them: a row of numbers, as columns.py made them of the training data."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.predictors.features import Feature
from shared.predictors.values import Value

# Models are asked about nothing further away than this many times the span of the training data: a linear one would
# answer any number there, and float32, in which trees compute, would overflow.
FURTHEST_SPANS: Final = 1e6


def matrix_of(features: Sequence[Feature], rows: Sequence[Mapping[str, Value]]) -> NDArray[np.float64]:
    """(n, d) float64, NaN where a value is missing. rows: checked by shared/predictors/values.py."""
    cells = np.empty((len(rows), len(features)))
    for column, feature in enumerate(features):
        cells[:, column] = [number_of(feature, row[feature.name]) for row in rows]
    return cells


def number_of(feature: Feature, value: Value) -> float:
    """One value as a number."""
    if value is None:
        return math.nan
    if feature.type == "category":
        return float((feature.choices or ()).index(str(value)))
    number = float(value)
    if feature.type == "number":
        low, high = feature.range
        reach = FURTHEST_SPANS * (high - low)
        number = min(max(number, low - reach), high + reach)
    return number


def usual_values(features: Sequence[Feature]) -> NDArray[np.float64]:
    """(d,): of each feature what is usual in the training data, its median or most frequent value."""
    return np.array([number_of(feature, feature.default) for feature in features])
