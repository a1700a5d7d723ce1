"""What a predictor knows of each of its features, as versions keep it and as forms, cards and models read it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

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
    """A column of the training data, or the photo."""

    name: Annotated[str, Meta(description="its column, and its name in a request")]
    label: Annotated[str, Meta(description="its name without the unit")]
    type: Annotated[FeatureType, Meta(description="what its values are")]
    required: Annotated[bool, Meta(description="whether it must have a value")]
    missing: Annotated[int, Meta(description="rows of the training data without a value")]
    unit: Annotated[str | None, Meta(description="as the header of the column says")] = None
    min: Annotated[float | None, Meta(description="least in the training data; of numbers")] = None
    max: Annotated[float | None, Meta(description="most in the training data; of numbers")] = None
    mean: Annotated[float | None, Meta(description="in the training data; of numbers")] = None
    choices: Annotated[tuple[str, ...] | None, Meta(description="what a category may be")] = None
    default: Annotated[
        float | bool | str | None, Meta(description="what is usual: the median, or what is most frequent")
    ] = None
    whole: Annotated[bool | UnsetType, Meta(description="whether all were whole; of numbers")] = UNSET
    histogram: Annotated[Histogram | UnsetType, Meta(description="of numbers")] = UNSET
    counts: Annotated[tuple[ChoiceCount, ...] | UnsetType, Meta(description="of categories and booleans")] = (
        UNSET
    )
    importance: Annotated[float | UnsetType, Meta(description="how much worse the model is without it")] = (
        UNSET
    )

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
