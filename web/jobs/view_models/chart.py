"""Bars over time, worked out for a plain SVG."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

# Units of the drawing; the page scales it.
WIDTH: Final = 720
HEIGHT: Final = 80
_GAP: Final = 0.2
# A bar that stands for something is seen, however large others are.
_LEAST: Final = 2.0


@dataclass(frozen=True, slots=True)
class ChartBar:
    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """name: what is counted. total: all of it. most: the highest bar, which gives the scale. begin: the left end."""

    name: str
    state: str
    total: str
    most: str
    begin: str
    words: str
    bars: tuple[ChartBar, ...]


def make_chart(
    name: str, state: str, counts: Mapping[datetime, int], *, since: datetime, step: timedelta, steps: int
) -> Chart:
    """counts: by the begin of their step (with time zone), those that are 0 left out. state: as the style sheet has it."""
    highest = max(counts.values(), default=0)
    total = sum(counts.values())
    width = WIDTH / steps
    bars = []
    for number in range(steps):
        begin = since + number * step
        count = counts.get(begin, 0)
        if not count:
            continue
        height = max(_LEAST, HEIGHT * count / highest)
        bars.append(
            ChartBar(
                x=round((number + _GAP / 2) * width, 2),
                y=round(HEIGHT - height, 2),
                width=round((1 - _GAP) * width, 2),
                height=round(height, 2),
                words=f"{_clock(begin)}: {count:,}",
            )
        )
    return Chart(
        name=name,
        state=state,
        total=f"{total:,}",
        most=f"{highest:,}",
        begin=_clock(since),
        words=f"{name} since {_clock(since)} UTC: {total:,} in all, at most {highest:,} in {_step(step)}.",
        bars=tuple(bars),
    )


def _clock(time: datetime) -> str:
    return f"{time.astimezone(UTC):%H:%M}"


def _step(step: timedelta) -> str:
    minutes = round(step.total_seconds() / 60)
    return "one minute" if minutes == 1 else f"{minutes} minutes"
