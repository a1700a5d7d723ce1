"""The models that can be trained: scikit-learn pipelines that take a matrix with gaps and do the rest inside.

A matrix holds numbers, and positions among the choices of a category; NaN is a gap. What is filled in or scaled is
learned from the rows that a pipeline is fitted on and no others, so held-out figures stay honest.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

SEED: Final = 0
TREES: Final = 100
# Rarer choices of a category share one column, so that a table stays within its memory.
MAX_ONE_HOT: Final = 20
# A forest remembers every row. From here on its leaves grow with the data and it stays within some 30 MB.
FOREST_LEAVES: Final = 2_000


# Cells of a matrix after encoding that a training takes: 80 MB, of which it makes some copies.
MOST_CELLS: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What a pipeline must know of the matrix. categories: the columns that hold positions among choices."""

    rows: int
    columns: int
    categories: Sequence[int]
    classes: int


def most_rows(columns: int, choices: Sequence[int]) -> int:
    """How many rows can be learned from at a time. choices: of each of the columns that are categories."""
    encoded = columns - len(choices) + sum(min(each, MAX_ONE_HOT) for each in choices)
    return MOST_CELLS // encoded


def pipeline(model: str, shape: Shape) -> Pipeline:
    """An unfitted model. classes of the shape: 0 for a regression. Raises KeyError for a name that cannot do the task."""
    build = (CLASSIFIERS if shape.classes else REGRESSORS)[model]
    return build(shape)


def names(classes: int) -> list[str]:
    """The models that can do the task, the simplest first."""
    return list(CLASSIFIERS if classes else REGRESSORS)


def _prepared(shape: Shape, model: Any, *, scale: bool = False, gaps: bool = False) -> Pipeline:
    """gaps: whether the model handles gaps in numbers by itself."""
    numbers: list[tuple[str, Any]] = []
    if not gaps:
        numbers.append(("fill", SimpleImputer(strategy="median", keep_empty_features=True)))
    if scale:
        numbers.append(("scale", StandardScaler()))
    categories = [
        ("fill", SimpleImputer(strategy="most_frequent", keep_empty_features=True)),
        (
            "encode",
            OneHotEncoder(
                handle_unknown="infrequent_if_exist", max_categories=MAX_ONE_HOT, sparse_output=False
            ),
        ),
    ]
    of_numbers = [column for column in range(shape.columns) if column not in shape.categories]
    parts: list[tuple[str, Any, list[int]]] = []
    if of_numbers:
        parts.append(("numbers", Pipeline(numbers) if numbers else "passthrough", of_numbers))
    if shape.categories:
        parts.append(("categories", Pipeline(categories), list(shape.categories)))
    return Pipeline([("prepare", ColumnTransformer(parts)), ("model", model)])


def _forest(shape: Shape, kind: Callable[..., Any]) -> Pipeline:
    # A leaf of a classifier holds a share for each class.
    leaves = FOREST_LEAVES / max(1, shape.classes / 4)
    forest = kind(n_estimators=TREES, min_samples_leaf=math.ceil(shape.rows / leaves), random_state=SEED)
    return _prepared(shape, forest)


def _boosting(shape: Shape, kind: Callable[..., Any]) -> Pipeline:
    # Stopping early holds rows out by class, and fails where a class has one.
    return _prepared(shape, kind(early_stopping=False, random_state=SEED), gaps=True)


Build = Callable[[Shape], Pipeline]

CLASSIFIERS: Final[dict[str, Build]] = {
    "logistic-regression": lambda shape: _prepared(shape, LogisticRegression(max_iter=2000), scale=True),
    "gaussian-naive-bayes": lambda shape: _prepared(shape, GaussianNB()),
    "random-forest": lambda shape: _forest(shape, RandomForestClassifier),
    "gradient-boosting": lambda shape: _boosting(shape, HistGradientBoostingClassifier),
}

REGRESSORS: Final[dict[str, Build]] = {
    "linear-regression": lambda shape: _prepared(shape, LinearRegression(), scale=True),
    "random-forest": lambda shape: _forest(shape, RandomForestRegressor),
    "gradient-boosting": lambda shape: _boosting(shape, HistGradientBoostingRegressor),
}
