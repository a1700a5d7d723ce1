"""ResNet18 without its classifier: the network that turns a photo into 512 numbers.

He et al., Deep Residual Learning for Image Recognition (2016), as torchvision builds it. This is the only module that
imports torchvision.
"""

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.embedding.algorithms.resnet_state import checked_state

try:
    import torchvision
except RuntimeError as error:
    # torchvision's compiled part does not load when it was built for another build of torch (a CPU torch beside a CUDA
    # torchvision, say). Vitrine needs none of it, but the import then fails on two operators that it cannot find.
    # Declaring them first, on suspicion, would abort the builds that do match.
    if "operator torchvision::nms does not exist" not in str(error):
        raise
    # Kept in the module, because a library that is collected takes its operators with it.
    _OPERATORS = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for _name in ("nms", "qnms"):
        _schema = f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        _OPERATORS.define(_schema)  # type: ignore[no-untyped-call]
    import torchvision

OFFICIAL_WEIGHTS = torchvision.models.ResNet18_Weights.IMAGENET1K_V1


def build_resnet18() -> nn.Module:
    """A ResNet18 in eval mode whose answer is the pooled features: (n, 3, 224, 224) float32 -> (n, 512) float32.

    Its values are random until `load_state`. The caller's random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        model: nn.Module = torchvision.models.resnet18(weights=None)
    model.fc = nn.Identity()
    return model.eval()


def load_state(model: nn.Module, state: Mapping[str, Any]) -> None:
    """Put `state` (torchvision's names; arrays or tensors of any floating type) into `model` as float32.

    Values of the classifier (`fc.*`) are left out. Raises WrongState for a name too few or too many and for values of a
    wrong shape or type or that are not finite; `model` is then unchanged.
    """
    values = checked_state(arrays_of(state))
    model.load_state_dict({name: torch.from_numpy(value) for name, value in values.items()}, strict=False)


def arrays_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors of a state as arrays, bfloat16 as float32; what holds no values, or is no tensor, stays as it is."""
    return {name: _array(value) if _has_values(value) else value for name, value in state.items()}


def _has_values(value: object) -> bool:
    return isinstance(value, Tensor) and value.device.type != "meta"


def _array(value: Tensor) -> NDArray[Any]:
    value = value.detach().cpu()
    array: NDArray[Any] = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    return array
