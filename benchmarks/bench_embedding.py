"""How many photos a second does each engine embed, and how true are its embeddings to float32's?"""

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.embedding_peers import embedding_peers
from benchmarks.pictures import DATA, DRAWN, pictures, real_photos
from benchmarks.report import table
from benchmarks.support import interleave
from shared.settings import Settings
from worker.embedding.algorithms.resnet import arrays_of, build_resnet18, load_state
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder
from worker.embedding.algorithms.resnet_state import checked_state
from worker.embedding.engine_choice import Engine, EngineMissing, choose_engine, make_embedder, this_machine
from worker.embedding.weights import TORCHVISION, Weights, bundled_weights
from worker.imaging.algorithms.model_view import model_view

Views = NDArray[np.uint8]
Vectors = NDArray[np.float32]
Embed = Callable[[Views], Vectors]

BATCH: Final = 32
ROUNDS: Final = 7
_SECONDS: Final = 60.0
# Among so many photos the nearest are looked for.
GALLERY: Final = 1000
NEAREST: Final = 5

EAGER: Final = "peer: torch, eager, float32"
TARGETS: Final = {Engine.OPENVINO_BFLOAT16: "≥ 2.6, ≥ .98", Engine.OPENVINO_INT8: "≥ 4.5, ≥ .97"}
# Another ResNet18, full and trained on ImageNet: a yardstick for what holds beyond the shipped weights.
_YARDSTICK: Final = DATA / "weights" / "resnet18-imagenet-approx-fp16.pth"

_NOTE: Final = (
    f"Kept: of the {NEAREST} nearest of each of {GALLERY} photos by float32, with the shipped weights. An engine without its "
    "own precision gives float32's embeddings, to rounding; torch-bf16 computes openvino-bf16's for CPUs without bfloat16."
)


class Timing(NamedTuple):
    """Seconds on the clock and of all cores, for one batch."""

    wall: float
    cpu: float


class Kept(NamedTuple):
    """The share of float32's nearest that are still among the nearest, and 1 - cosine on average."""

    nearest: float
    cosine: float


def run() -> str:
    """The section of RESULTS.md."""
    weights = bundled_weights()
    engines, missing = _engines(weights)
    peers, peers_missing = embedding_peers(weights.state)
    timed = {EAGER: _eager(weights), **{name.value: embed for name, embed in engines.items()}, **peers}
    views = _views(GALLERY)
    took = interleave({name: _on(embed, views[:BATCH]) for name, embed in timed.items()}, ROUNDS, _SECONDS)
    exact = engines[Engine.OPENVINO](views) if Engine.OPENVINO in engines else engines[Engine.TORCH](views)
    kept = {engine: _kept(exact, embed(views)) for engine, embed in engines.items() if engine in TARGETS}
    yardstick = _yardstick(views) if _YARDSTICK.exists() else {}
    return _describe(took, kept, yardstick, [*missing, *peers_missing])


def _engines(weights: Weights) -> tuple[dict[Engine, Embed], list[str]]:
    """Of this machine, and in sentences why it lacks others."""
    found: dict[Engine, Embed] = {}
    missing = []
    for engine in Engine:
        settings = Settings(engine=engine.value, embed_batch=BATCH)
        machine = this_machine(settings)
        try:
            choose_engine(engine.value, machine, weights.model_id, None)
        except EngineMissing as error:
            missing.append(error.message)
        else:
            found[engine] = make_embedder(settings, weights, engine, machine).embed
    return found, missing


def _eager(weights: Weights) -> Embed:
    """As everyone writes it."""
    network = build_resnet18()
    load_state(network, weights.state)
    return ResNet18Embedder(network, "eager", device="cpu", batch_size=BATCH).embed


def _on(embed: Embed, views: Views) -> Callable[[], Timing]:
    embed(views)  # compiles, where there is something to compile

    def once() -> Timing:
        wall, cpu = time.perf_counter(), time.process_time()
        embed(views)
        return Timing(time.perf_counter() - wall, time.process_time() - cpu)

    return once


def _views(count: int) -> Views:
    return np.stack([model_view([picture], *picture.size) for picture in pictures(count)])


def _kept(exact: Vectors, found: Vectors) -> Kept:
    expected, nearest = _nearest(exact), _nearest(found)
    shared = [len(np.intersect1d(one, other)) for one, other in zip(expected, nearest, strict=True)]
    return Kept(float(np.mean(shared)) / NEAREST, float(1 - (exact * found).sum(axis=1).mean()))


def _nearest(vectors: Vectors) -> NDArray[np.intp]:
    similarities = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    np.fill_diagonal(similarities, -1)
    return np.argsort(-similarities, axis=1)[:, :NEAREST]


def _yardstick(views: Views) -> dict[Engine, Kept]:
    state = checked_state(arrays_of(torch.load(_YARDSTICK, map_location="cpu", weights_only=True)))
    # Under the id of the weights that it is close to, for which every engine is meant.
    weights = Weights(TORCHVISION.model_id, "explicit", "the yardstick", "", state)
    engines, _ = _engines(weights)
    exact = engines[Engine.OPENVINO](views) if Engine.OPENVINO in engines else engines[Engine.TORCH](views)
    return {engine: _kept(exact, embed(views)) for engine, embed in engines.items() if engine in TARGETS}


def _describe(
    took: Mapping[str, list[Timing]],
    kept: Mapping[Engine, Kept],
    yardstick: Mapping[Engine, Kept],
    missing: list[str],
) -> str:
    wall, cpu = (median(each[part] for each in took[EAGER]) for part in (0, 1))
    rows = [
        [
            name,
            f"{BATCH / median(each.wall for each in turns):.0f}",
            f"{wall / median(each.wall for each in turns):.2f}",
            f"{cpu / median(each.cpu for each in turns):.2f}",
            *_quality(kept, name),
            _quality(yardstick, name)[0],
            TARGETS.get(Engine(name), "") if name in list(Engine) else "",
        ]
        for name, turns in took.items()
    ]
    head = [
        f"batches of {BATCH}",
        "photos/s",
        "times eager",
        "by CPU time",
        f"nearest {NEAREST} kept",
        "1 - cosine",
        "kept, yardstick",
        "target",
    ]
    device = f"GPU: {torch.cuda.get_device_name()}" if torch.cuda.is_available() else "no GPU on this machine"
    lines = [
        "How many photos a second does each engine embed, and how true are the embeddings?",
        table(head, rows),
        f"Medians of {len(took[EAGER])} batches each in turns, {torch.get_num_threads()} threads; {device}. {_NOTE}",
        *missing,
    ]
    if yardstick:
        lines.append("Yardstick: the same with a ResNet18 that is close to torchvision's.")
    if not real_photos():
        lines.append(DRAWN)
    return "\n\n".join(lines)


def _quality(kept: Mapping[Engine, Kept], name: str) -> tuple[str, str]:
    if name not in list(Engine):
        return "", ""
    engine = Engine(name)
    if not engine.precision:
        return "1.000", ""
    return (f"{kept[engine].nearest:.3f}", f"{kept[engine].cosine:.1e}") if engine in kept else ("", "")
