"""Typed values as JSON columns keep them: frozen dataclasses in code, objects and arrays in a row."""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to_json(value: object) -> Any:
    """A dataclass, or a sequence of them, as what a JSON column takes."""
    return msgspec.to_builtins(value, str_keys=True)


def from_json(stored: object, kind: type[T]) -> T:
    """What a JSON column holds, as a value of that type. Fields that it lacks have their defaults; others are passed over.

    Numbers may be text, as ids were once kept. Raises ValueError for what is no such value.
    """
    return msgspec.convert(stored, kind, strict=False, str_keys=True)
