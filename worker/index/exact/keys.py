"""Keys: a neighbour as one number that sorts as lists do, the most similar first, ties by rank.

The upper half of a key is the similarity, the lower half the neighbour's rank, its place among all ids. The two functions
are integer arithmetic alone, so that numpy's arrays, torch's tensors and compiled loops share them.
"""

from typing import Any, Final

# Sorts behind every key: fills what is left of a list.
EMPTY: Final = 2**63 - 1

_MAGNITUDE: Final = 2**31 - 1
_LOW_HALF: Final = 2**32 - 1


def key_of(bits: Any, ranks: Any) -> Any:
    """Keys, int64. bits: those of similarities, float32, as int32 widened to int64. ranks: int64, from 0 to 2^32 - 1."""
    # As integers, the bits of negative floats sort the wrong way round.
    return (~(bits ^ ((bits >> 31) & _MAGNITUDE)) << 32) | ranks


def bits_of(keys: Any) -> Any:
    """What `key_of` was given for the similarities, from keys that are not empty."""
    return ~(keys >> 32) ^ ((~(keys >> 32) >> 31) & _MAGNITUDE)


def rank_of(keys: Any) -> Any:
    """The ranks in keys that are not empty."""
    return keys & _LOW_HALF
