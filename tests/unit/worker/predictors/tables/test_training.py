"""Training on matrices, what models answer, and files that must not be read."""

import os
import pickle
import zipfile
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import skops.io
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from shared.db.queries.predictors.predictors import VersionRow
from worker.predictors import measures
from worker.predictors.tables.algorithms import storage
from worker.predictors.tables.algorithms.answers import explain
from worker.predictors.tables.algorithms.folds import cross_validation, one_fifth, sample
from worker.predictors.tables.algorithms.pipelines import most_rows, names
from worker.predictors.tables.algorithms.training import Data, predict, train
from worker.predictors.warm_models import WarmModel, WarmModels


def nobody(_progress: float) -> None:
    """Progress that nobody watches."""


def made_up(rows: int, classes: int, *, seed: int = 0) -> Data:
    """Two numbers with gaps and a category of three choices, which say something about the target."""
    random = np.random.default_rng(seed)
    X = np.column_stack([random.normal(size=(rows, 2)), random.integers(0, 3, rows)])  # noqa: N806
    score = X[:, 0] + (X[:, 2] == 1)
    X[::7, 1] = np.nan
    X[::11, 2] = np.nan
    y: NDArray[Any] = np.argsort(np.argsort(score)) * classes // rows if classes else score
    return Data(X, y, [2], classes)


@pytest.mark.parametrize("classes", [0, 2, 4])
def test_every_model_comes_out_of_its_file_as_it_went_in(classes: int) -> None:
    data = made_up(80, classes)
    for name in names(classes):
        fitted = data.build(name).fit(data.X, data.y)
        loaded = storage.load(storage.dump(fitted))
        found = predict(loaded, data.X, classes)
        np.testing.assert_array_equal(found, predict(fitted, data.X, classes))
        if classes:
            np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("classes", [0, 2, 4])
def test_held_out_rows_are_each_predicted_by_a_model_that_has_not_seen_them(classes: int) -> None:
    data = made_up(80, classes)
    progress: list[float] = []
    training = train(data, names(classes), progress.append)
    assert sorted(training.rows) == list(range(80))
    assert training.importances.argmax() == 0
    assert set(training.scores) == set(names(classes))
    assert progress == sorted(progress)
    assert progress[-1] == 1
    again = train(data, names(classes), nobody)
    np.testing.assert_array_equal(training.predicted, again.predicted)


def test_noise_is_not_made_to_look_good_by_the_choice_of_a_model() -> None:
    random = np.random.default_rng(0)
    data = Data(random.normal(size=(120, 8)), random.integers(0, 2, 120), [], 2)
    training = train(data, names(2), nobody)
    metrics = measures.classification_metrics(data.y[training.rows], training.predicted)
    assert metrics.balanced_accuracy < 0.62


def test_ten_rows_are_enough() -> None:
    X = np.arange(10.0).reshape(10, 1)  # noqa: N806
    training = train(Data(X, np.arange(10) // 5, [], 2), names(2), nobody)
    assert len(training.rows) == 10
    assert train(Data(X, X[:, 0] * 2, [], 0), names(0), nobody).model == "linear-regression"


def test_a_large_table_holds_out_a_fifth() -> None:
    data = made_up(3_000, 2)
    training = train(data, ["gaussian-naive-bayes", "logistic-regression"], nobody)
    assert (training.folds, len(training.rows)) == (1, 600)


def test_folds_and_samples_keep_the_shares_of_classes() -> None:
    y = np.array([0] * 80 + [1] * 20)
    for _, held in cross_validation(y, 2, 5):
        assert np.bincount(y[held]).tolist() == [16, 4]
    ((_, fifth),) = one_fifth(y, 2)
    assert np.bincount(y[fifth]).tolist() == [16, 4]
    assert np.bincount(y[sample(100, 50, y, 2)]).tolist() == [40, 10]
    assert len(cross_validation(np.array([0, 0, 0, 1, 1]), 2, 5)) == 2
    assert cross_validation(np.array([0, 0, 0, 1]), 2, 5) == []


def test_a_rare_class_keeps_nothing_from_being_learned() -> None:
    data = made_up(120, 2)
    y = np.where(np.arange(120) < 2, 2, data.y)
    training = train(Data(data.X, y, [2], 3), names(3), nobody)
    assert len(training.rows) == 120
    assert training.scores
    lonely = Data(data.X, np.where(np.arange(120) < 2, 1, 0), [2], 2)
    assert len(train(lonely, names(2), nobody).rows) == 120


def test_a_sample_holds_two_rows_of_every_class() -> None:
    y = np.array([0] * 1000 + [1, 1])
    assert np.bincount(y[sample(1002, 100, y, 2)]).tolist() == [100, 2]
    assert len(sample(1002, 100, y.astype(float), 0)) == 100


def test_what_is_learned_from_at_a_time_shrinks_with_what_categories_become() -> None:
    assert most_rows(10, []) == 1_000_000
    assert most_rows(10, [5, 100]) == 10_000_000 // (8 + 5 + 20)


def test_figures_of_known_predictions_are_right() -> None:
    y = np.array([0, 0, 0, 1])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
    metrics = measures.classification_metrics(y, probabilities)
    assert metrics.accuracy == 0.75
    assert metrics.balanced_accuracy == pytest.approx((2 / 3 + 1) / 2)
    assert metrics.roc_auc == 1
    assert metrics.log_loss == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.7]).mean())
    assert metrics.baseline.accuracy == 0.75
    assert metrics.baseline.balanced_accuracy == 0.5
    assert measures.confusion(y, probabilities).tolist() == [[2, 1], [0, 1]]
    bins = measures.calibration(y, probabilities)
    assert sum(each.rows for each in bins) == 4
    assert [each.accuracy for each in bins if each.low == 0.6] == [0]
    truth, found = np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 3, 6])
    assert measures.regression_metrics(truth, found).mae == 0.5
    assert measures.regression_metrics(truth, found).r2 == pytest.approx(1 - 4 / 5)


