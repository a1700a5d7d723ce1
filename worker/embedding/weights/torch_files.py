"""Reads weights files that only torch reads: its own, and bfloat16 in safetensors. As tensors, never as pickled objects."""

from io import BytesIO
from typing import Any

import safetensors.torch
import torch

from worker.embedding.algorithms.resnet import arrays_of


def read_pth(data: bytes) -> Any:
    """The arrays in a file of torch by name; what else it may hold as it is. Raises what torch raises."""
    state = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    return arrays_of(state) if isinstance(state, dict) else state


def read_safetensors(data: bytes) -> dict[str, Any]:
    """The arrays in a safetensors file by name, bfloat16 as float32."""
    return arrays_of(safetensors.torch.load(data))
