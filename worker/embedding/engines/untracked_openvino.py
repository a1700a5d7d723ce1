"""OpenVINO without its telemetry: imported as it comes, it reports each import to its makers over the network.

What reports is the model converter's package, which openvino imports on the way and can do without. An entry of None
has the interpreter say that there is no such module. Everything here gets openvino from this module.
"""

import sys

sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]

import openvino  # noqa: E402 - only now
from openvino import opset13  # noqa: E402

__all__ = ["openvino", "opset13"]
