"""`build` in pieces that many workers compute side by side: a plan, a tile for each pair of parts, a merge for each part."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.index.exact.gallery import Gallery, check_places
from worker.index.exact.join import tiles
from worker.index.exact.join.costs import join_pays
from worker.index.exact.join.plan import JoinPlan, plain_plan
from worker.index.exact.join.tiles import Share, Tile
from worker.index.exact.lists import NeighbourLists
from worker.index.exact.threads import compute_threads


class TiledBuild:
    """The lists of `k` places of all images, whose vectors and ids are as for `build`.

    All workers make one from the same vectors and ids, and are given the same plan and number of parts. Whatever that
    number is, the lists are those of `build`, to the last bit.
    """

    def __init__(
        self, vectors: NDArray[np.float32], ids: NDArray[np.int64], k: int, device: str = "cpu"
    ) -> None:
        """device: where products are computed, "cpu" or a device of torch. Raises ValueError as `build` does."""
        check_places(k)
        self._gallery, self._k, self._device = Gallery(vectors, ids), k, device

    def plan(self) -> JoinPlan:
        """What all tiles work from. One that is made for a device serves on any, and the other way round."""
        targets = self._gallery.targets
        if self._device != "cpu" or not join_pays(*targets.vectors.shape):
            return plain_plan(len(targets.ranks))
        # numba takes a second and 110 MB: only processes that come here, or to a join, pay for it.
        from worker.index.exact.join.planning import make_plan  # noqa: PLC0415

        with compute_threads() as threads:
            return make_plan(targets, self._k, threads.pool)

    def compare(self, plan: JoinPlan, parts: int, tile: Tile) -> list[Share]:
        """What one of `tiles_of(parts)` finds: a share for its first part and, if it is another, one for its second.

        Time as many products as there are pairs; memory as `tiles.compare`.
        """
        first, second = (tiles.cut(len(plan.order), parts)[part] for part in tile)
        return tiles.compare(self._gallery.targets, plan, (first, second), self._k, self._device)

    def merge(self, plan: JoinPlan, parts: int, part: int, shares: Sequence[Share]) -> NeighbourLists:
        """The lists of the images of one part, by place, from the shares that its tiles found for it, in any order."""
        places, at = plan.represented_by(tiles.cut(len(plan.order), parts)[part])
        return self._gallery.lists(places, tiles.merge(shares, self._k)[at])
