"""Numbers of predictors as people read them."""

import math
from collections.abc import Sequence
from typing import Any, Final

# Digits that say something: nothing here is measured more finely than that.
_DIGITS: Final = 4
_MINUS: Final = "\N{MINUS SIGN}"
_HARD_SPACE: Final = "\N{NO-BREAK SPACE}"


def figure(value: float) -> str:
    """Four digits that count, thousands apart: `0.0123`, `165`, `23,410`; `1.2e+12` where that is shorter."""
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if not -5 <= magnitude < 12:
        return f"{value:.{_DIGITS}g}".replace("-", _MINUS)
    decimals = max(0, _DIGITS - 1 - magnitude)
    text = f"{value:,.{decimals}f}"
    if decimals:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", _MINUS)


def exact(value: Any) -> str:
    """A value of a feature as it was read, to be typed again: `165`, `1.75`, `true`, empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    # The shortest text that is read as the same number.
    return repr(float(value)).removesuffix(".0") if isinstance(value, int | float) else str(value)


def spoken(value: Any) -> str:
    """A value of a feature in words: `yes`, `left empty`."""
    if value is None:
        return "left empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return exact(value).replace("-", _MINUS, 1) if isinstance(value, int | float) else str(value)


def with_unit(text: str, unit: str | None) -> str:
    """The two do not part at the end of a line."""
    return f"{text}{_HARD_SPACE}{unit}" if unit else text


def probability(share: float) -> str:
    """What a model says, in percent: never certain and never impossible, since no model is as sure as its arithmetic."""
    return percent(min(max(share, 1e-6), 1 - 1e-6))


def percent(share: float) -> str:
    """What was counted, in percent: only all of it reads as 100, and only none as 0."""
    rounded = round(100 * share)
    if rounded == 100 and share < 1:
        return f"> 99{_HARD_SPACE}%"
    if rounded == 0 and share > 0:
        return f"< 1{_HARD_SPACE}%"
    return f"{rounded}{_HARD_SPACE}%"


def points(share: float) -> str:
    """A difference of two probabilities, in percentage points: `+24 points`, `−0.3 points`."""
    found = 100 * share
    return f"{found:+.{0 if abs(found) >= 9.95 else 1}f} points".replace("-", _MINUS)


def change(value: float, unit: str | None = None) -> str:
    """A difference with its sign: `+12`, `−3.5 kg`."""
    text = figure(value)
    return with_unit(text if text.startswith(_MINUS) else f"+{text}", unit)


def listed(names: Sequence[str], most: int = 6) -> str:
    """`one, two and 4 more`."""
    shown = ", ".join(names[:most])
    more = len(names) - most
    return shown if more <= 0 else f"{shown} and {more} more"
