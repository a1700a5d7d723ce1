"""What is unlike the training photos is told from what is like them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.predictors.photos.algorithms import novelty
from worker.predictors.photos.algorithms.novelty import Familiar, familiar


def around(direction: int, count: int, seed: int) -> NDArray[np.float32]:
    points = np.random.default_rng(seed).normal(0, 0.15, (count, 64))
    points[:, direction] += 1
    unit: NDArray[np.float32] = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    return unit


def new_to(known: Familiar, photos: NDArray[np.float32]) -> NDArray[np.bool_]:
    return known.is_new(known.similarity(photos))


def test_what_is_like_training_photos_is_familiar_and_what_is_not_is_new() -> None:
    known = familiar(np.concatenate([around(0, 300, 1), around(1, 300, 2)]))
    assert new_to(known, around(0, 200, 3)).mean() < 0.05
    assert new_to(known, around(2, 200, 4)).all()


def test_the_warning_is_seldom_wrong_about_the_training_photos_left_out_of_themselves() -> None:
    photos = around(0, 400, 1)
    left_out = [
        new_to(familiar(np.delete(photos, at, axis=0)), photos[at : at + 1])[0] for at in range(0, 400, 8)
    ]
    assert np.mean(left_out) <= 0.06


def test_a_photo_does_not_vouch_for_itself() -> None:
    apart = np.eye(10, dtype=np.float32)
    assert familiar(apart).threshold == pytest.approx(0)


def test_two_photos_are_enough() -> None:
    known = familiar(around(0, 2, 1))
    assert not new_to(known, around(0, 2, 1)).any()
    assert new_to(known, around(5, 3, 2)).all()


def test_many_photos_are_sampled_and_measured_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(novelty, "MOST_REFERENCES", 50)
    monkeypatch.setattr(novelty, "_ROWS", 16)
    known = familiar(around(0, 300, 1))
    assert known.references.shape == (50, 64)
    assert not new_to(known, around(0, 40, 2)).all()
    assert new_to(known, around(1, 40, 3)).all()
