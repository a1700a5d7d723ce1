"""Threads that compute side by side, each its own matrix products."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import NamedTuple, TypeVar

import torch
from threadpoolctl import threadpool_limits

T = TypeVar("T")


class Threads(NamedTuple):
    """A pool, and how many it has."""

    pool: Executor
    number: int


@contextmanager
def compute_threads(number: int | None = None) -> Iterator[Threads]:
    """As many as torch would use, unless a number is given; while they run, no matrix product starts threads of its own.

    By default torch uses one a core, but where processes share the cores among them (OMP_NUM_THREADS).
    """
    of_torch = torch.get_num_threads()
    number = number or of_torch
    with (
        threadpool_limits(1, "blas"),
        ThreadPoolExecutor(number, initializer=torch.set_num_threads, initargs=(1,)) as pool,
    ):
        torch.set_num_threads(1)
        try:
            yield Threads(pool, number)
        finally:
            torch.set_num_threads(of_torch)


@contextmanager
def borrowed(free: SimpleQueue[T]) -> Iterator[T]:
    """One of what is `free`, once there is one; free again afterwards, also after an error, for which no thread must wait."""
    one = free.get()
    try:
        yield one
    finally:
        free.put(one)
