"""The proof in worker/index/exact/codes/rotated.py, tried on vectors that are hard on it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tests.support.vectors import awkward_pool, near_ties, random_vectors, unit
from worker.index.exact.codes.integer_products import int8_speed, multiply
from worker.index.exact.codes.rotated import Codes, bounds, encode, make_frame, principal_axes
from worker.index.exact.codes.straight import encode_straight, straight_frame
from worker.index.exact.topk import similarity

FAMILIES = {
    "random": random_vectors(150, 128),
    "nearly the same": near_ties(150, 128),
    "positive, so that errors add up": unit(np.abs(random_vectors(150, 128))),
    "growing": unit(np.geomspace(1e-6, 1, 128)[np.newaxis].repeat(3, axis=0)),
    "one-hot": np.eye(128, dtype=np.float32),
    "all equal": np.repeat(random_vectors(1, 128), 30, axis=0),
    "opposites": np.vstack([random_vectors(40, 128), -random_vectors(40, 128)]),
    "longer than they should be": random_vectors(100, 128) * np.float32(1.0004),
    "zeros": np.zeros((5, 128), np.float32),
    "denormal": np.full((5, 128), 1e-42, np.float32),
    "in a plane": unit(random_vectors(100, 2) @ random_vectors(2, 128)),
    "awkward": awkward_pool(128),
}


def coded(vectors: NDArray[np.float32], sample: NDArray[np.float32], size: int | None) -> Codes:
    """Turned codes of so many numbers, or those of vectors as they stand."""
    rows = np.arange(len(vectors))
    with ThreadPoolExecutor(2) as pool:
        if size is None:
            return encode_straight(vectors, rows, straight_frame(sample), pool)
        return encode(vectors, rows, make_frame(principal_axes(sample), size, sample), pool)


def similarities(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.array([similarity(np.broadcast_to(row, vectors.shape), vectors) for row in vectors])


@pytest.mark.parametrize("size", [None, 64, 128, 192])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("sample", ["random", "its own"])
def test_no_similarity_is_above_the_bound_of_its_codes(family: str, size: int | None, sample: str) -> None:
    vectors = FAMILIES[family]
    codes = coded(vectors, FAMILIES["random"] if sample == "random" else vectors, size)
    assert (similarities(vectors) <= bounds(codes, codes)).all()


@settings(deadline=None, max_examples=80)
@given(
    drawn=arrays(np.float32, (12, 24), elements=st.floats(-1, 1, width=32, allow_subnormal=True)),
    size=st.sampled_from([None, 8, 25, 64]),
)
def test_no_similarity_of_any_vectors_is_above_the_bound(
    drawn: NDArray[np.float32], size: int | None
) -> None:
    vectors = unit(drawn)
    codes = coded(vectors, vectors[:6], size)
    assert (similarities(vectors) <= bounds(codes, codes)).all()


@pytest.mark.parametrize("size", [None, 192])
def test_without_what_rounding_takes_away_the_bound_would_not_hold(size: int | None) -> None:
    vectors = FAMILIES["random"]
    wide = vectors.astype(np.float64)
    mean = principal_axes(vectors).mean
    codes = coded(vectors, vectors, size)
    without = Codes(codes.values, codes.scales, (wide @ mean - mean @ mean / 2).astype(np.float32))
    assert (similarities(vectors) > bounds(without, without)).any()


def test_without_what_the_axes_leave_out_the_bound_would_not_hold() -> None:
    vectors = FAMILIES["random"]
    axes = principal_axes(vectors)
    frame = make_frame(axes, 64, vectors)
    with ThreadPoolExecutor(1) as pool:
        codes = encode(vectors, np.arange(len(vectors)), frame._replace(beside=0 * frame.beside), pool)
    assert (similarities(vectors) > bounds(codes, codes)).any()


@pytest.mark.parametrize("size", [None, 192])
def test_the_bound_is_near_enough_to_be_of_use(size: int | None) -> None:
    vectors = unit(np.abs(random_vectors(300, 128)))
    codes = coded(vectors, vectors, size)
    assert (bounds(codes, codes) - similarities(vectors)).mean() < 0.02


@pytest.mark.parametrize("size", [None, 64])
def test_codes_fill_eight_bits_whatever_the_length_of_a_vector(size: int | None) -> None:
    vectors = random_vectors(20, 32) * np.float32(1e-3)
    codes = coded(vectors, vectors, size)
    assert (np.abs(codes.values.astype(int)).max(axis=1) == 127).all()


@pytest.mark.parametrize("size", [1025, 4096])
def test_codes_longer_than_the_proof_allows_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="at most 1024"):
        make_frame(principal_axes(FAMILIES["random"]), size, FAMILIES["random"])


def test_the_longest_codes_of_the_largest_numbers_have_products_that_float32_holds() -> None:
    assert 1024 * 127**2 < 2**24


@pytest.mark.parametrize("rows", [1, 7, 64])
@pytest.mark.parametrize("size", [64, 256, 1024])
@pytest.mark.parametrize("int8", [True, False])
def test_products_of_codes_are_exact_on_either_unit(rows: int, size: int, int8: bool) -> None:
    if int8 and not int8_speed():
        pytest.skip("This CPU has no unit for int8, or one that is not exact.")
    generator = np.random.default_rng(0)
    left = generator.choice(np.array([-127, 127, 3], np.int8), (rows, size))
    right = generator.integers(-127, 128, (33, size)).astype(np.int8)
    left[0], right[0] = 127, 127
    found = multiply(left, right, np.empty(64 * 64, np.int32), int8=int8)
    np.testing.assert_array_equal(found, left.astype(np.int64) @ right.T.astype(np.int64))
