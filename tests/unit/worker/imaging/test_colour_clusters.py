"""k places for weighted points, such that few points are far from all of them."""

from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shared.limits import MAX_COLORS
from worker.imaging.algorithms.colour_clusters import Reals, WeightedPoints

Doubles = NDArray[np.float64]


def cloud(seed: int, n: int = 400) -> tuple[Doubles, Doubles]:
    """Points in lumps of different sizes, as far apart as colours in DIN99o, and weights from 1 to a thousand."""
    rng = np.random.default_rng(seed)
    lumps = rng.random((12, 3))[rng.integers(0, 12, n)]
    return 100 * (lumps + rng.normal(0, 0.04, (n, 3))), np.ceil(10 ** rng.uniform(0, 3, n))


def cost(points: Doubles, weights: Doubles, places: Reals) -> float:
    """The mean of the cubed distances."""
    apart = np.linalg.norm(points[:, None] - places, axis=2).min(axis=1)
    return float(np.average(apart**3, weights=weights))


def plain_search(points: Doubles, weights: Doubles, k: int, seed: int) -> Doubles:
    """As the textbook has it: k-means++, then each place to the mean of its points, to rest."""
    rng = np.random.default_rng(seed)
    places = points[rng.choice(len(points), 1, p=weights / weights.sum())]
    while len(places) < k:
        costs = np.linalg.norm(points[:, None] - places, axis=2).min(axis=1) ** 3 * weights
        places = np.vstack([places, points[rng.choice(len(points), p=costs / costs.sum())]])
    for _ in range(50):
        labels = np.linalg.norm(points[:, None] - places, axis=2).argmin(axis=1)
        places = np.stack(
            [
                np.average(points[labels == each], axis=0, weights=weights[labels == each])
                if (labels == each).any()
                else places[each]
                for each in range(k)
            ]
        )
    return places


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("k", [2, 5, 16])
def test_it_is_about_as_good_as_the_middle_one_of_five_plain_runs(k: int, seed: int) -> None:
    points, weights = cloud(seed)
    plain = median(cost(points, weights, plain_search(points, weights, k, start)) for start in range(5))
    assert cost(points, weights, WeightedPoints(points, weights).places(k)) <= 1.1 * plain


@given(st.integers(0, 10_000), st.integers(2, MAX_COLORS), st.integers(0, 50))
def test_each_point_is_labelled_with_its_nearest_place(seed: int, k: int, more: int) -> None:
    points, weights = cloud(seed, k + more)
    search = WeightedPoints(points, weights).exact()
    places = WeightedPoints(points, weights).places(k).astype(np.float64)
    apart = np.linalg.norm(points[:, None] - places, axis=2)
    assert places.shape == (k, 3)
    assert apart[np.arange(len(points)), search.labels(places)] == pytest.approx(apart.min(axis=1), abs=1e-4)


@given(st.integers(0, 10_000), st.integers(2, MAX_COLORS))
def test_the_same_points_have_the_same_places_to_the_last_bit(seed: int, k: int) -> None:
    points, weights = cloud(seed)
    once, again = WeightedPoints(points, weights), WeightedPoints(points.copy(), weights.copy())
    assert np.array_equal(once.places(k), again.places(k))
    assert np.array_equal(once.settled(once.places(k), 3), again.settled(again.places(k), 3))


def test_more_points_than_one_product_takes_are_all_seen() -> None:
    # A quarter of the weight lies in the last ten of 40,000 points, far from all others.
    points = np.concatenate([100 * np.random.default_rng(3).random((39_990, 3)), np.full((10, 3), 500.0)])
    weights = np.concatenate([np.ones(39_990), np.full(10, 1400.0)])
    search = WeightedPoints(points, weights)
    places = search.places(2)
    labels = search.labels(places)
    assert (labels[-10:] == labels[-1]).all()
    assert not (labels[:-10] == labels[-1]).any()
    assert places[labels[-1]] == pytest.approx([500, 500, 500], abs=0.01)


def test_points_that_are_all_the_same_are_no_trouble() -> None:
    search = WeightedPoints(np.full((5, 3), 25.0), np.ones(5))
    places = search.settled(search.places(3), 2)
    assert np.isfinite(places).all()
    assert places[search.labels(places)] == pytest.approx(np.full((5, 3), 25.0), abs=1e-4)


def test_places_settle_nearer_to_most_points_than_their_means() -> None:
    # Of a lump with a tail the median lies in the lump.
    points = np.concatenate([np.zeros((90, 3)), np.full((10, 3), 8.0)])
    search = WeightedPoints(points, np.ones(100))
    mean = search.moved(np.ones((1, 3), np.float32), 3)
    assert np.linalg.norm(search.settled(mean, 10)) < 0.1 * np.linalg.norm(mean)


def test_a_small_group_far_away_has_a_place() -> None:
    # Its mean distance is worth less than what another place in the large group would bring.
    rng = np.random.default_rng(4)
    points = np.concatenate([rng.normal(50, 6, (990, 3)), np.full((10, 3), 95.0)])
    places = WeightedPoints(points, np.ones(1000)).places(6)
    assert np.linalg.norm(places - 95.0, axis=1).min() < 1
