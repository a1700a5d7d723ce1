"""Which photos are worth a label: the unsure ones, and not the same one many times."""

import numpy as np
import pytest

from worker.predictors.photos.algorithms.uncertainty import choose_to_label, entropy


def test_entropy_runs_from_sure_to_no_idea() -> None:
    found = entropy(np.array([[1.0, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0]]))
    assert found == pytest.approx([0, 1, np.log(2) / np.log(3)], abs=1e-9)


def test_the_least_sure_come_first() -> None:
    probabilities = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7], [1.0, 0.0]])
    apart = np.eye(4, dtype=np.float32)
    assert choose_to_label(probabilities, apart, 3).tolist() == [1, 2, 0]


def test_a_twin_of_a_chosen_photo_waits() -> None:
    probabilities = np.array([[0.5, 0.5], [0.51, 0.49], [0.6, 0.4]])
    embeddings = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert choose_to_label(probabilities, embeddings, 3).tolist() == [0, 2, 1]


def test_no_more_are_chosen_than_there_are() -> None:
    probabilities = np.full((2, 2), 0.5)
    assert sorted(choose_to_label(probabilities, np.eye(2, dtype=np.float32), 9).tolist()) == [0, 1]
    assert choose_to_label(np.empty((0, 2)), np.empty((0, 4), np.float32), 3).tolist() == []