def test_intervals_hold_nine_of_ten_values_that_were_not_seen() -> None:
    random = np.random.default_rng(0)
    inside = []
    for _ in range(300):
        low, high = measures.interval_offsets(random.normal(size=60))
        inside.append(low <= random.normal() <= high)
    assert 0.86 < np.mean(inside) < 0.96


def test_effects_of_a_linear_regression_are_its_terms() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(50, 3))  # noqa: N806
    data = Data(X, X @ [2.0, -1.0, 0.0], [], 0)
    fitted = data.build("linear-regression").fit(data.X, data.y)
    found = explain(fitted, np.array([1.0, 1, 1]), np.zeros(3), np.arange(3), 0)
    np.testing.assert_allclose(found.effects, [2, -1, 0], atol=1e-9)
    np.testing.assert_allclose(found.predicted, [1], atol=1e-9)


def test_effects_of_two_columns_sum_to_what_the_row_gains() -> None:
    data = made_up(80, 2)
    pair = Data(data.X[:, :2], data.y, [], 2)
    fitted = pair.build("random-forest").fit(pair.X, pair.y)
    row, usual = np.array([2.0, 1.0]), np.zeros(2)
    found = explain(fitted, row, usual, np.arange(2), 2)
    gain = predict(fitted, np.vstack([row, usual]), 2)[:, found.predicted.argmax()]
    assert found.effects.sum() == pytest.approx(gain[0] - gain[1])


class Marks:
    """Leaves a mark when it is built: what a hostile file would do worse."""

    marks: list[str] = []  # noqa: RUF012

    def __setstate__(self, state: object) -> None:
        self.marks.append("built")


def as_zip(**files: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_json", ".json"), data)
    return out.getvalue()


HOSTILE = {
    "an object of a foreign class": skops.io.dumps(Marks()),
    "a function to call": skops.io.dumps(make_pipeline(FunctionTransformer(os.system))),
    "a trusted type that is no model": skops.io.dumps({"a": np.arange(3)}),
    "a pickle": pickle.dumps(Marks()),
    "not a file of its kind": b"PK\x03\x04 and no more",
    "a zip of nothing": as_zip(),
    "a schema without a meaning": as_zip(schema_json=b"{}"),
    "a schema that is no JSON": as_zip(schema_json=b"{"),
    "a type that does not exist": as_zip(
        schema_json=b'{"__class__": "X", "__module__": "os", "__loader__": "ObjectNode", "__id__": 1, '
        b'"content": {}, "protocol": 1, "_skops_version": "0.16.0"}'
    ),
    "nothing": b"",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_and_nothing_of_it_runs(data: bytes) -> None:
    Marks.marks.clear()
    with pytest.raises(storage.UnknownContent):
        storage.load(data)
    assert Marks.marks == []


def test_warm_models_make_room_for_each_other() -> None:
    read: list[int] = []

    def reader(key: int) -> Callable[[], WarmModel]:
        def make() -> WarmModel:
            read.append(key)
            # Of a version only its size is looked at.
            return WarmModel(cast("VersionRow", SimpleNamespace(bytes=10)), key)

        return make

    models = WarmModels(most_models=2, most_bytes=100)
    found = [models.get(key, 1, reader(key)).model for key in (1, 2, 1, 3, 1, 2)]
    assert found == [1, 2, 1, 3, 1, 2]
    assert read == [1, 2, 3, 2]
    small = WarmModels(most_models=9, most_bytes=15)
    read.clear()
    for key in (1, 2, 1):
        small.get(key, 1, reader(key))
    assert read == [1, 2, 1]
