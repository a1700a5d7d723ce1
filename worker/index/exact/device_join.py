"""The tiles of a full run on a torch device, such as a graphics card.

A card multiplies float32 so fast that all that makes the CPU's join quick (codes, an order, floors) takes longer to make
there than it saves. So each row keeps the largest few of its plain float32 products, and these are ranked by their
similarity, which the device computes as `topk` does, to the last bit.

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
from worker.index.exact.join_plan import JoinPlan
from worker.index.exact.summation import CHAINS, RUN, half_of

Tile = tuple[slice, slice]

# Products a row that are kept beyond the k largest: more leave fewer rows to the CPU, and cost time.
_SPARE: Final = 12
# Rows and columns of a block of products: up to 512 MB.
_ROWS: Final = 4096
_COLUMNS: Final = 32_768
# Rows a time that are ranked: 62 candidates each, for lists of 50, are 260 MB in float64.
_RANKED: Final = 1024

_LOW_HALF: Final = (1 << 32) - 1
_SIGN: Final = 1 << 31
_LOWEST: Final = torch.iinfo(torch.int64).min
_EMPTY: Final = -1


def join_on(
    device: str, targets: topk.Targets, plan: JoinPlan, tile: Tile, k: int, *, rows: int = _ROWS
) -> NDArray[np.uint64]:
    """The lists (m, k) that `tiles.compare` makes of a tile, those of its first part first. rows: of a block.

    Memory on the device, by arithmetic for lists of 50: the vectors of the tile, 750 bytes an image, 2 GB.
    """
    # Exactness rests on float32 that is float32, also where an environment asks for shorter factors (TF32).
    torch.set_float32_matmul_precision("highest")
    places = [plan.order[part] for part in tile]
    first = _Part(targets, places[0], device, k)
    if tile[0] == tile[1]:
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
        self.ranks = torch.from_numpy(targets.ranks[places].astype(np.int64)).to(device)
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

    def keys(self, targets: topk.Targets, other: "_Part", k: int) -> NDArray[np.uint64]:
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

    def _ranked(self, rows: slice, other: "_Part", k: int) -> NDArray[np.uint64]:
        products, columns = self._best.products[rows], self._best.columns[rows]
        left = self.vectors[rows].unsqueeze(1).expand(-1, columns.shape[1], -1)
        found = _similarity(left.flatten(0, 1), other.vectors[columns.flatten()]).view(columns.shape)
        keys = _packed(found, other.ranks[columns]).masked_fill_(products.isinf(), _EMPTY)
        # As numbers without a sign, which torch does not sort.
        first = (keys ^ _LOWEST).sort(dim=1).values[:, :k] ^ _LOWEST
        sorted_keys: NDArray[np.uint64] = first.cpu().numpy().view(np.uint64)
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


def _similarity(left: Tensor, right: Tensor) -> Tensor:
    """`topk.similarity` of the rows of two (p, d) float32: the same additions in the same order as numpy's."""
    return _pairwise_sum(left.to(torch.float64) * right).to(torch.float32) + 0


def _pairwise_sum(values: Tensor) -> Tensor:
    """The sums (p,) of the rows of `values` (p, d) float64."""
    length = values.shape[1]
    if length > RUN:
        half = half_of(length)
        return _pairwise_sum(values[:, :half]) + _pairwise_sum(values[:, half:])
    whole = length // CHAINS * CHAINS
    total = values.new_zeros(len(values))
    if whole:
        chains = values[:, :CHAINS]
        for start in range(CHAINS, whole, CHAINS):
            chains = chains + values[:, start : start + CHAINS]
        twos = chains[:, 0::2] + chains[:, 1::2]
        fours = twos[:, 0::2] + twos[:, 1::2]
        total = fours[:, 0] + fours[:, 1]
    for place in range(whole, length):
        total = total + values[:, place]
    return total


def _packed(similarities: Tensor, ranks: Tensor) -> Tensor:
    """`topk.pack`, as the int64 of the same bits."""
    bits = similarities.view(torch.int32).to(torch.int64) & _LOW_HALF
    ascending = torch.where((bits & _SIGN).bool(), ~bits & _LOW_HALF, bits | _SIGN)
    return ((~ascending & _LOW_HALF) << 32) | ranks
