"""Which engine computes embeddings: what the setting asks for, what this machine has, what the index is made of.

The precision that a network is computed in is part of the model, since it decides which photos are nearest; how a machine
computes that precision is not. So a model id is that of the weights and a suffix (`+bf16`, `+int8`; none for float32), and
workers with different engines of one precision work on one index. With the setting at `auto` a worker takes the precision
that the index is already made with, even if another would suit the machine better, so that no two workers ever switch the
index back and forth; only an index without embeddings of these weights gets the precision that suits its first worker.
"""

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from pkgutil import resolve_name
from typing import Final

from shared.errors import BadSetting
from shared.settings import Settings, variable
from worker.embedding.algorithms.embedder import DeviceMissing, Embedder
from worker.embedding.engines.folding import fold
from worker.embedding.engines.int8 import TRUNK_PLAN
from worker.embedding.weights import BUNDLED, TORCHVISION, Weights, load_weights

try:
    from worker.embedding.engines import openvino as openvino_embedding
except ImportError:  # no wheel for this platform, or a library that it needs is missing
    openvino_embedding = None  # type: ignore[assignment]

AUTO: Final = "auto"
_CPUINFO: Final = Path("/proc/cpuinfo")
# What a driver of a GPU that torch can use shows of it: NVIDIA's, NVIDIA's under Windows, AMD's.
_GPU_DEVICES: Final = (Path("/dev/nvidiactl"), Path("/dev/dxg"), Path("/dev/kfd"))
# Named, not imported: torch costs a second and 200 MB, which a worker that computes by OpenVINO is spared.
_FIND_DEVICE: Final = "worker.embedding.engines.by_torch:find"
_MAKE_EMBEDDER: Final = "worker.embedding.engines.by_torch:make_embedder"


class Precision(StrEnum):
    """What passes between the layers of a network. The value: of the suffix of a model id."""

    FLOAT32 = ""
    BFLOAT16 = "bf16"
    INT8 = "int8"


class Engine(StrEnum):
    """A way to compute embeddings. The value: of the setting."""

    TORCH = "torch"
    TORCH_BFLOAT16 = "torch-bf16"
    OPENVINO = "openvino"
    OPENVINO_BFLOAT16 = "openvino-bf16"
    OPENVINO_INT8 = "openvino-int8"

    @property
    def precision(self) -> Precision:
        _, _, suffix = self.value.partition("-")
        return Precision(suffix)

    @property
    def needs_openvino(self) -> bool:
        return self.value.startswith("openvino")


# The plan for 8 bits is that of torchvision's trunk.
_INT8_MODELS: Final = {BUNDLED.model_id, TORCHVISION.model_id}


@dataclass(frozen=True, slots=True)
class Machine:
    """What a worker may compute with.

    device: "cpu", "cuda" or "mps"; openvino: whether it can be used; bfloat16, int8: whether there are instructions for
    them on that device.
    """

    device: str
    openvino: bool
    bfloat16: bool
    int8: bool


class EngineMissing(BadSetting):
    """This machine cannot compute what it is asked to."""

    code = "engine_missing"


def this_machine(settings: Settings) -> Machine:
    """Raises BadSetting for a device that is not here. Asks for a GPU, unless the settings rule it out."""
    # An engine for CPUs that was asked for by name leaves a GPU alone.
    on_cpu = settings.device == AUTO and settings.engine.startswith("openvino")
    try:
        device, gpu_bfloat16 = _find_device("cpu" if on_cpu else settings.device)
    except DeviceMissing as error:
        raise BadSetting(f"{variable('device')} cannot be used: {error}") from error
    there = openvino_embedding is not None and device == "cpu"
    bfloat16 = gpu_bfloat16 or (there and openvino_embedding.has_native_bfloat16())
    return Machine(device=device, openvino=there, bfloat16=bfloat16, int8=there and _has_int8_dot_products())


