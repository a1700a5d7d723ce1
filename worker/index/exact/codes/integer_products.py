"""Matrix products of small integers, exact, by whichever unit of the CPU computes them faster."""

import time
from collections.abc import Callable
from functools import lru_cache
from statistics import median
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from worker.index.exact.threads import compute_threads

# Rows, columns and length of the products that are timed: large enough to run at full speed, a few milliseconds in all.
_SIDE: Final = 512
_LENGTH: Final = 256
_TIMES: Final = 20


def multiply(
    left: NDArray[np.int8], right: NDArray[np.int8], space: NDArray[np.int32], *, int8: bool
) -> NDArray[np.int32] | NDArray[np.float32]:
    """left @ right.T, (p, q), of (p, D) and (q, D) numbers from -127 to 127, D <= 2^10.

    In the first p * q numbers of `space`, as int32 or as float32, both exact: no sum reaches 2^24. int8: whether by the
    units for int8, which must be there (`int8_speed`).
    """
    shape = len(left), len(right)
    out = space[: shape[0] * shape[1]].reshape(shape)
    if int8:
        _multiply_int8(left, right, out)
        return out
    floats = out.view(np.float32)
    np.matmul(left.astype(np.float32), right.T.astype(np.float32), out=floats)
    return floats


def int8_is_faster() -> bool:
    """Which way `multiply` should go on this machine."""
    return int8_speed() > float32_speed()


def speed() -> float:
    """Multiplications a nanosecond of one thread, the faster way, roughly."""
    return max(int8_speed(), float32_speed())


@lru_cache(maxsize=1)
def int8_speed() -> float:
    """Of the units for int8; 0 where there are none, or where they cut what they compute.

    Without instructions for it, sums of two products are kept in 16 bits, which the largest numbers overflow.
    """
    if not torch.cpu._is_vnni_supported():  # noqa: SLF001 -- torch has no public name for it
        return 0.0
    extremes = np.array([127, -127], np.int8)
    left = np.repeat(extremes, _SIDE // 2)[:, np.newaxis].repeat(_LENGTH, axis=1)
    right = np.random.default_rng(0).choice(extremes, (_SIDE, _LENGTH))
    right[:2] = extremes[:, np.newaxis]
    out = np.empty((_SIDE, _SIDE), np.int32)
    _multiply_int8(left, right, out)
    if not np.array_equal(out, left.astype(np.int32) @ right.T.astype(np.int32)):
        return 0.0
    return _speed(lambda: _multiply_int8(left, right, out))


@lru_cache(maxsize=1)
def float32_speed() -> float:
    """Of numpy's matrix product."""
    numbers = np.ones((_SIDE, _LENGTH), np.float32)
    out = np.empty((_SIDE, _SIDE), np.float32)
    return _speed(lambda: np.matmul(numbers, numbers.T, out=out))


def _multiply_int8(left: NDArray[np.int8], right: NDArray[np.int8], out: NDArray[np.int32]) -> None:
    # The out= form of torch's operator: the product stays in the caller's memory.
    torch._int_mm(torch.from_numpy(left), torch.from_numpy(right).t(), out=torch.from_numpy(out))  # noqa: SLF001


def _speed(product: Callable[[], object]) -> float:
    """By this thread's own time, since others may be at work; the median, since clocks are coarse."""
    taken = []
    with compute_threads(1):
        for _ in range(_TIMES):
            start = time.thread_time_ns()
            product()
            taken.append(time.thread_time_ns() - start)
    return _SIDE * _SIDE * _LENGTH / max(median(taken), 1)
