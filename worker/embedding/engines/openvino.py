"""Embeddings by OpenVINO, which computes near the limit of a CPU in each precision that the CPU has.

The network is put together here, operation by operation: that is short, says which layers hold which numbers, and needs
none of OpenVINO's converters.
"""

from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.limits import DIMENSIONS, VIEW_SIDE
from worker.embedding.algorithms.embedder import CHANNEL_MEANS, CHANNEL_SPREADS, check_views, unit_rows
from worker.embedding.engines.folding import Block, Convolution, FoldedResNet18, on_pixels
from worker.embedding.engines.int8 import Int8Plan, rounded_weights
from worker.embedding.engines.untracked_openvino import openvino, opset13

# A value in a graph; openvino's own types hide behind decorators.
Node: TypeAlias = Any
Precision = Literal["f32", "bf16"]

_NATIVE_BFLOAT16: Final = "BF16"
# Views of one request. Requests run side by side, one a core, which beats sharing each layer out among the cores; of a
# batch of 32 each of a few cores gets some.
_VIEWS_AT_ONCE: Final = 8
# As wide as the stem pads.
_FRAME: Final = 3


def has_native_bfloat16() -> bool:
    """Whether this CPU has instructions for bfloat16, so that OpenVINO would really use it."""
    return _NATIVE_BFLOAT16 in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVinoEmbedder:
    """ResNet18 on the CPU by OpenVINO; see `embedding.Embedder`."""

    dimensions = DIMENSIONS
    device = "cpu"

    def __init__(
        self,
        network: FoldedResNet18,
        model_id: str,
        *,
        precision: Precision = "f32",
        int8: Int8Plan | None = None,
        threads: int = 0,
    ) -> None:
        """`precision`: of what passes between layers, but for those that `int8` names; `threads`: 0 for one a core."""
        self.model_id = model_id
        config: dict[str, str | int] = {
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "THROUGHPUT",
        }
        if threads:
            config["INFERENCE_NUM_THREADS"] = threads
        compiled = openvino.Core().compile_model(build_graph(network, int8), "CPU", config)
        self._requests = openvino.AsyncInferQueue(compiled)
        self._given = np.ascontiguousarray if int8 is None else framed

    def embed(self, views: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Embedder.embed`."""
        check_views(views)
        features = np.empty((len(views), DIMENSIONS), dtype=np.float32)

        def keep(request: openvino.InferRequest, part: slice) -> None:
            features[part] = request.get_output_tensor(0).data

        self._requests.set_callback(keep)
        for start in range(0, len(views), _VIEWS_AT_ONCE):
            part = slice(start, start + _VIEWS_AT_ONCE)
            self._requests.start_async({0: self._given(views[part])}, part)
        self._requests.wait_all()
        return unit_rows(features)


def build_graph(network: FoldedResNet18, int8: Int8Plan | None = None) -> openvino.Model:
    """(n, 224, 224, 3) uint8 -> (n, 512) float32; with a plan for 8 bits (n, 230, 230, 3) uint8, `framed`."""
    side = VIEW_SIDE if int8 is None else VIEW_SIDE + 2 * _FRAME
    views = opset13.parameter([-1, side, side, 3], np.uint8, name="views")
    graph = _Graph(int8)
    values = _max_pooled(opset13.relu(graph.stem(network.stem, views)))
    for block in network.blocks:
        values = graph.passed_through(block, values)
    features = opset13.reduce_mean(values, _constant([2, 3], np.int64), keep_dims=False)
    return openvino.Model([opset13.result(features)], [views], "resnet18")


def framed(views: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, 224, 224, 3) -> (n, 230, 230, 3): in a frame of the mean colour, which is what the stem sees outside of a view.

    In 8 bits the stem takes pixels as they are, and where it pads it would see black.
    """
    side = VIEW_SIDE + 2 * _FRAME
    whole = np.empty((len(views), side, side, 3), np.uint8)
    whole[:] = np.rint(np.array(CHANNEL_MEANS) * 255)
    whole[:, _FRAME:-_FRAME, _FRAME:-_FRAME] = views
    return whole


class _Graph:
    """Parts of the network, with the 8-bit layers of a plan."""

    def __init__(self, int8: Int8Plan | None) -> None:
        self._eight_bits = int8 is not None
        self._limits = {} if int8 is None else int8.limits

    def stem(self, stem: Convolution, views: Node) -> Node:
        pixels = opset13.transpose(opset13.convert(views, "f32"), _constant([0, 3, 1, 2], np.int64))
        if not self._eight_bits:
            return _convolved(stem, _preprocessed(pixels))
        # Rounds nothing: it has OpenVINO leave the pixels in integers.
        return _convolved(on_pixels(stem), _rounded(pixels, 255), eight_bits=True, padding=0)

    def passed_through(self, block: Block, values: Node) -> Node:
        # Both ways take the same integers: see `int8`.
        values = self._taken(block.first, values)
        inner = self._taken(block.second, opset13.relu(self.convolved(block.first, values)))
        eight_bits = block.first.name in self._limits
        passed = (
            values if block.shortcut is None else _convolved(block.shortcut, values, eight_bits=eight_bits)
        )
        return opset13.relu(opset13.add(self.convolved(block.second, inner), passed))

    def convolved(self, convolution: Convolution, values: Node) -> Node:
        return _convolved(convolution, values, eight_bits=convolution.name in self._limits)

    def _taken(self, convolution: Convolution, values: Node) -> Node:
        """What the convolution is given."""
        limit = self._limits.get(convolution.name)
        if limit is None:
            return values
        return _rounded(values, limit)


def _preprocessed(pixels: Node) -> Node:
    """What `embedding.preprocess` does."""
    means, spreads = (
        np.array(values).reshape(1, 3, 1, 1) * 255 for values in (CHANNEL_MEANS, CHANNEL_SPREADS)
    )
    return opset13.multiply(opset13.subtract(pixels, _constant(means)), _constant(1 / spreads))


def _max_pooled(values: Node) -> Node:
    pooled = opset13.max_pool(values, [2, 2], [1, 1], [1, 1], [1, 1], [3, 3])
    return pooled.output(0)


def _rounded(values: Node, limit: float) -> Node:
    """To 256 steps from 0 to the limit, where it is cut off: OpenVINO makes integers of them."""
    ends = _constant(0), _constant(limit)
    return opset13.fake_quantize(values, *ends, *ends, 256)


def _convolved(
    convolution: Convolution, values: Node, *, eight_bits: bool = False, padding: int | None = None
) -> Node:
    weight = _weight_of_8_bits(convolution) if eight_bits else _constant(convolution.weight)
    around = [convolution.padding if padding is None else padding] * 2
    product = opset13.convolution(values, weight, [convolution.stride] * 2, around, around, [1, 1])
    return opset13.add(product, _constant(convolution.bias.reshape(1, -1, 1, 1)))


def _weight_of_8_bits(convolution: Convolution) -> Node:
    integers, steps = rounded_weights(convolution.weight)
    return opset13.multiply(opset13.convert(_constant(integers, np.int8), "f32"), _constant(steps))


def _constant(values: object, dtype: type[np.generic] = np.float32) -> Node:
    return opset13.constant(np.asarray(values, dtype))
