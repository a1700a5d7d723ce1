"""What the tiles of a self-join agree on before they compare: who represents identical images, in what order images stand,
from what floors their lists begin, and their codes.

It costs a small part of the join, is made once (`planning`), and every tile on every machine works from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.index.exact import topk
from worker.index.exact.codes.rotated import Codes

Pair = tuple[slice, slice]
"""Two parts of the order, or the same twice."""


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """representatives: (n,) the place of the image whose list is also that of the image here, nearly always its own.

    order: (m,) the places of those images, look-alikes near each other; what tiles are cut from. floors: (m,) float32,
    for each in the order what k similarities are known to reach. codes: (m,), empty ones where vectors are to be compared
    themselves.
    """

    representatives: NDArray[np.intp]
    order: NDArray[np.intp]
    floors: NDArray[np.float32]
    codes: Codes

    def represented_by(self, part: slice) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The places (p,), rising, whose lists are those of a part of the order; for each where in the part its list is."""
        at = np.full(len(self.representatives), -1)
        at[self.order[part]] = np.arange(len(self.order[part]))
        lists = at[self.representatives]
        places = np.flatnonzero(lists >= 0)
        return places, lists[places]

    def arrays(self) -> list[NDArray[Any]]:
        """What it consists of, for `of_arrays`."""
        return [self.representatives, self.order, self.floors, *self.codes]

    @classmethod
    def of_arrays(cls, arrays: Sequence[NDArray[Any]]) -> "JoinPlan":
        """The plan that gave these `arrays`, six in number."""
        representatives, order, floors, *codes = arrays
        return cls(representatives, order, floors, Codes(*codes))


def plain_plan(count: int) -> JoinPlan:
    """For galleries so small that any preparation costs more than it saves."""
    everyone = np.arange(count)
    no_codes = Codes(np.empty((count, 0), np.int8), *(np.empty(0, np.float32) for _ in range(2)))
    return JoinPlan(everyone, everyone, np.full(count, topk.LOWEST), no_codes)
