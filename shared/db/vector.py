"""pgvector's column type without its Python package, which would bring numpy into the front end.

In SQL a vector is text, `[0.1,0.2]`; bulk reads use COPY in binary form (worker/index/store.py).
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.types import UserDefinedType


class Vector(UserDefinedType[Sequence[float]]):
    """`vector(dimensions)`: a sequence of floats in, a list of them out."""

    cache_ok = True

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **_kw: Any) -> str:
        return f"VECTOR({self.dimensions})"

    def bind_processor(self, _dialect: Dialect) -> Callable[[Sequence[float] | None], str | None]:
        return lambda value: None if value is None else to_text(value)

    def result_processor(
        self, _dialect: Dialect, _coltype: object
    ) -> Callable[[str | None], list[float] | None]:
        return lambda text: None if text is None else from_text(text)


def to_text(values: Sequence[float]) -> str:
    """pgvector's text form; float32 values survive the round trip exactly."""
    return "[" + ",".join(map(repr, map(float, values))) + "]"


def from_text(text: str) -> list[float]:
    return [float(part) for part in text[1:-1].split(",")]
