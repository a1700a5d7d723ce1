"""The values of a ResNet18 as files hold them, in numpy: their names and shapes, and what is refused. Without torch."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

State: TypeAlias = Mapping[str, NDArray[np.float32]]
"""By torchvision's names, without the classifier: weights and biases, and what BatchNorm has seen."""

# BatchNorm counts its training steps here. Inference never reads it, and not every published file has it.
STEP_COUNTER: Final = "num_batches_tracked"


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


def _shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """He et al., Deep Residual Learning for Image Recognition (2016), table 1, under torchvision's names."""
    yield from _convolution("conv1", "bn1", 64, 3, 7)
    width = 64
    for layer, wider in enumerate((64, 128, 256, 512), 1):
        for place in (0, 1):
            block = f"layer{layer}.{place}"
            yield from _convolution(f"{block}.conv1", f"{block}.bn1", wider, width, 3)
            yield from _convolution(f"{block}.conv2", f"{block}.bn2", wider, wider, 3)
            if width != wider:
                yield from _convolution(f"{block}.downsample.0", f"{block}.downsample.1", wider, width, 1)
            width = wider


def _convolution(
    name: str, norm: str, out: int, into: int, side: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (out, into, side, side)
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{norm}.{part}", (out,)


SHAPES: Final[Mapping[str, tuple[int, ...]]] = dict(_shapes())


def checked_state(state: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """The values that a ResNet18 needs, as float32, of arrays of any floating type. Raises WrongState.

    Values of the classifier (`fc.*`) are left out.
    """
    norms = {name.rpartition(".")[0] for name in SHAPES if name.endswith("running_mean")}
    counters = {f"{norm}.{STEP_COUNTER}" for norm in norms}
    given = {
        name: value for name, value in state.items() if not name.startswith("fc.") and name not in counters
    }
    missing = [name for name in SHAPES if name not in given]
    unexpected = [str(name) for name in given if name not in SHAPES]
    misshapen = [name for name, shape in SHAPES.items() if name in given and not _fits(given[name], shape)]
    if missing or unexpected or misshapen:
        raise WrongState(missing, unexpected, misshapen)
    return {name: given[name].astype(np.float32) for name in SHAPES}


def _fits(value: object, shape: tuple[int, ...]) -> bool:
    return (
        isinstance(value, np.ndarray)
        and value.shape == shape
        and np.issubdtype(value.dtype, np.floating)
        and bool(np.isfinite(value).all())
    )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
