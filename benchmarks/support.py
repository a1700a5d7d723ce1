"""What the benchmarks have in common: taking turns, and summing up."""

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median, quantiles
from typing import TypeVar

T = TypeVar("T")


class BenchmarkFailed(Exception):
    """What was to be measured did not happen."""


def interleave(
    contenders: Mapping[str, Callable[[], T]], rounds: int, seconds: float = float("inf")
) -> dict[str, list[T]]:
    """Lets each contender run once a round, in turns (A B, B A, ...), so that what drifts meets all of them alike.

    rounds: at most; no new one begins after so many seconds. Returns what each returned, round by round.
    """
    found: dict[str, list[T]] = {name: [] for name in contenders}
    end = time.monotonic() + seconds
    for number in range(rounds):
        if time.monotonic() > end:
            break
        for name in list(contenders)[:: -1 if number % 2 else 1]:
            found[name].append(contenders[name]())
    return found


def percentile(values: Sequence[float], percent: int) -> float:
    """percent: 1 to 99; between two values it lies in proportion."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def milliseconds(seconds: Sequence[float], percent: int) -> str:
    """A percentile of seconds as text in milliseconds."""
    return f"{1000 * percentile(seconds, percent):.1f}"


def ratio(ours: Sequence[float], peers: Sequence[float]) -> str:
    """The median of ours over the median of the peer's."""
    return f"{median(ours) / median(peers):.2f}"
