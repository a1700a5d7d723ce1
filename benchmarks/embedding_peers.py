"""Other ways to run the same network: torch's own, and ONNX Runtime."""

import io
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from worker.embedding.algorithms.embedder import unit_rows
from worker.embedding.algorithms.resnet import build_resnet18, load_state
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder, preprocess
from worker.embedding.algorithms.resnet_state import State
from worker.embedding.engines.bfloat16 import Bfloat16ResNet18
from worker.embedding.engines.folding import fold

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

_BATCH: Final = 32
_EXAMPLE: Final = (1, 3, 224, 224)


def embedding_peers(state: State) -> tuple[dict[str, Embed], list[str]]:
    """The peers by name, and in sentences which are not installed."""
    found = {
        "peer: torch, traced and frozen, float32": _frozen(_network(state)),
        "peer: torch, folded, bfloat16 kernels": _torch(Bfloat16ResNet18(fold(state), native=True)),
    }
    try:
        runtime = import_module("onnxruntime")
        found["peer: ONNX Runtime, float32"] = _onnx(runtime, _network(state))
    except ImportError:
        return found, ["ONNX Runtime and onnx are not installed here (`make bench` installs them)."]
    return found, []


def _network(state: State) -> nn.Module:
    network = build_resnet18()
    load_state(network, state)
    return network


def _torch(network: nn.Module) -> Embed:
    return ResNet18Embedder(network, "peer", device="cpu", batch_size=_BATCH).embed


def _frozen(network: nn.Module) -> Embed:
    with _quietly():
        traced = torch.jit.freeze(torch.jit.trace(network, torch.zeros(_EXAMPLE)))  # type: ignore[no-untyped-call]

    def embed(views: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return unit_rows(traced(preprocess(torch.from_numpy(views.copy()))).numpy())

    return embed


def _onnx(runtime: Any, network: nn.Module) -> Embed:
    written = io.BytesIO()
    with _quietly():
        torch.onnx.export(
            network,
            (torch.zeros(_EXAMPLE),),
            written,  # type: ignore[arg-type]
            dynamo=False,
            input_names=["pixels"],
            dynamic_axes={"pixels": {0: "views"}},
        )
    session = runtime.InferenceSession(written.getvalue(), providers=["CPUExecutionProvider"])

    def embed(views: NDArray[np.uint8]) -> NDArray[np.float32]:
        pixels = preprocess(torch.from_numpy(views.copy())).contiguous().numpy()
        (features,) = session.run(None, {"pixels": pixels})
        return unit_rows(features)

    return embed


def _quietly() -> AbstractContextManager[object]:
    """Torch says that both ways are old; they are what users have."""
    return warnings.catch_warnings(action="ignore")
