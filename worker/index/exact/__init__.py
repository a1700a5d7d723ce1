"""Exact top-k search on arrays: no Celery, no SQL, no object storage, no settings. Private to `worker.index`.

Start at `neighbours`, whose functions are the doors, and at `topk`, which says what a similarity is and why nothing is
missed. `join/` makes large galleries quick, on `codes/`; `tiled_build` shares the work out.
"""

from worker.index.exact.join.plan import JoinPlan
from worker.index.exact.join.tiles import Share, Tile, number_of_parts, tiles_of
from worker.index.exact.lists import (
    NO_NEIGHBOUR,
    NO_SIMILARITY,
    NeighbourLists,
    concatenate,
    count_changed,
)
from worker.index.exact.neighbours import build, query, update
from worker.index.exact.similarity_scale import similarity_quantiles
from worker.index.exact.tiled_build import TiledBuild

__all__ = [
    "NO_NEIGHBOUR",
    "NO_SIMILARITY",
    "JoinPlan",
    "NeighbourLists",
    "Share",
    "Tile",
    "TiledBuild",
    "build",
    "concatenate",
    "count_changed",
    "number_of_parts",
    "query",
    "similarity_quantiles",
    "tiles_of",
    "update",
]
