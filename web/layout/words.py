"""Numbers, sizes and times as people read them."""

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_KILO: Final = 1000


def count(number: int, one: str, many: str) -> str:
    """`1 photo`, `2,608 photos`."""
    return f"{number:,} {one if number == 1 else many}"


def file_size(size: int) -> str:
    """Bytes in decimal units: `812 bytes`, `48 kB`, `3.4 MB`."""
    if size < _KILO:
        return count(size, "byte", "bytes")
    if size < _KILO**2:
        return f"{size / _KILO:.0f} kB"
    return f"{size / _KILO**2:.1f} MB"


def share(proportion: float) -> str:
    """A share of a whole, 0 to 1, in percent; what is there never reads as nothing."""
    percent = round(100 * proportion)
    return f"{percent} %" if percent or not proportion else "< 1 %"


def ratio(contrast: float) -> str:
    """A contrast, 1 to 21, never rounded up: what does not reach 4.5 must not read as if it did."""
    return f"{math.floor(contrast * 10 + 1e-9) / 10:.1f}"


def moment(time: datetime) -> str:
    """A time with time zone, in UTC: `3 March 2026, 14:05 UTC`."""
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def clock_time(time: datetime, offset: int | None) -> str:
    """A time with time zone as the clock showed it: `3 March 2026, 16:05 (UTC+02:00)`.

    offset: of the clock, in minutes east of UTC; None: it is unknown, and `time` what the clock showed, as if in UTC.
    """
    local = time.astimezone(timezone(timedelta(minutes=offset or 0)))
    zone = "time zone unknown" if offset is None else f"{local:%Z}"
    return f"{local.day} {local:%B %Y, %H:%M} ({zone})"


def exact(time: datetime) -> str:
    """A time with time zone to the second, in UTC: `3 March 2026, 14:05:09 UTC`."""
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M:%S} UTC"


def ago(time: timedelta) -> str:
    """`just now`, `40 s ago`, `5 min ago`, `3 h ago`, `12 days ago`: as exact as it matters."""
    seconds = time.total_seconds()
    if seconds < 10:
        return "just now"
    if seconds < 60:
        return f"{seconds:.0f} s ago"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    if seconds < 48 * 3600:
        return f"{seconds // 3600:.0f} h ago"
    return f"{time.days} days ago"


def day(time: datetime) -> str:
    """The day of a time, in UTC: `3 March 2026`."""
    utc = time.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y}"


def duration(time: timedelta) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    seconds = max(0.0, time.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return "{} h {} min".format(*divmod(minutes, 60))
