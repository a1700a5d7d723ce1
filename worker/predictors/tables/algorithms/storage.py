"""Models as files, without pickle: skops' format, which names types and holds arrays, and is read by an allow-list.

https://skops.readthedocs.io/en/stable/persistence.html
"""

import zipfile
from importlib.metadata import version
from typing import Final

from sklearn.pipeline import Pipeline

from worker.predictors.tables.algorithms.skops_without_torch import skops

# What the pipelines of pipelines.py hold beyond what skops itself trusts: fitted trees.
TRUSTED: Final = (
    "numpy.dtype",
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


class UnknownContent(Exception):
    """The file is not a model that this code has written."""


def dump(model: Pipeline) -> bytes:
    """The model as a file."""
    data: bytes = skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    return data


def load(data: bytes) -> Pipeline:
    """The model in a file. Nothing of it is built before all of its types are known. Raises UnknownContent."""
    try:
        unknown = set(skops.io.get_untrusted_types(data=data)) - set(TRUSTED)
        if unknown:
            raise UnknownContent(f"it holds {', '.join(sorted(unknown))}")
        model = skops.io.loads(data, trusted=list(TRUSTED))
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, AttributeError, ImportError) as error:
        raise UnknownContent(f"it cannot be read ({type(error).__name__})") from error
    if not isinstance(model, Pipeline):
        raise UnknownContent("it is no pipeline")
    return model


def libraries() -> dict[str, str]:
    """The versions that a model is made with now."""
    return {name: version(name) for name in ("scikit-learn", "numpy", "skops")}
