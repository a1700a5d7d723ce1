"""When a photo was taken, as its camera wrote it into EXIF (CIPA DC-008-2023, "Exif 3.0", 4.6.5 to 4.6.7)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from PIL.ExifTags import IFD, Base
from PIL.Image import Exif

# Time, offset from UTC and fraction of a second: of the shot, of its digitisation, of the last change to the file.
_CLOCKS: Final = (
    (Base.DateTimeOriginal, Base.OffsetTimeOriginal, Base.SubsecTimeOriginal),
    (Base.DateTimeDigitized, Base.OffsetTimeDigitized, Base.SubsecTimeDigitized),
    (Base.DateTime, Base.OffsetTime, Base.SubsecTime),
)
# `2024:07:01 12:00:00`, with the separators, fractions and offsets that programs have made of it.
_TIME: Final = re.compile(
    r"(\d{4})[:/.-](\d\d?)[:/.-](\d\d?)[ T](\d\d?):(\d\d?):(\d\d?)(?:\.(\d+))?\s*(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_OFFSET: Final = re.compile(r"([+-])(\d\d):?([0-5]\d)", re.ASCII)
# Kiribati is 14 hours ahead, and nobody further.
_MAX_OFFSET_MINUTES: Final = 14 * 60

# Of the first photograph that is left.
_FIRST_YEAR: Final = 1826
# What clocks begin with that were never set: of the Macintosh, of Unix, of DOS.
_UNSET: Final = {datetime(year, 1, 1) for year in (1904, 1970, 1980)}  # noqa: DTZ001 - as such a clock shows it
# A clock may be ahead, and one without an offset is by up to 14 hours.
_AHEAD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CaptureTime:
    """at: in UTC, to the millisecond; None: unknown. offset: of the camera's clock, minutes east of UTC.

    Where the offset is unknown (None), `at` is what the clock showed, read as if it had shown UTC.
    """

    at: datetime | None
    offset: int | None


UNKNOWN_TIME: Final = CaptureTime(None, None)


def capture_time(exif: Exif, now: datetime) -> CaptureTime:
    """The time of the shot, else of its digitisation, else of the file; unknown where none of them is plausible.

    now: with its time zone; what is later by more than a day is no time of a photo. Raises anything for corrupt EXIF.
    """
    # Some programs write all of them into the first directory.
    tags = {**exif, **exif.get_ifd(IFD.Exif)}
    for clock in _CLOCKS:
        found = _read(*(_text(tags.get(tag)) for tag in clock))
        if found.at is not None and found.at <= now + _AHEAD:
            return found
    return UNKNOWN_TIME


def _text(value: Any) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
    return text.partition("\0")[0].strip()


def _read(time: str, offset: str, fraction: str) -> CaptureTime:
    parts = _TIME.fullmatch(time)
    if parts is None:
        return UNKNOWN_TIME
    *clock, own_fraction, own_offset = parts.groups()
    year, month, day, hour, minute, second = map(int, clock)
    try:
        # Some phones count the hours from 1 to 24, of which the last is that after midnight.
        shown = datetime(year, month, day, 0 if hour == 24 else hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return UNKNOWN_TIME
    if year < _FIRST_YEAR or shown in _UNSET:
        return UNKNOWN_TIME
    shown += timedelta(milliseconds=_milliseconds(own_fraction or fraction))
    minutes = _minutes(own_offset or offset)
    return CaptureTime(
        shown.replace(tzinfo=timezone(timedelta(minutes=minutes or 0))).astimezone(UTC), minutes
    )


def _milliseconds(fraction: str) -> int:
    """`5`, `50` and `500` are half a second."""
    return int(fraction[:3].ljust(3, "0")) if fraction.isascii() and fraction.isdecimal() else 0


def _minutes(offset: str) -> int | None:
    if offset == "Z":
        return 0
    parts = _OFFSET.fullmatch(offset)
    if parts is None:
        return None
    minutes = 60 * int(parts[2]) + int(parts[3])
    return None if minutes > _MAX_OFFSET_MINUTES else minutes if parts[1] == "+" else -minutes
