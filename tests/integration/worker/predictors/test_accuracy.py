"""What is trained over HTTP is as good as what scikit-learn itself reaches on the same rows."""

import csv
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tests.support.predictors import predicted, trained
from tests.support.web import Site, site

__all__ = ["site"]

CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "gaussian-naive-bayes": GaussianNB,
    "logistic-regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
    "random-forest": lambda: RandomForestClassifier(random_state=0),
    "gradient-boosting": lambda: HistGradientBoostingClassifier(random_state=0),
}
REGRESSORS: dict[str, Callable[[], Any]] = {
    "linear-regression": LinearRegression,
    "random-forest": lambda: RandomForestRegressor(random_state=0),
    "gradient-boosting": lambda: HistGradientBoostingRegressor(random_state=0),
}


def as_csv(data: Any, labels: list[str] | None) -> bytes:
    """One of scikit-learn's own data sets as a table."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*data.feature_names, "target"])
    for row, target in zip(data.data, data.target, strict=True):
        writer.writerow([*map(repr, row.tolist()), labels[target] if labels else repr(float(target))])
    return out.getvalue().encode()


def directly(model: Any, data: Any, *, classes: bool) -> float:
    """Accuracy, or R2, in five-fold cross-validation."""
    kind = StratifiedKFold if classes else KFold
    with threadpool_limits(1):
        found = cross_val_predict(model, data.data, data.target, cv=kind(5, shuffle=True, random_state=0))
    return float((accuracy_score if classes else r2_score)(data.target, found))


@pytest.mark.parametrize(
    ("load", "least"), [(load_iris, 0.94), (load_wine, 0.96), (load_breast_cancer, 0.96)]
)
@pytest.mark.parametrize("model", ["auto", *CLASSIFIERS])
def test_classes_are_told_as_well_as_scikit_learn_tells_them(
    site: Site, load: Any, least: float, model: str
) -> None:
    data = load()
    document = trained(site, "p", as_csv(data, list(data.target_names)), target="target", model=model)
    direct = directly(CLASSIFIERS[document["model"]](), data, classes=True)
    assert document["metrics"]["accuracy"] == pytest.approx(direct, abs=0.01)
    assert model != "auto" or document["metrics"]["accuracy"] >= least
    assert document["rows"] == len(data.target)
    assert [feature["name"] for feature in document["features"]] == list(data.feature_names)
    values = dict(zip(data.feature_names, data.data[0].tolist(), strict=True))
    answer = predicted(site, "p", values).get_json()
    assert answer["prediction"] == data.target_names[data.target[0]]


@pytest.mark.parametrize("model", ["auto", *REGRESSORS])
def test_numbers_are_told_as_well_as_scikit_learn_tells_them(site: Site, model: str) -> None:
    data = load_diabetes()
    document = trained(site, "p", as_csv(data, None), target="target", model=model)
    assert document["task"] == "regression"
    direct = directly(REGRESSORS[document["model"]](), data, classes=False)
    assert document["metrics"]["r2"] == pytest.approx(direct, abs=0.01)
    values = dict(zip(data.feature_names, data.data[0].tolist(), strict=True))
    answer = predicted(site, "p", values).get_json()
    assert np.isfinite(answer["prediction"])
