"""The self-join with its products and its scan on a torch device, such as a graphics card.

The same codes, floors and canonical similarity as `self_join`, and so the same lists to the last bit: the device only says
which pairs may matter. It multiplies the codes as float32, where every sum is an integer below 2^24 and so exact (also
where the card shortens float32 factors to TF32: the numbers of a code have 8 bits).
"""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.algorithms import topk
from worker.algorithms.join_plan import JoinPlan
from worker.algorithms.offer import Lists, offer_pairs
from worker.algorithms.self_join import Pair, begin, rounds

# Rows and columns of a block: 64 MB of products, enough to fill any card.
_BLOCK: Final = 4096


def join_on(
    device: str, targets: topk.Targets, plan: JoinPlan, tile: Pair, k: int, *, block: int = _BLOCK
) -> NDArray[np.uint64]:
    """`self_join.join`, on a device. Memory there: 64 bytes an image of the tile, its codes as float32, and 500 MB."""
    values, members, lists = begin(targets, plan, tile, k)
    margin = np.float32(topk.margin(members.vectors.shape[1]))
    codes = _Codes(*(torch.from_numpy(each).to(device) for each in (values, members.scales, members.gains)))
    for pairs in rounds(tile, len(values), block):
        for above, beside in pairs:
            rows, columns = codes.reaching(above, beside, lists)
            offer_pairs(rows + above.start, columns + beside.start, members, lists, margin)
    return lists.keys


class _Codes:
    """Codes on a device."""

    def __init__(self, values: Tensor, scales: Tensor, gains: Tensor) -> None:
        self._values, self._scales, self._gains = values.float(), scales, gains

    def reaching(self, above: slice, beside: slice, lists: Lists) -> NDArray[np.int64]:
        """Rows and columns (2, p) of the pairs in a block whose bounds reach a floor; each pair once."""
        upper, lower = (
            torch.from_numpy(lists.limits[each]).to(self._gains.device) for each in (above, beside)
        )
        bounds = self._values[above] @ self._values[beside].T
        bounds *= self._scales[above, None]
        bounds *= self._scales[beside]
        reached = bounds >= upper[:, None] - self._gains[beside]
        reached |= bounds >= lower - self._gains[above, None]
        if above == beside:
            reached.triu_(1)
        found: NDArray[np.int64] = reached.nonzero().T.cpu().numpy()
        return found
