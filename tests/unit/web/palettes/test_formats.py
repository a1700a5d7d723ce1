"""Palettes as the API describes them and as files of other tools, read back by their own rules."""

import io
import json
import re
import struct
import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shared.colour import Swatch
from shared.colour_names import palette_names
from shared.errors import BadParameter
from web.palettes.colors import PaletteColor
from web.palettes.formats import FORMATS, export
from web.palettes.formats.strip import HEIGHT, WIDTH, edges

PALETTE = [
    Swatch("#1e90ff", 0.5),
    Swatch("#ff0000", 0.3),
    Swatch("#f5deb3", 0.1999),
    Swatch("#000000", 0.0001),
]
HOSTILE_TITLES = [
    "*/ body { display: none } /*",
    "</title><script>alert(1)</script>&",
    "two\nlines\r\n#\n1 2 3 fake",
    "\0\x1b\ud800\u202e\ufffe",
    "",
    "猫",
    "x" * 10_000,
]


def describe(swatch: Swatch, name: str = "any") -> Any:
    """The swatch as a client gets it."""
    return msgspec.json.decode(msgspec.json.encode(PaletteColor.of(swatch, name)))


def text_of(name: str, title: str = "Sea & sand") -> str:
    return export(name, PALETTE, title).content.decode()


def test_a_swatch_is_described_as_the_api_promises() -> None:
    assert describe(Swatch("#1E90FF", 0.25), "azure") == {
        "hex": "#1e90ff",
        "rgb": [30, 144, 255],
        "hsl": {"h": 209.6, "s": 1.0, "l": 0.559},
        "oklch": {"l": 0.652, "c": 0.1901, "h": 253.2},
        "name": "azure",
        "proportion": 0.25,
        "text": "#000000",
        "contrast": {"white": 3.23, "black": 6.48},
    }


@given(rgb=st.tuples(*[st.integers(0, 255)] * 3))
def test_described_numbers_stay_within_their_ranges(rgb: tuple[int, int, int]) -> None:
    found = describe(Swatch("#{:02x}{:02x}{:02x}".format(*rgb), 1.0))
    assert found["rgb"] == list(rgb)
    for space in ("hsl", "oklch"):
        assert 0 <= found[space]["h"] < 360
        assert 0 <= found[space]["l"] <= 1
    assert 0 <= found["hsl"]["s"] <= 1
    assert 1 <= found["contrast"]["white"] <= 21
    assert 1 <= found["contrast"]["black"] <= 21


def test_a_hue_that_rounds_to_a_full_turn_is_none() -> None:
    assert describe(Swatch("#ce106e", 1.0))["oklch"]["h"] == 0  # 359.97


def test_a_contrast_just_short_of_a_threshold_does_not_read_as_reaching_it() -> None:
    assert describe(Swatch("#777777", 1.0))["contrast"]["white"] == 4.47  # 4.478


@pytest.mark.parametrize("code", ["red", "#fff", "#ffffff;}", ""])
def test_a_swatch_of_anything_but_a_colour_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="not a colour"):
        Swatch(code, 1.0)


def test_css_declares_a_property_a_colour() -> None:
    assert text_of("css") == (
        "/* Sea & sand */\n"
        ":root {\n"
        "  --palette-1: #1e90ff; /* azure, 50.0% */\n"
        "  --palette-2: #ff0000; /* red, 30.0% */\n"
        "  --palette-3: #f5deb3; /* wheat, 20.0% */\n"
        "  --palette-4: #000000; /* black, 0.0% */\n"
        "}\n"
    )


def test_scss_declares_a_variable_a_colour_and_the_list_of_them() -> None:
    lines = text_of("scss").splitlines()
    assert lines[0] == "// Sea & sand"
    assert lines[1] == "$palette-1: #1e90ff; // azure, 50.0%"
    assert lines[-1] == "$palette: ($palette-1, $palette-2, $palette-3, $palette-4);"


def test_tailwind_declares_theme_colours() -> None:
    theme = re.fullmatch(r"/\*.*\*/\n@theme \{\n(.*)\}\n", text_of("tailwind"), re.DOTALL)
    assert theme
    found = re.findall(r"^  --color-palette-(\d): (#[0-9a-f]{6});", theme[1], re.MULTILINE)
    assert found == [(str(rank), swatch.hex) for rank, swatch in enumerate(PALETTE, 1)]


def test_a_gimp_palette_lists_channels_and_names() -> None:
    lines = text_of("gpl").splitlines()
    assert lines[:4] == ["GIMP Palette", "Name: Sea & sand", "Columns: 4", "#"]
    assert lines[4:] == [
        " 30 144 255\tazure",
        "255   0   0\tred",
        "245 222 179\twheat",
        "  0   0   0\tblack",
    ]


def test_json_holds_the_colours_as_the_api_describes_them() -> None:
    document = json.loads(text_of("json"))
    assert document == {
        "title": "Sea & sand",
        "colors": [
            describe(swatch, name) for swatch, name in zip(PALETTE, palette_names(PALETTE), strict=True)
        ],
        "count": 4,
    }


