"""When a photo was taken: what cameras write, and what is no time of a photo."""

from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from tests.support.pictures import draw_picture, encode, taken_exif
from worker.imaging.algorithms.capture_time import UNKNOWN_TIME, CaptureTime, capture_time
from worker.imaging.algorithms.decode import decode

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)


def found(**tags: str) -> CaptureTime:
    return capture_time(taken_exif(**tags), NOW)


def test_a_clock_without_an_offset_is_read_as_if_it_showed_utc() -> None:
    assert found(DateTimeOriginal="2024:07:01 12:00:00") == CaptureTime(NOON, None)


@pytest.mark.parametrize(
    ("offset", "minutes"),
    [("+02:00", 120), ("-03:30", -210), ("+14:00", 840), ("Z", 0), ("+00:00", 0), ("+0530", 330)],
)
def test_the_offset_of_the_clock_counts(offset: str, minutes: int) -> None:
    expected = CaptureTime(NOON - timedelta(minutes=minutes), minutes)
    assert found(DateTimeOriginal="2024:07:01 12:00:00", OffsetTimeOriginal=offset) == expected


@pytest.mark.parametrize("offset", ["   :  ", "", "+15:00", "+02:75", "2", "local", "+2 :00"])
def test_an_offset_that_cannot_be_is_unknown(offset: str) -> None:
    assert found(DateTimeOriginal="2024:07:01 12:00:00", OffsetTimeOriginal=offset) == CaptureTime(NOON, None)


@pytest.mark.parametrize(
    ("fraction", "milliseconds"),
    [("5", 500), ("05", 50), ("123", 123), ("123456", 123), ("7  ", 700), ("x", 0)],
)
def test_fractions_of_a_second_are_kept_to_the_millisecond(fraction: str, milliseconds: int) -> None:
    at = found(DateTimeOriginal="2024:07:01 12:00:00", SubsecTimeOriginal=fraction).at
    assert at == NOON + timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize(
    "text",
    [
        "2024:07:01 12:00:00\0",
        " 2024:07:01 12:00:00 ",
        "2024-07-01 12:00:00",
        "2024/07/01 12:00:00",
        "2024-07-01T12:00:00",
        "2024:7:1 12:0:0",
        "2024:07:01 12:00:00.000",
    ],
)
def test_a_time_is_read_as_programs_write_it(text: str) -> None:
    assert found(DateTimeOriginal=text) == CaptureTime(NOON, None)


def test_an_offset_in_the_time_itself_counts() -> None:
    assert found(DateTimeOriginal="2024-07-01T14:00:00+02:00") == CaptureTime(NOON, 120)


def test_the_hour_after_midnight_may_be_the_24th() -> None:
    assert found(DateTimeOriginal="2024:07:01 24:12:00").at == datetime(2024, 7, 1, 0, 12, tzinfo=UTC)


IMPLAUSIBLE = [
    *(
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "",
        "\0" * 19,
        "2024:13:01 12:00:00",
        "2024:02:30 12:00:00",
    ),
    *("1970:01:01 00:00:00", "1904:01:01 00:00:00", "1980:01:01 00:00:00", "0001:01:01 00:00:00"),
    *("9999:12:31 23:59:59", "2026:12:03 12:00:00", "1799:01:01 12:00:00", "2024:07:01 25:00:00", "noon"),
    *("2024:07:01", "٢٠٢٤:07:01 12:00:00"),
]


@pytest.mark.parametrize("text", IMPLAUSIBLE)
def test_what_cannot_be_a_time_of_a_photo_is_none(text: str) -> None:
    assert found(DateTimeOriginal=text) == UNKNOWN_TIME


def test_old_prints_and_clocks_that_are_ahead_are_believed() -> None:
    assert found(DateTimeOriginal="1912:04:14 23:40:00").at == datetime(1912, 4, 14, 23, 40, tzinfo=UTC)
    assert found(DateTimeOriginal="2026:12:02 02:00:00").at == datetime(2026, 12, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize("first", ["0000:00:00 00:00:00", "9999:12:31 23:59:59", ""])
def test_the_time_of_digitisation_and_then_of_the_file_stand_in(first: str) -> None:
    digitized = found(
        DateTimeOriginal=first,
        DateTimeDigitized="2024:07:01 14:00:00",
        OffsetTimeDigitized="+02:00",
        DateTime="2025:01:01 12:00:00",
    )
    assert digitized == CaptureTime(NOON, 120)
    file = found(DateTimeOriginal=first, DateTime="2024:07:01 12:00:00", SubsecTime="25", OffsetTime="+00:00")
    assert file == CaptureTime(NOON + timedelta(milliseconds=250), 0)


def test_the_offset_of_another_clock_is_not_that_of_this_one() -> None:
    other = found(DateTimeOriginal="2024:07:01 12:00:00", OffsetTime="+05:00")
    assert other == CaptureTime(NOON, None)


def test_times_in_the_first_directory_are_found() -> None:
    exif = Image.Exif()
    exif[0x9003], exif[0x9011] = b"2024:07:01 14:00:00", "+02:00"
    assert capture_time(exif, NOW) == CaptureTime(NOON, 120)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_every_format_that_has_exif_says_when(format_name: str) -> None:
    exif = taken_exif(DateTimeOriginal="2024:07:01 14:00:00", OffsetTimeOriginal="+02:00")
    assert decode(encode(draw_picture(), format_name, exif=exif)).taken == CaptureTime(NOON, 120)


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff"]
)
def test_damaged_exif_says_nothing(exif: bytes) -> None:
    assert decode(encode(draw_picture(), "JPEG", exif=exif)).taken == UNKNOWN_TIME


def test_a_photo_without_exif_says_nothing() -> None:
    assert decode(encode(draw_picture(), "GIF")).taken == UNKNOWN_TIME
