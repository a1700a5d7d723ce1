"""The order in which numpy adds up numbers, on which the last bit of a similarity depends.

numpy's pairwise summation adds up to RUN numbers in CHAINS chains, and halves what is longer. Whatever computes
similarities elsewhere than in numpy (compiled loops, a graphics card) follows the same order, and so finds the same bits.
"""

from typing import Final

RUN: Final = 128
CHAINS: Final = 8


def half_of(length: int) -> int:
    """How many of more than RUN numbers form the first half: a multiple of CHAINS."""
    return length // 2 // CHAINS * CHAINS
