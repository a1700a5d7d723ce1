"""k places such that weighted points are near, on average."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shared.limits import MAX_COLORS
from worker.imaging.algorithms.k_medians import k_medians

Doubles = NDArray[np.float64]


def cloud(seed: int, n: int = 400) -> tuple[Doubles, Doubles]:
    """Points in lumps of different sizes, and weights from 1 to a thousand."""
    rng = np.random.default_rng(seed)
    lumps = rng.random((12, 3))[rng.integers(0, 12, n)]
    return lumps + rng.normal(0, 0.04, (n, 3)), np.ceil(10 ** rng.uniform(0, 3, n))


def mean_distance(points: Doubles, weights: Doubles, places: Doubles) -> float:
    apart = np.linalg.norm(points[:, None] - places, axis=2)
    return float(np.average(apart.min(axis=1), weights=weights))


def plain_k_medians(points: Doubles, weights: Doubles, k: int, seed: int) -> Doubles:
    """As the textbook has it: k-means++, then each place to the geometric median of its points, to rest."""
    rng = np.random.default_rng(seed)
    places = points[rng.choice(len(points), 1, p=weights / weights.sum())]
    while len(places) < k:
        squared = np.square(points[:, None] - places).sum(axis=2).min(axis=1) * weights
        places = np.vstack([places, points[rng.choice(len(points), p=squared / squared.sum())]])
    for _ in range(100):
        apart = np.linalg.norm(points[:, None] - places, axis=2)
        labels, pulls = apart.argmin(axis=1), weights / np.maximum(apart.min(axis=1), 1e-9)
        places = np.stack(
            [
                np.average(points[labels == each], axis=0, weights=pulls[labels == each])
                if (labels == each).any()
                else places[each]
                for each in range(k)
            ]
        )
    return places


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("k", [2, 5, 16])
def test_it_is_about_as_good_as_the_best_of_five_plain_runs(k: int, seed: int) -> None:
    points, weights = cloud(seed)
    plain = [plain_k_medians(points, weights, k, start) for start in range(5)]
    best = min(mean_distance(points, weights, places) for places in plain)
    assert mean_distance(points, weights, k_medians(points, weights, k).places) <= 1.03 * best


@given(st.integers(0, 10_000), st.integers(2, MAX_COLORS), st.integers(0, 50))
def test_each_point_is_labelled_with_its_nearest_place(seed: int, k: int, more: int) -> None:
    points, weights = cloud(seed, k + more)
    places, labels = k_medians(points, weights, k)
    apart = np.linalg.norm(points[:, None] - places, axis=2)
    assert places.shape == (k, 3)
    assert apart[np.arange(len(points)), labels] == pytest.approx(apart.min(axis=1), abs=1e-7)


@given(st.integers(0, 10_000), st.integers(2, MAX_COLORS))
def test_the_same_points_have_the_same_places_to_the_last_bit(seed: int, k: int) -> None:
    points, weights = cloud(seed)
    once, again = k_medians(points, weights, k), k_medians(points.copy(), weights.copy(), k)
    assert np.array_equal(once.places, again.places)
    assert np.array_equal(once.labels, again.labels)


def test_more_points_than_one_product_takes_are_all_seen() -> None:
    # A quarter of the weight lies in the last ten of 20,000 points, far from all others.
    points = np.concatenate([np.random.default_rng(3).random((19_990, 3)), np.full((10, 3), 5.0)])
    weights = np.concatenate([np.ones(19_990), np.full(10, 700.0)])
    places, labels = k_medians(points, weights, 2)
    assert (labels[-10:] == labels[-1]).all()
    assert not (labels[:-10] == labels[-1]).any()
    assert places[labels[-1]] == pytest.approx([5, 5, 5], abs=1e-3)


@pytest.mark.parametrize("seed", range(20))
def test_a_heavy_point_is_not_taken_twice(seed: int) -> None:
    # In float32 many a point seems to be up to 5e-4 from itself.
    points = np.random.default_rng(seed).random((3, 3)) * 0.05 + 0.9
    labels = k_medians(points, np.array([1e9, 1.0, 1.0]), 3).labels
    assert sorted(labels.tolist()) == [0, 1, 2]


def test_points_that_are_all_the_same_are_no_trouble() -> None:
    places, labels = k_medians(np.full((5, 3), 0.25), np.ones(5), 3)
    assert np.isfinite(places).all()
    assert places[labels] == pytest.approx(np.full((5, 3), 0.25), abs=1e-6)


def test_a_swap_finds_what_the_seeds_missed() -> None:
    # Without swaps this cloud ends 11 % above the best of many plain runs.
    points, weights = cloud(9)
    plain = min(
        mean_distance(points, weights, plain_k_medians(points, weights, 7, start)) for start in range(20)
    )
    assert mean_distance(points, weights, k_medians(points, weights, 7).places) <= 1.01 * plain
