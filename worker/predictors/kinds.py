"""Which code each kind of predictor is.

Named, not imported: what they compute with costs each process a second and 100 MB, which those that take other queues
are spared. A worker that predicts or trains loads them before its first task.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Final

from shared.predictors.documents import PredictorKind
from worker.predictors.kind import Kind

KINDS: Final[Mapping[PredictorKind, str]] = {
    PredictorKind.TABULAR: "worker.predictors.tables.predictor:Tabular",
    PredictorKind.IMAGE: "worker.predictors.photos.predictor:Image",
}


@cache
def kind_of(kind: PredictorKind) -> Kind:
    """The implementation of a kind; the same object each time."""
    module, name = KINDS[kind].split(":")
    made: Kind = getattr(import_module(module), name)()
    return made


def load_kinds() -> None:
    """Imports all of them now rather than when someone waits."""
    for kind in KINDS:
        kind_of(kind)
