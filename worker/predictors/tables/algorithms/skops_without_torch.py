"""skops without torch: as it comes, it imports every module of scikit-learn, and torch with one of them.

An entry of None has the interpreter say that there is no such module. Models of tables hold nothing of torch.
"""

import sys

_HIDDEN = "torch" not in sys.modules
if _HIDDEN:
    sys.modules["torch"] = None  # type: ignore[assignment]

import skops.io  # noqa: E402 - only now

if _HIDDEN:
    del sys.modules["torch"]

__all__ = ["skops"]
