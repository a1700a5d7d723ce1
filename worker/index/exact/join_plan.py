"""What the tiles of a self-join agree on before they compare: who stands in for identical images, in what order images
stand, from what floors their lists begin, and their codes.

It costs a small part of the join, is made once (`planning`), and every tile on every machine works from it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.index.exact import topk
from worker.index.exact.codes.rotated import Codes


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """stand_ins: (n,) the place of the image whose list is also that of the image here, nearly always its own.

    order: (m,) the places that stand in, look-alikes near each other; places in the order are what tiles are cut from.
    floors: (m,) float32, for each in the order what k similarities are known to reach. codes: (m,), empty ones where
    vectors are to be compared themselves.
    """

    stand_ins: NDArray[np.intp]
    order: NDArray[np.intp]
    floors: NDArray[np.float32]
    codes: Codes


def plain_plan(count: int) -> JoinPlan:
    """For galleries so small that any preparation costs more than it saves."""
    everyone = np.arange(count)
    no_codes = Codes(np.empty((count, 0), np.int8), *(np.empty(0, np.float32) for _ in range(2)))
    return JoinPlan(everyone, everyone, np.full(count, topk.LOWEST), no_codes)
