"""Models that this process has read, kept for the next prediction.

A version never changes, so what was read once stays right. One whose predictor has been deleted is asked for no more
and falls out in time.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from shared.db.queries.predictors.predictors import VersionRow

# In memory a model is a few times its file. Both bounds together keep a prediction worker within half a gigabyte.
MOST_MODELS: Final = 64
MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class WarmModel:
    version: VersionRow
    model: Any


@dataclass
class WarmModels:
    """The models used last. One process has one; its tasks run one after another."""

    most_models: int = MOST_MODELS
    most_bytes: int = MOST_BYTES
    _kept: OrderedDict[tuple[int, int], WarmModel] = field(default_factory=OrderedDict)

    def get(self, predictor_id: int, version: int, read: Callable[[], WarmModel]) -> WarmModel:
        """The model, read if it is not here. What has waited longest makes room for it."""
        key = (predictor_id, version)
        if key not in self._kept:
            self._kept[key] = read()
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and (len(self._kept) > self.most_models or self._bytes() > self.most_bytes):
            self._kept.popitem(last=False)
        return self._kept[key]

    def _bytes(self) -> int:
        return sum(kept.version.bytes for kept in self._kept.values())
