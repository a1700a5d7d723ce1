"""What the jobs of one full index run hand to each other through the blob store, as arrays in numpy's own format (NPY).

`run` is the folder of the run (`blob_keys.index_run`). What is written under a name follows from what the plan wrote, so
that a job that runs twice writes the same again.
"""

import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.storage import BlobStore
from shared.storage import keys as blob_keys
from worker.index.exact import JoinPlan, Share, Tile


def save_plan(blobs: BlobStore, run: str, plan: JoinPlan) -> None:
    """What all tiles of the run work from."""
    _save(blobs, blob_keys.index_plan(run), plan.arrays())


def load_plan(blobs: BlobStore, run: str) -> JoinPlan:
    """Raises BlobNotFound, StorageUnavailable."""
    return JoinPlan.of_arrays(_load(blobs, blob_keys.index_plan(run)))


def save_shares(blobs: BlobStore, run: str, tile: Tile, shares: Sequence[Share]) -> None:
    """What a tile, the numbers of two parts, found for either, or for the one if they are the same."""
    for (part, other), share in zip((tile, tile[::-1]), shares, strict=False):
        _save(blobs, blob_keys.index_share(run, part, other), share)


def load_shares(blobs: BlobStore, run: str, part: int, parts: int) -> list[Share]:
    """What all tiles found for the images of one part, in each of so many.

    Raises BlobNotFound, StorageUnavailable, ValueError for shares of a release whose keys sorted otherwise.
    """
    shares = [Share(*_load(blobs, blob_keys.index_share(run, part, other))) for other in range(parts)]
    if any(share.keys.dtype != np.int64 for share in shares):
        raise ValueError("Another release of Vitrine compared these parts.")
    return shares


def _save(blobs: BlobStore, key: str, arrays: Sequence[NDArray[Any]]) -> None:
    with tempfile.TemporaryFile() as file:
        for array in arrays:
            np.save(file, array, allow_pickle=False)
        file.seek(0)
        blobs.put(key, file, "application/octet-stream")


def _load(blobs: BlobStore, key: str) -> list[NDArray[Any]]:
    with blobs.open(key) as blob, tempfile.TemporaryFile() as file:
        while block := blob.read(1 << 20):
            file.write(block)
        length = file.tell()
        file.seek(0)
        arrays = []
        while file.tell() < length:
            arrays.append(np.load(file, allow_pickle=False))
        return arrays
