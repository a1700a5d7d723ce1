"""What does a graphics card make of embeddings and of look-alike lists?"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.galleries import clustered, real_photos, unclustered
from benchmarks.pictures import pictures
from benchmarks.report import table
from benchmarks.support import BenchmarkFailed, interleave
from shared.settings import Settings
from worker.embedding.algorithms.embedder import unit_rows
from worker.embedding.algorithms.resnet import build_resnet18, load_state
from worker.embedding.algorithms.resnet18_embedder import preprocess
from worker.embedding.engine_choice import Engine, Machine, make_embedder
from worker.embedding.weights import Weights, bundled_weights
from worker.imaging.algorithms.model_view import model_view, model_view_from_bytes, model_view_to_bytes
from worker.index.exact import NeighbourLists, TiledBuild

Views = NDArray[np.uint8]
Vectors = NDArray[np.float32]
Embed = Callable[[Views], Vectors]

_CARD: Final = Machine(device="cuda", openvino=False, bfloat16=True, int8=False)
_PHOTOS: Final = 1024
_DIFFERENT: Final = 64
_BATCHES: Final = (32, 64, 256)
_ROUNDS: Final = 7

K: Final = 20
SIZES: Final = (20_000, 100_000)
_BRUTE: Final = "peer: torch, float32 products and topk, on the card"
_LIST_ROUNDS: Final = 4
_ROWS: Final = 4096


def run() -> str:
    """The section of RESULTS.md. Raises BenchmarkFailed without a card, or if lists differ from the CPU's."""
    if not torch.cuda.is_available():
        raise BenchmarkFailed("No CUDA device here.")
    card = f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {torch.get_num_threads()} threads beside it."
    return "\n\n".join([f"On {card}", _embeddings(), _lists()])


def _embeddings() -> str:
    weights = bundled_weights()
    views = np.tile(
        np.stack([model_view([photo], *photo.size) for photo in pictures(_DIFFERENT)]),
        (_PHOTOS // _DIFFERENT, 1, 1, 1),
    )
    rows = []
    for batch in _BATCHES:
        took = interleave(
            {name: partial(_timed, embed, views) for name, embed in _engines(weights, batch).items()}, _ROUNDS
        )
        # The first of each compiles, chooses kernels, fills caches.
        rates = {name: len(views) / median(seconds[1:]) for name, seconds in took.items()}
        peer = rates["peer: torch, eager, float32"]
        rows += [
            [f"{name}, {batch} a pass", f"{rate:,.0f}", f"{rate / peer:.1f}"] for name, rate in rates.items()
        ]
    head = ["from views in memory to embeddings in memory", "photos/s", "times eager"]
    return "\n\n".join(
        [
            table(head, rows),
            (
                f"{_PHOTOS} photos at once; medians of {_ROUNDS - 1} rounds in turns. `torch` is float32 that is float32; "
                f"eager torch shortens factors to TF32 on cards like this. {_fed(views, weights)}"
            ),
        ]
    )


def _fed(views: Views, weights: Weights) -> str:
    """How fast the views come from their stored form, which is what a card waits for."""
    stored = [model_view_to_bytes(view) for view in views[:_DIFFERENT]] * (_PHOTOS // _DIFFERENT)
    embed = _engines(weights, 64)["torch-bf16"]
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(threads) as pool:

        def work() -> Vectors:
            return embed(np.stack(list(pool.map(model_view_from_bytes, stored))))

        rate = len(stored) / median(_timed(work) for _ in range(_ROUNDS))
    return (
        f"Unpacked from their stored form first, by {threads} threads of one process: {rate:,.0f} photos/s."
    )


def _engines(weights: Weights, batch: int) -> dict[str, Embed]:
    """Ours, and what users write themselves."""
    settings = Settings(embed_batch=batch)
    half = _network(weights).to("cuda", memory_format=torch.channels_last)  # type: ignore[call-overload]
    return {
        "torch-bf16": make_embedder(settings, weights, Engine.TORCH_BFLOAT16, _CARD).embed,
        "torch": make_embedder(settings, weights, Engine.TORCH, _CARD).embed,
        "peer: torch, eager, float32": _plain(_network(weights).to("cuda"), batch, half=False),
        "peer: torch, autocast to bfloat16, channels last": _plain(half, batch, half=True),
    }


def _network(weights: Weights) -> nn.Module:
    network = build_resnet18()
    load_state(network, weights.state)
    return network


def _plain(network: nn.Module, batch: int, *, half: bool) -> Embed:
    def embed(views: Views) -> Vectors:
        found = []
        for start in range(0, len(views), batch):
            pixels = torch.from_numpy(views[start : start + batch]).to("cuda")
            with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16, enabled=half):
                answer: Tensor = network(preprocess(pixels))
            found.append(answer.float().cpu().numpy())
        return unit_rows(np.concatenate(found))

    return embed


def _lists() -> str:
    kind, made = ("clustered", clustered) if real_photos() else ("unclustered", unclustered)
    rows = []
    for size in SIZES:
        seconds = _list_seconds(made(size))
        rows += [
            [f"{name}, {size:,}", f"{each:.2f}", f"{seconds[_BRUTE] / each:.2f}"]
            for name, each in seconds.items()
        ]
    head = [f"lists of {K}, all images, {kind}", "s", "times the peer"]
    note = (
        "Ours: plan, tile and merge of a full run; the same lists on the card as on the CPU, to the last bit. The peer's are "
        "those of float32 products, ties in any order."
    )
    return f"{table(head, rows)}\n\n{note}"


def _list_seconds(vectors: Vectors) -> dict[str, float]:
    """By contender, medians; the first round of each compiles and fills caches."""
    on_card, on_cpu = _joined(vectors, "cuda"), _joined(vectors, "cpu")
    for name in ("neighbours", "similarities"):
        if not np.array_equal(getattr(on_card, name), getattr(on_cpu, name)):
            raise BenchmarkFailed(
                f"The {name} of {len(vectors)} images on the card are not those of the CPU."
            )
    took = interleave(
        {
            "ours, on the card": partial(_timed, _joined, vectors, "cuda"),
            "ours, on the CPU": partial(_timed, _joined, vectors, "cpu"),
            _BRUTE: partial(_timed, _brute_force, vectors),
        },
        _LIST_ROUNDS,
    )
    return {name: median(each[1:]) for name, each in took.items()}


def _joined(vectors: Vectors, device: str) -> NeighbourLists:
    in_one_part = TiledBuild(vectors, np.arange(len(vectors)), K, device)
    plan = in_one_part.plan()
    return in_one_part.merge(plan, 1, 0, in_one_part.compare(plan, 1, (0, 0)))


def _brute_force(vectors: Vectors) -> None:
    targets = torch.from_numpy(vectors).to("cuda")
    for start in range(0, len(vectors), _ROWS):
        (targets[start : start + _ROWS] @ targets.T).topk(K + 1).indices.cpu()


def _timed(work: Callable[..., object], *given: object) -> float:
    """Seconds on the clock."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    work(*given)
    torch.cuda.synchronize()
    return time.perf_counter() - start
