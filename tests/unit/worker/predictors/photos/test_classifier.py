"""Photos told apart: calibrated, each class counting the same, and measured on what was not seen."""

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.predictors.photos.algorithms.classifier import balanced_log_loss, find_temperature, train
from worker.predictors.photos.algorithms.linear_head import LinearHead, softmax


def clouds(
    counts: list[int], apart: float, seed: int = 0, dimensions: int = 32
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Points of length 1 around one direction a class, `apart` from each other in units of their spread."""
    random = np.random.default_rng(seed)
    # Like embeddings of photos: all near one direction, so that what tells them apart is small.
    common = np.full(dimensions, 2.0)
    centres = random.normal(size=(len(counts), dimensions)) * apart
    classes = np.repeat(np.arange(len(counts)), counts)
    points = common + centres[classes] + random.normal(size=(len(classes), dimensions))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), classes


def test_classes_that_lie_apart_are_told_apart_also_when_unseen() -> None:
    embeddings, classes = clouds([25, 25, 25], apart=1.5)
    trained = train(embeddings, classes)
    assert (trained.held_out.argmax(axis=1) == classes).mean() > 0.95
    assert trained.folds == 5
    np.testing.assert_allclose(trained.held_out.sum(axis=1), 1)


def test_labels_drawn_by_chance_are_told_no_better_than_by_chance_when_unseen() -> None:
    embeddings, _ = clouds([200], apart=0, dimensions=256)
    classes = np.random.default_rng(1).integers(0, 2, 200)
    trained = train(embeddings, classes)
    right = trained.head.probabilities(embeddings).argmax(axis=1) == classes
    assert right.mean() > 0.7  # what was seen is progress well, so the next line could fail
    assert 0.35 < (trained.held_out.argmax(axis=1) == classes).mean() < 0.65
    # And it knows: surprise stays near that of a coin.
    assert balanced_log_loss(trained.held_out, classes) < 0.75


def test_a_rare_class_is_found_as_often_as_a_common_one() -> None:
    embeddings, classes = clouds([300, 20], apart=0.45)
    answers = train(embeddings, classes).held_out.argmax(axis=1)
    recall = [(answers[classes == one] == one).mean() for one in (0, 1)]
    assert min(recall) > 0.6
    assert abs(recall[0] - recall[1]) < 0.25


def test_the_order_of_photos_and_of_classes_changes_nothing() -> None:
    embeddings, classes = clouds([20, 20], apart=0.6)
    swapped = train(embeddings, 1 - classes).head.probabilities(embeddings)
    np.testing.assert_allclose(
        train(embeddings, classes).head.probabilities(embeddings), swapped[:, ::-1], atol=0.02
    )


def test_two_photos_a_class_train() -> None:
    embeddings, classes = clouds([2, 2], apart=2)
    trained = train(embeddings, classes)
    assert trained.folds == 2
    assert np.isfinite(trained.held_out).all()


def test_few_photos_make_no_certainty() -> None:
    embeddings, classes = clouds([5, 5], apart=8)
    assert train(embeddings, classes).held_out.max() < 0.95


@pytest.mark.parametrize("classes", [[], [0, 0, 0], [0, 0, 1], [0, 0, 2, 2]])
def test_what_cannot_be_divided_is_refused(classes: list[int]) -> None:
    embeddings = np.eye(len(classes), 8, dtype=np.float32)
    with pytest.raises(ValueError, match="at least two classes of at least two photos"):
        train(embeddings, np.array(classes, np.intp))


def test_photos_that_are_all_the_same_leave_the_answer_open() -> None:
    embeddings = np.tile(np.eye(1, 16, dtype=np.float32), (12, 1))
    trained = train(embeddings, np.repeat([0, 1, 2], 4))
    np.testing.assert_allclose(trained.held_out, 1 / 3, atol=1e-6)


def test_a_temperature_undoes_overconfidence() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(4000, 3)) * 2
    classes = np.array([random.choice(3, p=row) for row in softmax(logits)])
    assert find_temperature(logits, classes) == pytest.approx(1, abs=0.1)
    assert find_temperature(logits * 5, classes) == pytest.approx(5, abs=0.5)


def test_a_head_is_the_softmax_of_a_linear_map() -> None:
    head = LinearHead(np.array([1.0, 0.0]), np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([0.5, 0.0]))
    np.testing.assert_allclose(head.logits(np.array([[2, 3]], np.float32)), [[7.5, 0]])
    assert head.probabilities(np.array([[2, 3]], np.float32))[0, 0] == pytest.approx(1 / (1 + np.exp(-7.5)))


def test_progress_comes_to_its_end_fold_by_fold() -> None:
    progress: list[float] = []
    train(*clouds([6, 6], apart=1), progress.append)
    assert progress == sorted(progress)
    assert len(progress) == 5
