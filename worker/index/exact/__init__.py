"""Exact top-k search on arrays: no Celery, no SQL, no object storage, no settings. Private to `worker.index`."""

from worker.index.exact.codes.rotated import Codes
from worker.index.exact.join_plan import JoinPlan
from worker.index.exact.lists import (
    NO_NEIGHBOUR,
    NO_SIMILARITY,
    NeighbourLists,
    concatenate,
    count_changed,
)
from worker.index.exact.neighbours import Gallery, build, query, update
from worker.index.exact.similarity_scale import similarity_quantiles
from worker.index.exact.tiles import Share, cut, pairs, parts

__all__ = [
    "NO_NEIGHBOUR",
    "NO_SIMILARITY",
    "Codes",
    "Gallery",
    "JoinPlan",
    "NeighbourLists",
    "Share",
    "build",
    "concatenate",
    "count_changed",
    "cut",
    "pairs",
    "parts",
    "query",
    "similarity_quantiles",
    "update",
]
