"""The engines that compute with torch, and the devices that it finds."""

import torch
from torch import nn

from worker.embedding.algorithms.embedder import Embedder
from worker.embedding.algorithms.resnet import build_resnet18, load_state
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder, find_device
from worker.embedding.algorithms.resnet_state import State
from worker.embedding.engines.bfloat16 import Bfloat16ResNet18
from worker.embedding.engines.cuda import CudaEmbedder
from worker.embedding.engines.folding import fold


def find(name: str) -> tuple[str, bool]:
    """The device of that name (`find_device`), and whether it is a GPU that computes in bfloat16. Raises DeviceMissing."""
    device = find_device(name)
    return device, device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def make_embedder(
    state: State, name: str, device: str, *, bfloat16: bool, native: bool, threads: int, batch_size: int
) -> Embedder:
    """What computes the embeddings of model `name`. native: the device has instructions for bfloat16; threads: 0 for torch's choice."""
    if threads:
        torch.set_num_threads(threads)
    if bfloat16:
        if device == "cuda" and native:
            return CudaEmbedder(fold(state), name, batch_size=batch_size)
        network: nn.Module = Bfloat16ResNet18(fold(state), native=False)
    else:
        network = build_resnet18()
        load_state(network, state)
    return ResNet18Embedder(network, name, device=device, batch_size=batch_size)
