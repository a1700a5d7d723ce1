"""What a fact of a photo can be: a value that JSON, a column and the wire between processes have alike."""

from collections.abc import Mapping
from typing import TypeAlias

FactValue: TypeAlias = int | float | str | None
Facts: TypeAlias = Mapping[str, FactValue]
"""By name, which is that of the column of `images` that keeps it. Integers fit into 64 bits (signed), floats are
finite, strings are short; a time is RFC 3339, as JSON has it and Postgres reads it. None: the photo has no such thing."""