def read_ase(data: bytes) -> tuple[str, list[tuple[str, list[int]]]]:
    """The group's name and its colours (name, channels 0 to 255), checking every length on the way."""
    magic, major, minor, blocks = struct.unpack_from(">4sHHI", data)
    assert (magic, major, minor) == (b"ASEF", 1, 0)
    at = 12
    kinds: list[int] = []
    group, colors = "", []
    for _ in range(blocks):
        kind, length = struct.unpack_from(">HI", data, at)
        body = data[at + 6 : at + 6 + length]
        assert len(body) == length
        at += 6 + length
        kinds.append(kind)
        if not body:
            continue
        (characters,) = struct.unpack_from(">H", body)
        name = body[2 : 2 + 2 * characters].decode("utf-16-be")
        assert name.endswith("\0")
        rest = body[2 + 2 * characters :]
        if kind == 0x0001:
            model, *channels, swatch_type = struct.unpack(">4s3fH", rest)
            assert (model, swatch_type) == (b"RGB ", 2)
            colors.append((name[:-1], [round(channel * 255) for channel in channels]))
        else:
            assert rest == b""
            group = name[:-1]
    assert at == len(data)
    assert kinds == [0xC001, *[0x0001] * len(colors), 0xC002]
    return group, colors


def test_an_adobe_swatch_file_reads_back_as_the_same_colours() -> None:
    group, colors = read_ase(export("ase", PALETTE, "Sea 😺").content)
    assert group == "Sea 😺"
    assert colors == [
        (f"{name} {swatch.hex}", list(swatch.rgb))
        for swatch, name in zip(PALETTE, palette_names(PALETTE), strict=True)
    ]


def test_svg_is_well_formed_and_fills_its_width() -> None:
    root = ET.fromstring(text_of("svg"))  # noqa: S314 - written by ourselves
    space = "{http://www.w3.org/2000/svg}"
    rectangles = root.findall(f"{space}rect")
    assert [rectangle.get("fill") for rectangle in rectangles] == [swatch.hex for swatch in PALETTE]
    assert sum(int(rectangle.get("width", "0")) for rectangle in rectangles) == WIDTH
    assert root.findtext(f"{space}title") == "Sea & sand"
    assert rectangles[0].findtext(f"{space}title") == "azure #1e90ff, 50.0%"


def test_png_shows_every_colour_as_wide_as_its_share() -> None:
    with Image.open(io.BytesIO(export("png", PALETTE, "").content)) as picture:
        picture.load()
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (WIDTH, HEIGHT))
        counts = {color: count for count, color in picture.getcolors() or []}
        top, bottom = picture.crop((0, 0, WIDTH, 1)), picture.crop((0, HEIGHT - 1, WIDTH, HEIGHT))
        assert top.tobytes() == bottom.tobytes()
    for swatch in PALETTE:
        assert counts[swatch.rgb] / (WIDTH * HEIGHT) == pytest.approx(swatch.proportion, abs=0.003)


@given(shares=st.lists(st.floats(0, 1), min_size=1, max_size=16))
def test_every_swatch_of_a_strip_is_seen_whatever_its_share(shares: list[float]) -> None:
    found = edges([Swatch("#123456", share) for share in shares])
    assert (found[0], found[-1]) == (0, WIDTH)
    assert all(left < right for left, right in pairwise(found))


@pytest.mark.parametrize("title", HOSTILE_TITLES)
@pytest.mark.parametrize("name", FORMATS)
def test_no_title_can_break_out_of_its_place(name: str, title: str) -> None:
    made = export(name, PALETTE, title)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*\.[a-z.]+", made.filename)
    assert len(made.filename) < 80
    checks: dict[str, Any] = {"json": json.loads, "svg": ET.fromstring, "ase": read_ase}
    if name in checks:
        checks[name](made.content)
    if name in {"css", "tailwind", "scss", "gpl"}:
        plain = export(name, PALETTE, "plain").content.decode()
        assert made.content.decode().splitlines()[4:] == plain.splitlines()[4:]
    if name in {"css", "tailwind"}:
        assert made.content.count(b"*/") == 1 + len(PALETTE)


def test_files_are_named_after_the_title() -> None:
    names = {name: export(name, PALETTE, "Été à la mer!").filename for name in FORMATS}
    assert names["css"] == "ete-a-la-mer.css"
    assert names["tailwind"] == "ete-a-la-mer.tailwind.css"
    assert export("ase", PALETTE, "猫").filename == "palette.ase"


def test_content_types_say_what_the_files_are() -> None:
    assert {name: export(name, PALETTE, "").content_type.split(";")[0] for name in FORMATS} == {
        "json": "application/json",
        "css": "text/css",
        "scss": "text/x-scss",
        "tailwind": "text/css",
        "gpl": "text/plain",
        "ase": "application/octet-stream",
        "svg": "image/svg+xml",
        "png": "image/png",
    }


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(BadParameter, match="format must be one of json, css") as refusal:
        export("exe", PALETTE, "")
    assert refusal.value.field == "format"
