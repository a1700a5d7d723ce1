"""The tiles of a full run on a torch device, such as a graphics card.

A card multiplies float32 so fast that all that makes the CPU's join quick (codes, an order, floors) takes longer to make
there than it saves. So each row keeps the largest few of its plain float32 products, and these are ranked by their
similarity, to the last bit that of `topk`.

Why that loses nothing: `topk` proves that a pair that belongs among the k best of its row has a product of at least
p - 2E, if p is the k-th largest product of the row and E the margin. The k + _SPARE largest are kept. If the last of them
lies below p - 2E, so does all that was not kept. Where it does not, among dozens of nearly identical vectors, the row is
searched on the CPU.
"""

from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.index.exact import topk
from worker.index.exact.join.plan import JoinPlan, Pair
from worker.index.exact.keys import EMPTY, key_of

# Products a row that are kept beyond the k largest: more leave fewer rows to the CPU, and cost time.
_SPARE: Final = 12
# Rows and columns of a block of products: up to 512 MB.
_ROWS: Final = 4096
_COLUMNS: Final = 32_768
# Rows a time that are ranked: 62 candidates each, for lists of 50, are 260 MB in float64.
_RANKED: Final = 1024


def join_on(
    device: str, targets: topk.Targets, plan: JoinPlan, pair: Pair, k: int, *, rows: int = _ROWS
) -> NDArray[np.int64]:
    """The lists (m, k) that `tiles.compare` makes of a pair, those of its first part first. rows: of a block.

    Memory on the device, by arithmetic for lists of 50: the vectors of the pair, 750 bytes an image, 2 GB.
    """
    # Exactness rests on float32 that is float32, also where an environment asks for shorter factors (TF32).
    torch.set_float32_matmul_precision("highest")
    places = [plan.order[part] for part in pair]
    first = _Part(targets, places[0], device, k)
    if pair[0] == pair[1]:
        _offer_all(first, first, rows)
        return first.keys(targets, first, k)
    second = _Part(targets, places[1], device, k)
    _offer_all(first, second, rows)
    return np.concatenate([first.keys(targets, second, k), second.keys(targets, first, k)])


class _Candidates(NamedTuple):
    """The largest products of some rows, largest first: (m, s) float32, -inf where there are fewer; their columns."""

    products: Tensor
    columns: Tensor

    def and_those_of(self, block: Tensor, start: int) -> "_Candidates":
        """The largest of these and of a `block` (m, n) of products whose columns begin at `start`."""
        found = block.topk(min(self.products.shape[1], block.shape[1]), dim=1)
        products = torch.cat([self.products, found.values], dim=1)
        columns = torch.cat([self.columns, found.indices + start], dim=1)
        best = products.topk(self.products.shape[1], dim=1)
        return _Candidates(best.values, columns.gather(1, best.indices))


class _Part:
    """The images of one part of the order, on the device, and what is known of their lists."""

    def __init__(self, targets: topk.Targets, places: NDArray[np.intp], device: str, k: int) -> None:
        self.places = places
        self.vectors = torch.from_numpy(targets.vectors[places]).to(device)
        self.ranks = torch.from_numpy(targets.ranks[places]).to(device)
        shape = len(places), k + _SPARE
        self._best = _Candidates(
            torch.full(shape, -torch.inf, device=device),
            torch.zeros(shape, dtype=torch.int64, device=device),
        )

    def offer(self, rows: slice, block: Tensor, start: int) -> None:
        """Offers products to the lists of some rows."""
        known = _Candidates(self._best.products[rows], self._best.columns[rows])
        for kept, found in zip(self._best, known.and_those_of(block, start), strict=True):
            kept[rows] = found

    def keys(self, targets: topk.Targets, other: "_Part", k: int) -> NDArray[np.int64]:
        """The lists (m, k), packed and sorted, once all images of the `other` part have been offered."""
        keys = np.concatenate(
            [
                topk.no_keys(0, k),
                *(
                    self._ranked(slice(start, start + _RANKED), other, k)
                    for start in range(0, len(self.places), _RANKED)
                ),
            ]
        )
        crowded = self._crowded(k, topk.margin(targets.vectors.shape[1]))
        if len(crowded):
            own = crowded if other is self else np.full(len(crowded), -1)
            queries = topk.Queries(targets.vectors, self.places[crowded], own)
            others = topk.Targets(targets.vectors[other.places], targets.ranks[other.places])
            keys[crowded] = topk.search(queries, others, topk.no_keys(len(crowded), k))
        return keys

    def _crowded(self, k: int, margin: float) -> NDArray[np.intp]:
        """The rows that more images may belong to than were kept."""
        last, least = self._best.products[:, -1], self._best.products[:, k - 1] - 2 * margin
        return torch.nonzero((last >= least) & last.isfinite()).ravel().cpu().numpy()

    def _ranked(self, rows: slice, other: "_Part", k: int) -> NDArray[np.int64]:
        products, columns = self._best.products[rows], self._best.columns[rows]
        left = self.vectors[rows].unsqueeze(1).expand(-1, columns.shape[1], -1)
        found = similarity(left.flatten(0, 1), other.vectors[columns.flatten()]).view(columns.shape)
        keys: Tensor = key_of(found.view(torch.int32).to(torch.int64), other.ranks[columns])
        sorted_keys: NDArray[np.int64] = (
            keys.masked_fill_(products.isinf(), EMPTY).sort(dim=1).values[:, :k].cpu().numpy()
        )
        return sorted_keys


def _offer_all(first: _Part, second: _Part, height: int) -> None:
    """Offers every image of one part to every one of the other; of a part and itself, none to itself."""
    for top in range(0, len(first.places), height):
        for left in range(0, len(second.places), _COLUMNS):
            rows, columns = slice(top, top + height), slice(left, left + _COLUMNS)
            block = first.vectors[rows] @ second.vectors[columns].T
            if first is second:
                block.diagonal(top - left).fill_(-torch.inf)
            else:
                second.offer(columns, block.T, top)
            first.offer(rows, block, left)


def similarity(left: Tensor, right: Tensor) -> Tensor:
    """`topk.similarity` of the rows of two (p, d) float32, wherever they lie, to the last bit.

    The device adds up float64 in an order of its own. What two orders find lies less than `room` apart, so that both round
    to the same float32, unless there is a bound between two float32 as near: about one pair in 100,000, which is left to
    numpy.
    """
    sums = (left.to(torch.float64) * right).sum(dim=1)
    room = left.shape[1] * 2.0**-51
    found = sums.to(torch.float32) + 0
    unsure = torch.nonzero((sums - room).to(torch.float32) != (sums + room).to(torch.float32)).ravel()
    if len(unsure):
        pairs = (side[unsure].cpu().numpy() for side in (left, right))
        found[unsure] = torch.from_numpy(topk.similarity(*pairs)).to(found.device)
    return found
