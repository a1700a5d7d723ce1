"""Which code each kind of predictor is.

Named, not imported: what they compute with costs each process a second and 100 MB, which those that take other queues
are spared. A worker that predicts or trains loads them before its first task.
"""

from collections.abc import Mapping
from functools import cache
from pkgutil import resolve_name
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
    made: Kind = resolve_name(KINDS[kind])()
    return made


def load_kinds() -> None:
    """Imports all of them now rather than when someone waits."""
    for kind in KINDS:
        kind_of(kind)
