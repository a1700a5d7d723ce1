"""What each way to compare images costs, so that the cheapest is taken. All in nanoseconds of one core.

Products cost what this machine shows (`integer_products`). The other constants were measured on a core of AMD EPYC; they
weigh little, and on another machine err alike on both sides.
"""

from typing import Final

from worker.index.exact.codes.integer_products import float32_speed, int8_is_faster, speed
from worker.index.exact.codes.rotated import MOST_DIMENSIONS

# A pair, beside its product: in passes over a matrix of products that is out of the caches, and in one that is not.
_PLAIN_PAIR: Final = 3.0
_CODED_PAIR: Final = 0.5
# A closer look at a pair: two vectors from somewhere in memory, their product, perhaps a place in a list.
LOOK: Final = 100.0

# An image: its code made on the fly, and an order and a floor for it as well.
_CODE: Final = 160.0
_PLAN: Final = 10_000.0
# Loading compiled loops: a second once in the life of a process, spread over twenty runs.
_START: Final = 5e7

# Joins by codes of unrotated vectors that take longer than this were faster with shorter codes, when both were measured:
# from 60,000 photos on. Below, axes, lengths tried on a sample, a better order and the codes themselves eat the gain.
_ROTATE: Final = 3e9

# So few pairs take milliseconds either way: not worth finding out how fast this machine is.
_FEW: Final = 1 << 20


def plain(pairs: int, dimensions: int) -> float:
    """Pairs by products of vectors in float32 (`topk.search`)."""
    return pairs * (dimensions / float32_speed() + _PLAIN_PAIR)


def coded(pairs: int, size: int) -> float:
    """Pairs by products of codes of `size` numbers, without the closer looks that they call for."""
    return pairs * (size / speed() + _CODED_PAIR)


def rotated_codes(count: int, dimensions: int, size: int) -> float:
    """Making so many codes of `size` numbers along axes, by a product in float64."""
    return count * dimensions * size / (float32_speed() / 2)


def join_pays(count: int, dimensions: int) -> bool:
    """Whether the lists of all images are found faster by a self-join on codes than by plain search."""
    pairs = count * count
    if pairs < _FEW or dimensions > MOST_DIMENSIONS:
        return False
    return coded(pairs // 2, dimensions) + count * _PLAN + _START < plain(pairs, dimensions)


def build_pays(rows: int, count: int, dimensions: int) -> bool:
    """Whether the lists of all `count` images take less time than those of so many rows by an exchange with all.

    At 100,000 photos all lists take about as long as 20,000 by exchange where there are units for int8, and as 13,000
    where there are none; at 20,000 photos as 4,000.
    """
    return join_pays(count, dimensions) and rows * 5 >= count


def rotation_pays(count: int, dimensions: int) -> bool:
    """Whether a self-join is long enough to look for codes shorter than the vectors."""
    return coded(count * count // 2, dimensions) > _ROTATE


def exchange_pays(rows: int, count: int, dimensions: int) -> bool:
    """Whether so many images are compared with all by codes made on the fly, if few pairs call for a closer look."""
    pairs = rows * count
    if pairs < _FEW or dimensions > MOST_DIMENSIONS or not int8_is_faster():
        return False
    return coded(pairs, dimensions) + count * _CODE + _START < plain(pairs, dimensions)
