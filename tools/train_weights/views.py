"""The cache: the trunk's maps and the teacher's logits, computed once for each augmented view.

A view costs some 40 ms of each network on one core; layer4.1 sees it again in every epoch for a quarter of that. Files
are written whole under their final name, so a run that was broken off goes on where it stopped.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from tools.train_weights.networks import Teacher, Trunk, read_trunk, teacher_path
from tools.train_weights.photos import (
    TEACHER_SIDE,
    Photo,
    centre_view,
    random_views,
    seen_caltech,
    tiny_photos,
)
from tools.train_weights.progress import progress

# Random crops show things larger than the centre view does; a smaller view makes up for it, and costs half as much
# (Touvron et al., Fixing the train-test resolution discrepancy, 2019). Tiny-ImageNet has no more to show at all.
CALTECH_SIDE: Final = 160
TINY_SIDE: Final = 128
TINY_PER_ROUND: Final = 2500
_SHARD: Final = 512
_BATCH: Final = 32


@dataclass(frozen=True)
class Part:
    """One pass over some photos. `seed` None: the centre view as the worker makes it, at 224 pixels."""

    name: str
    photos: list[Photo]
    side: int
    seed: str | None

    def shards(self) -> list[tuple[str, list[Photo]]]:
        return [
            (f"{self.name}-{start // _SHARD:02}.npz", self.photos[start : start + _SHARD])
            for start in range(0, len(self.photos), _SHARD)
        ]


@dataclass(frozen=True)
class Views:
    """Cached views of one shard.

    maps: (n, 512, s, s) float16. logits: (n, 1000) float16. labels: (n,) class names. names: (n,) of the photos.
    """

    maps: NDArray[np.float16]
    logits: NDArray[np.float16]
    labels: NDArray[np.str_]


def parts(data: Path, rounds: int) -> list[Part]:
    """The centre views, then `rounds` times a random crop of each Caltech photo and of the next 2,500 Tiny ones."""
    caltech, tiny = seen_caltech(data), tiny_photos(data)
    listed = [Part("centre", caltech, TEACHER_SIDE, None)]
    for number in range(rounds):
        start = number * TINY_PER_ROUND % len(tiny)
        some = (tiny + tiny)[start : start + TINY_PER_ROUND]
        listed.append(Part(f"round{number:02}-caltech", caltech, CALTECH_SIDE, f"caltech {number}"))
        listed.append(Part(f"round{number:02}-tiny", some, TINY_SIDE, f"tiny {number}"))
    return listed


def fill_cache(data: Path, cache: Path, rounds: int) -> None:
    """Compute what the cache does not hold yet."""
    cache.mkdir(parents=True, exist_ok=True)
    missing = [
        (part, name, photos)
        for part in parts(data, rounds)
        for name, photos in part.shards()
        if not (cache / name).exists()
    ]
    if not missing:
        return
    torch.set_num_threads(1)
    trunk, teacher = Trunk(read_trunk(data)), Teacher(teacher_path(data))
    with ThreadPoolExecutor(2) as pool:
        for part, name, photos in progress(missing, "views, in shards of 512"):
            maps, logits = [], []
            for start in range(0, len(photos), _BATCH):
                small, large = _views(photos[start : start + _BATCH], part)
                # One core for each network: they cost about the same.
                job = pool.submit(teacher.logits, large)
                maps.append(trunk.maps(small))
                logits.append(job.result())
            temporary = cache / f".{name}"
            with temporary.open("wb") as file:
                np.savez(
                    file,
                    maps=np.concatenate(maps),
                    logits=np.concatenate(logits),
                    labels=np.array([photo.label for photo in photos]),
                )
            temporary.replace(cache / name)


def read_shard(path: Path) -> Views:
    """The views that `fill_cache` wrote at `path`."""
    with np.load(path, allow_pickle=False) as file:
        return Views(file["maps"], file["logits"], file["labels"])


def _views(photos: list[Photo], part: Part) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Views of `part.side` for the trunk and the same ones of 224 pixels for the teacher."""
    if part.seed is None:
        views = np.stack([centre_view(photo) for photo in photos])
        return views, views
    pairs = [random_views(photo, (part.side, TEACHER_SIDE), f"{part.seed} {photo.name}") for photo in photos]
    return np.stack([small for small, _ in pairs]), np.stack([large for _, large in pairs])
