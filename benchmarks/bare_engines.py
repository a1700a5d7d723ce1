"""The engines by themselves: what ingesting a photo costs where nothing is stored, sent, kept safe or waited for."""

import logging
import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import Final

import numpy as np
import structlog

from shared.limits import VIEW_SIDE
from shared.settings import Settings
from worker.embedding.algorithms.embedder import Embedder
from worker.embedding.engine_choice import load_embedder
from worker.imaging.algorithms.analysis import analyse

BATCH: Final = 32
_COLORS: Final = 6


class Engines:
    """As many processes of one thread as there are cores, loaded once.

    All cores at once, since a core that has a neighbour at work computes longer for the same, and the service's have.
    """

    def __init__(self) -> None:
        self._processes = os.cpu_count() or 1
        self._pool = ProcessPoolExecutor(self._processes, multiprocessing.get_context("spawn"), _load)

    def cpu_seconds(self, photos: Sequence[bytes]) -> float:
        """What analysing and embedding these photos computes."""
        shares = [list(photos[start :: self._processes]) for start in range(self._processes)]
        return sum(self._pool.map(_ingest, shares))

    def close(self) -> None:
        self._pool.shutdown()


def _load() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    _embedder().embed(np.zeros((1, VIEW_SIDE, VIEW_SIDE, 3), np.uint8))


@cache
def _embedder() -> Embedder:
    return load_embedder(Settings(weights_download=False, torch_threads=1))[0]


def _ingest(photos: list[bytes]) -> float:
    start = time.process_time()
    views = [analyse(photo, _COLORS).model_view for photo in photos]
    for first in range(0, len(views), BATCH):
        _embedder().embed(np.stack(views[first : first + BATCH]))
    return time.process_time() - start
