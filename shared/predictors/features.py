"""What a predictor knows of each of its features, as versions keep it and as forms, cards and models read it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

FeatureType: TypeAlias = Literal["number", "category", "boolean", "image"]


class Histogram(msgspec.Struct, frozen=True):
    """edges: one more than counts, rising."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class ChoiceCount(msgspec.Struct, frozen=True):
    """How often a choice came in the training data."""

    choice: str | bool
    count: int


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """A column of the training data, or the photo. min, max, mean, whole, histogram: of numbers. choices: of a category.

    label: the name without its unit. default: what is usual, the median or the most frequent value. missing: rows of
    the training data without a value. importance: how much worse the model is without it.
    """

    name: str
    label: str
    type: FeatureType
    required: bool
    missing: int
    unit: str | None = None
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    choices: tuple[str, ...] | None = None
    default: float | bool | str | None = None
    whole: bool | UnsetType = UNSET
    histogram: Histogram | UnsetType = UNSET
    counts: tuple[ChoiceCount, ...] | UnsetType = UNSET
    importance: float | UnsetType = UNSET

    @property
    def range(self) -> tuple[float, float]:
        """Least and most in the training data. Raises ValueError for what is no number."""
        if self.min is None or self.max is None:
            raise ValueError(f"{self.name} has no range.")
        return self.min, self.max

    @property
    def median(self) -> float:
        """Of a number, its default. Raises ValueError for what is no number."""
        if self.type != "number" or not isinstance(self.default, int | float):
            raise ValueError(f"{self.name} has no median.")
        return float(self.default)


def features_from(stored: Sequence[Mapping[str, Any]]) -> tuple[Feature, ...]:
    """The features of a stored version. Raises msgspec.ValidationError for what is none."""
    return msgspec.convert(stored, tuple[Feature, ...])
