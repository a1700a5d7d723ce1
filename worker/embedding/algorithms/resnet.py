"""ResNet18 without its classifier: the network that turns a photo into 512 numbers.

He et al., Deep Residual Learning for Image Recognition (2016), as torchvision builds it. This is the only module that
imports torchvision.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

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

# BatchNorm counts its training steps here. Inference never reads it, and not every published file has it.
_STEP_COUNTER = "num_batches_tracked"


class WrongState(ValueError):
    """The values do not belong to a ResNet18.

    `missing`, `unexpected` and `misshapen` hold the names at fault.
    """

    def __init__(self, missing: list[str], unexpected: list[str], misshapen: list[str]) -> None:
        self.missing = missing
        self.unexpected = unexpected
        self.misshapen = misshapen
        faults = {
            "missing": missing,
            "unexpected": unexpected,
            "of a wrong shape or type, or not finite": misshapen,
        }
        super().__init__(
            "This is not a ResNet18: "
            + "; ".join(f"{kind}: {_some(names)}" for kind, names in faults.items() if names)
            + "."
        )


def build_resnet18() -> nn.Module:
    """A ResNet18 in eval mode whose answer is the pooled features: (n, 3, 224, 224) float32 -> (n, 512) float32.

    Its values are random until `load_state`. The caller's random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        model: nn.Module = torchvision.models.resnet18(weights=None)
    model.fc = nn.Identity()
    return model.eval()


def untrained_resnet18(seed: int) -> nn.Module:
    """A ResNet18 with He-normal convolutions drawn from `seed`: the same values every time."""
    model = build_resnet18()
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
    return model


def load_state(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Put `state` (torchvision's names; float16, bfloat16, float32 or float64) into `model` as float32.

    Values of the classifier (`fc.*`) are left out. Raises WrongState for a name too few or too many and for values of a
    wrong shape or type or that are not finite; `model` is then unchanged.
    """
    model.load_state_dict(checked_state(state, model), strict=False)


def checked_state(state: Mapping[str, Tensor], model: nn.Module | None = None) -> dict[str, Tensor]:
    """The values of `state` that `model` (a ResNet18 if not given) needs, as float32. Raises WrongState."""
    if model is None:
        with torch.device("meta"):  # names and shapes without memory or random numbers
            model = build_resnet18()
    expected = {
        name: value.shape for name, value in model.state_dict().items() if not name.endswith(_STEP_COUNTER)
    }
    given = {
        name: value
        for name, value in state.items()
        if not name.startswith("fc.") and not (name.endswith(_STEP_COUNTER) and name in model.state_dict())
    }
    missing = [name for name in expected if name not in given]
    unexpected = [str(name) for name in given if name not in expected]
    misshapen = [name for name, shape in expected.items() if name in given and not _fits(given[name], shape)]
    if missing or unexpected or misshapen:
        raise WrongState(missing, unexpected, misshapen)
    return {name: given[name].detach().to(torch.float32) for name in expected}


def _fits(value: object, shape: torch.Size) -> bool:
    return (
        isinstance(value, Tensor)
        and value.shape == shape
        and value.is_floating_point()
        and value.device.type == "cpu"
        and bool(torch.isfinite(value).all())
    )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
