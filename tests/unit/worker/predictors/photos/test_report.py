"""Figures of a classifier, against scikit-learn's own and against what can be counted by hand."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from worker.predictors.photos.report import report, wilson_interval

# Photo by photo: probabilities of two classes. Photos 0 to 3 are of class 0, 4 and 5 of class 1.
HELD_OUT = np.array([[0.95, 0.05], [0.85, 0.15], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8], [0.55, 0.45]])
CLASSES = np.array([0, 0, 0, 0, 1, 1])


def test_figures_are_those_that_can_be_counted() -> None:
    metrics = report(HELD_OUT, CLASSES, ("a", "b")).metrics
    assert metrics.accuracy == pytest.approx(4 / 6)
    assert metrics.recall == (0.75, 0.5)
    assert metrics.balanced_accuracy == pytest.approx(0.625)
    assert metrics.roc_auc == pytest.approx(7 / 8)
    surprise = -np.log([0.95, 0.85, 0.6, 0.3]), -np.log([0.8, 0.45])
    assert metrics.log_loss == pytest.approx(np.concatenate(surprise).mean())
    assert metrics.balanced_log_loss == pytest.approx(np.mean([each.mean() for each in surprise]))


def test_each_cell_of_the_matrix_names_its_photos_the_surest_first() -> None:
    found = report(HELD_OUT, CLASSES, ("a", "b"))
    assert found.confusion.matrix == ((3, 1), (1, 1))
    assert found.cells == [[[0, 1, 2], [3]], [[5], [4]]]


def test_a_calibrated_classifier_has_a_small_calibration_error_and_a_boaster_a_large_one() -> None:
    random = np.random.default_rng(0)
    honest = random.uniform(0.5, 1, 5000)
    classes = (random.uniform(size=5000) > honest).astype(np.intp)
    assert report(np.stack([honest, 1 - honest], 1), classes, ("a", "b")).metrics.calibration_error < 0.03
    boast = np.full(5000, 0.99)
    assert report(np.stack([boast, 1 - boast], 1), classes, ("a", "b")).metrics.calibration_error > 0.2


def test_more_than_two_classes_have_scikit_learns_figures() -> None:
    random = np.random.default_rng(3)
    held_out = random.dirichlet([1, 1, 1], 90)
    classes = np.repeat([0, 1, 2], 30)
    found = report(held_out, classes, ("a", "b", "c"))
    assert found.metrics.roc_auc == pytest.approx(
        roc_auc_score(classes, held_out, multi_class="ovr", average="macro")
    )
    assert found.metrics.balanced_accuracy == pytest.approx(
        balanced_accuracy_score(classes, held_out.argmax(axis=1))
    )


def test_an_interval_is_wide_for_few_photos_and_never_certain() -> None:
    assert wilson_interval(10, 10) == pytest.approx((0.7225, 1), abs=1e-4)
    assert wilson_interval(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    low, high = wilson_interval(950, 1000)
    assert (low, high) == pytest.approx((0.9347, 0.9619), abs=1e-4)
