"""Geometry of the plots of a model card: what its figures are in the units of an SVG of WIDTH x HEIGHT."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from shared.predictors.metrics import CalibrationBin
from web.predictors.view_models.figures import figure, percent

WIDTH: Final = 252
HEIGHT: Final = 224
# The area within the axes.
LEFT: Final = 50
TOP: Final = 10
RIGHT: Final = WIDTH - 12
BOTTOM: Final = HEIGHT - 44
# Radius of a point that stands for one row, and of one that stands for all.
_DOT: Final = 2.5
_LARGEST_DOT: Final = 9.0


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Plot:
    """x_name, y_name: what the axes mean. line, reference: points of polylines, the latter what a perfect or a blind
    predictor would draw. summary: what is to be seen, for those who do not see it."""

    title: str
    x_name: str
    y_name: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    line: str
    reference: str
    dots: tuple[Dot, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values of an axis to places on it."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)


_SHARE_X: Final = _Scale(0, 1, LEFT, RIGHT)
_SHARE_Y: Final = _Scale(0, 1, BOTTOM, TOP)
_SHARES: Final = (0.0, 0.5, 1.0)


def roc_plot(label: str, points: Sequence[Sequence[float]]) -> Plot:
    """points: (false positive rate, true positive rate), both rising from 0 to 1."""
    area = sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in pairwise(points))
    return Plot(
        title=label,
        x_name="taken for it by mistake",
        y_name="found",
        x_ticks=_share_ticks(_SHARE_X),
        y_ticks=_share_ticks(_SHARE_Y),
        line=_line((_SHARE_X(x), _SHARE_Y(y)) for x, y in points),
        reference=_line([(LEFT, BOTTOM), (RIGHT, TOP)]),
        dots=(),
        summary=f"ROC curve of {label}: the area under it is {area:.3f}, where 0.5 is chance and 1 is perfect.",
    )


def calibration_plot(bins: Sequence[CalibrationBin]) -> Plot:
    counts = [each.rows for each in bins]
    most = max(counts, default=1)
    places = [(_SHARE_X(each.confidence), _SHARE_Y(each.accuracy)) for each in bins]
    dots = tuple(
        # Areas are compared, not radii.
        Dot(x, y, round(max(_DOT, _LARGEST_DOT * (count / most) ** 0.5), 1))
        for (x, y), count in zip(places, counts, strict=True)
    )
    points = "; ".join(f"{percent(each.confidence)} sure, {percent(each.accuracy)} right" for each in bins)
    return Plot(
        title="Calibration",
        x_name="how sure it was",
        y_name="how often right",
        x_ticks=_share_ticks(_SHARE_X),
        y_ticks=_share_ticks(_SHARE_Y),
        line=_line(places),
        reference=_line([(LEFT, BOTTOM), (RIGHT, TOP)]),
        dots=dots,
        summary=f"Calibration, from the least to the most sure: {points}.",
    )


def pairs_plot(pairs: Sequence[Sequence[float]], name: str) -> Plot:
    """pairs: (true, predicted)."""
    low, high = _ends([value for pair in pairs for value in pair])
    x, y = _Scale(low, high, LEFT, RIGHT), _Scale(low, high, BOTTOM, TOP)
    ticks = (low, (low + high) / 2, high)
    return Plot(
        title="Predicted against true",
        x_name=f"true {name}",
        y_name="predicted",
        x_ticks=tuple(Tick(x(value), figure(value)) for value in ticks),
        y_ticks=tuple(Tick(y(value), _short(value)) for value in ticks),
        line="",
        reference=_line([(LEFT, BOTTOM), (RIGHT, TOP)]),
        dots=tuple(Dot(x(true), y(found), _DOT) for true, found in pairs),
        summary=f"A point for each of {len(pairs)} rows; a perfect predictor would put all of them on the diagonal.",
    )


def residuals_plot(pairs: Sequence[Sequence[float]], name: str) -> Plot:
    """pairs: (true, predicted); drawn is how far each prediction was off, over the prediction."""
    found = [predicted for _, predicted in pairs]
    off = [true - predicted for true, predicted in pairs]
    reach = max(map(abs, off)) or 1.0
    low, high = _ends(found)
    x, y = _Scale(low, high, LEFT, RIGHT), _Scale(-reach, reach, BOTTOM, TOP)
    return Plot(
        title="Residuals",
        x_name=f"predicted {name}",
        y_name="true − predicted",
        x_ticks=tuple(Tick(x(value), figure(value)) for value in (low, (low + high) / 2, high)),
        y_ticks=tuple(Tick(y(value), _short(value)) for value in (-reach, 0.0, reach)),
        line="",
        reference=_line([(LEFT, y(0.0)), (RIGHT, y(0.0))]),
        dots=tuple(Dot(x(a), y(b), _DOT) for a, b in zip(found, off, strict=True)),
        summary=f"How far off each of {len(pairs)} predictions was; a perfect predictor would put all on the line.",
    )


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Where an axis begins and ends; never at the same place."""
    low, high = min(values), max(values)
    return (low, high) if low < high else (low, low + (abs(low) or 1.0))


def _share_ticks(scale: _Scale) -> tuple[Tick, ...]:
    return tuple(Tick(scale(value), f"{value:g}") for value in _SHARES)


def _short(value: float) -> str:
    """A figure that has room beside an axis: `412k`, `1.2M`."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            divisor = 1e3 if letter == "k" else size
            return f"{figure(float(f'{value / divisor:.3g}'))}{letter}"
    return figure(float(f"{value:.3g}"))


def _line(places: Any) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a small histogram. x, height: percent of its place."""

    x: float
    width: float
    height: float


def columns(counts: Sequence[int]) -> tuple[Column, ...]:
    """Columns side by side; the highest fills the place, and what is there at all can be seen."""
    most = max(counts, default=0) or 1
    step = 100 / max(1, len(counts))
    return tuple(
        Column(round(place * step, 2), round(step * 0.86, 2), round(max(3, 100 * count / most), 1))
        for place, count in enumerate(counts)
        if count
    )