def choose_engine(setting: str, machine: Machine, weights_id: str, registered: str | None) -> Engine:
    """The engine for weights of that id.

    registered: the model that the index is being made with, if any. Raises EngineMissing, with a sentence that says what
    to do.
    """
    if setting != AUTO:
        engine = Engine(setting)
        fault = _fault(engine, machine, weights_id)
        if fault is not None:
            raise EngineMissing(f"{variable('engine')} is {engine}, which cannot be used: {fault}")
        return engine
    precision = precision_in(registered, weights_id)
    if precision is None:
        precision = Precision.BFLOAT16 if machine.bfloat16 else Precision.FLOAT32
    engine = _best(precision, machine)
    fault = _fault(engine, machine, weights_id)
    if fault is not None:
        raise EngineMissing(
            f"The index is made with {registered}, which this worker cannot compute: {fault}"
            f" To change what the index is made with, set {variable('engine')} to one engine for all embedding workers."
        )
    return engine


def model_id(weights_id: str, precision: Precision) -> str:
    """The id of embeddings by these weights in this precision."""
    return f"{weights_id}+{precision}" if precision else weights_id


def precision_in(registered: str | None, weights_id: str) -> Precision | None:
    """The precision of a model id, or None if it is not one of these weights."""
    return next((each for each in Precision if model_id(weights_id, each) == registered), None)


def make_embedder(settings: Settings, weights: Weights, engine: Engine, machine: Machine) -> Embedder:
    """What computes the embeddings of `weights` by that engine of this machine."""
    name = model_id(weights.model_id, engine.precision)
    if engine.needs_openvino:
        return openvino_embedding.OpenVinoEmbedder(
            fold(weights.state),
            name,
            precision="f32" if engine is Engine.OPENVINO else "bf16",
            int8=TRUNK_PLAN if engine is Engine.OPENVINO_INT8 else None,
            threads=settings.torch_threads,
        )
    made: Embedder = resolve_name(_MAKE_EMBEDDER)(
        weights.state,
        name,
        machine.device,
        bfloat16=engine is Engine.TORCH_BFLOAT16,
        native=machine.bfloat16,
        threads=settings.torch_threads,
        batch_size=settings.embed_batch,
    )
    return made


def load_embedder(settings: Settings, registered: str | None = None) -> tuple[Embedder, Weights]:
    """What an embedding worker with these settings computes with, and its weights; the index learns nothing of it.

    registered: see `choose_engine`. Raises BadSetting.
    """
    weights, machine = load_weights(settings), this_machine(settings)
    engine = choose_engine(settings.engine, machine, weights.model_id, registered)
    return make_embedder(settings, weights, engine, machine), weights


def _find_device(name: str) -> tuple[str, bool]:
    """See `by_torch.find`, which is asked only where there may be a GPU."""
    if name == "cpu" or (
        name == AUTO and sys.platform == "linux" and not any(map(Path.exists, _GPU_DEVICES))
    ):
        return "cpu", False
    found: tuple[str, bool] = resolve_name(_FIND_DEVICE)(name)
    return found


def _best(precision: Precision, machine: Machine) -> Engine:
    """The fastest engine of a machine for a precision; it may still be none that the machine has."""
    if precision is Precision.INT8:
        return Engine.OPENVINO_INT8
    if precision is Precision.BFLOAT16:
        return Engine.OPENVINO_BFLOAT16 if machine.openvino and machine.bfloat16 else Engine.TORCH_BFLOAT16
    return Engine.OPENVINO if machine.openvino else Engine.TORCH


def _fault(engine: Engine, machine: Machine, weights_id: str) -> str | None:
    """Why the machine cannot use the engine, in a sentence."""
    if not engine.needs_openvino:
        return None
    faults = (
        (machine.device != "cpu", f"it computes on CPUs, and this worker on {machine.device}."),
        (not machine.openvino, "OpenVINO cannot be loaded on this machine."),
        (
            engine is Engine.OPENVINO_BFLOAT16 and not machine.bfloat16,
            "this CPU has no instructions for bfloat16; torch-bf16 computes the same without them.",
        ),
        (
            engine is Engine.OPENVINO_INT8 and not machine.int8,
            "this CPU has no instructions (VNNI) for 8-bit integers.",
        ),
        (
            engine is Engine.OPENVINO_INT8 and weights_id not in _INT8_MODELS,
            f"8-bit integers are fitted to Vitrine's own weights and torchvision's, not to {weights_id}.",
        ),
    )
    return next((sentence for holds, sentence in faults if holds), None)


def _has_int8_dot_products() -> bool:
    """Whether this is an x86 CPU with VNNI. Without it sums of 8-bit products saturate, which changes the results."""
    try:
        flags = _CPUINFO.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "avx512_vnni" in flags or "avx_vnni" in flags
