"""The trunk that training starts from, the block that is trained, the teacher, and the file that is shipped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime  # type: ignore[import-untyped,import-not-found,unused-ignore]
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.embedding.algorithms.resnet import arrays_of, build_resnet18
from worker.embedding.algorithms.resnet18_embedder import preprocess
from worker.embedding.algorithms.resnet_state import checked_state

BLOCK: Final = "layer4.1."


def trunk_path(data: Path) -> Path:
    """torchvision's values of all but the last block, in the test data folder."""
    return data / "weights" / "resnet18-torchvision-trunk-fp16.safetensors"


def teacher_path(data: Path) -> Path:
    """The MobileNetV2 that teaches, in the test data folder."""
    return data / "weights" / "teacher-mobilenetv2-imagenet-int8.onnx"


def yardstick_path(data: Path) -> Path:
    """The complete ResNet18 that measures, and does nothing else, in the test data folder."""
    return data / "weights" / "resnet18-imagenet-approx-fp16.pth"


def read_trunk(data: Path) -> dict[str, Tensor]:
    """The trunk's values and the classifier's (`fc.*`), as they are stored: fp16, BatchNorm folded."""
    state: dict[str, Tensor] = safetensors.torch.load_file(trunk_path(data))
    if any(name.startswith(BLOCK) for name in state):
        raise ValueError(f"{trunk_path(data)} holds {BLOCK}*: it is not the trunk.")
    return state


def identity_block() -> dict[str, Tensor]:
    """Values of `layer4.1` that let the trunk's output through: the second convolution is zero.

    The first is He-normal from a fixed seed, so that training can start here. BatchNorm is folded: weight 1, mean 0,
    variance 1; its bias is the convolution's.
    """
    generator = torch.Generator().manual_seed(0)
    first = torch.empty(512, 512, 3, 3)
    nn.init.kaiming_normal_(first, mode="fan_out", nonlinearity="relu", generator=generator)
    block = {"conv1.weight": first, "conv2.weight": torch.zeros(512, 512, 3, 3)}
    for norm in ("bn1", "bn2"):
        block |= {
            f"{norm}.weight": torch.ones(512),
            f"{norm}.bias": torch.zeros(512),
            f"{norm}.running_mean": torch.zeros(512),
            f"{norm}.running_var": torch.ones(512),
        }
    return block


def shipped_state(trunk: Mapping[str, Tensor], block: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What is shipped: the trunk's values as they are, `block` as fp16, and no classifier."""
    state = {name: value for name, value in trunk.items() if not name.startswith("fc.")}
    state |= {BLOCK + name: value.detach().to(torch.float16) for name, value in block.items()}
    checked_state(arrays_of(state))
    return {name: state[name].contiguous() for name in sorted(state)}


class Trunk:
    """ResNet18 up to and with `layer4.0`."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        network = build_resnet18()
        network.load_state_dict({name: value.float() for name, value in state.items()}, strict=False)
        stages = [getattr(network, name) for name in ("conv1", "bn1", "relu", "maxpool")]
        stages += [network.layer1, network.layer2, network.layer3, network.layer4[0]]  # type: ignore[index]
        self._stages = nn.Sequential(*stages).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def maps(self, views: NDArray[np.uint8]) -> NDArray[np.float16]:
        """(n, side, side, 3) uint8 -> (n, 512, side / 32, side / 32) float16, what `layer4.1` gets to see."""
        with torch.inference_mode():
            answer: Tensor = self._stages(preprocess(torch.from_numpy(views)))
        return np.asarray(answer.contiguous().to(torch.float16).numpy())


class Teacher:
    """MobileNetV2's opinion on views."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def logits(self, views: NDArray[np.uint8]) -> NDArray[np.float16]:
        """(n, 224, 224, 3) uint8 -> (n, 1000) float16."""
        pixels = np.ascontiguousarray(preprocess(torch.from_numpy(views)).numpy())
        (answer,) = self._session.run(None, {"input": pixels})
        return np.asarray(answer, dtype=np.float16)
