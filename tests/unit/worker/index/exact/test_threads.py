"""Threads that compute side by side."""

from queue import SimpleQueue

import pytest

from worker.index.exact.threads import borrowed, compute_threads


def test_what_a_thread_has_borrowed_is_free_again_after_an_error() -> None:
    free: SimpleQueue[str] = SimpleQueue()
    free.put("the only one")

    def work(number: int) -> int:
        with borrowed(free):
            return 1 // number

    with compute_threads(2) as threads, pytest.raises(ZeroDivisionError):
        list(threads.pool.map(work, [0, 1, 2, 3]))
    assert free.get_nowait() == "the only one"
