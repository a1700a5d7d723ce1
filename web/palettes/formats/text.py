"""Palettes as text: style sheets, a GIMP palette, JSON."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from shared.colour import Swatch
from shared.colour_names import palette_names
from web.palettes.colors import palette_colors
from web.palettes.formats.format import Format


def css(swatches: Sequence[Swatch], title: str) -> str:
    """CSS custom properties `--palette-1`, `--palette-2`, ... on the root."""
    return f"/* {_in_comment(title)} */\n:root {{\n{_declarations('--palette', swatches)}}}\n"


def scss(swatches: Sequence[Swatch], title: str) -> str:
    """Sass variables `$palette-1`, `$palette-2`, ... and the list `$palette`."""
    lines = [f"// {_one_line(title)}\n"]
    lines += [
        f"$palette-{rank}: {swatch.hex}; // {label}\n"
        for rank, (swatch, label) in enumerate(_labelled(swatches), 1)
    ]
    names = ", ".join(f"$palette-{rank}" for rank in range(1, len(swatches) + 1))
    return "".join(lines) + f"$palette: ({names});\n"


def tailwind(swatches: Sequence[Swatch], title: str) -> str:
    """Theme variables of Tailwind CSS 4, where configuration is CSS: gives `bg-palette-1`, `text-palette-2`, ..."""
    return (
        f'/* {_in_comment(title)}: put this after @import "tailwindcss"; */\n'
        f"@theme {{\n{_declarations('--color-palette', swatches)}}}\n"
    )


def gpl(swatches: Sequence[Swatch], title: str) -> str:
    """A GIMP palette, which Inkscape, Krita and Aseprite read too."""
    rows = "".join(map(_gpl_row, swatches, palette_names(swatches)))
    return f"GIMP Palette\nName: {_one_line(title)}\nColumns: {len(swatches)}\n#\n{rows}"


def json_document(swatches: Sequence[Swatch], title: str) -> str:
    """`{title, colors, count}`, with the colours as the API describes them."""
    document = {
        "title": title.encode("utf-8", "replace").decode(),
        "colors": palette_colors(swatches),
        "count": len(swatches),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _gpl_row(swatch: Swatch, name: str) -> str:
    red, green, blue = swatch.rgb
    return f"{red:3d} {green:3d} {blue:3d}\t{name}\n"


def _declarations(prefix: str, swatches: Sequence[Swatch]) -> str:
    return "".join(
        f"  {prefix}-{rank}: {swatch.hex}; /* {label} */\n"
        for rank, (swatch, label) in enumerate(_labelled(swatches), 1)
    )


def _labelled(swatches: Sequence[Swatch]) -> Iterator[tuple[Swatch, str]]:
    """Each swatch with its name and share."""
    for swatch, name in zip(swatches, palette_names(swatches), strict=True):
        yield swatch, f"{name}, {swatch.proportion:.1%}"


def _one_line(title: str) -> str:
    """The title where a line break would start something else: a rule, a colour."""
    return " ".join("".join(char if char.isprintable() else " " for char in title).split())


def _in_comment(title: str) -> str:
    """The title where the end of a comment would let it write the rest of the style sheet."""
    return _one_line(title).replace("*/", "* /")


FORMATS: Final = (
    Format("json", "JSON", json_document, "application/json", "json", 0),
    Format("css", "CSS", css, "text/css; charset=utf-8", "css", 1),
    Format("scss", "SCSS", scss, "text/x-scss; charset=utf-8", "scss", 2),
    Format("tailwind", "Tailwind", tailwind, "text/css; charset=utf-8", "tailwind.css", 3),
    Format("gpl", "GIMP", gpl, "text/plain; charset=utf-8", "gpl", 4),
)
