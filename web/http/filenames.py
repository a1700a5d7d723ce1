"""Names of uploaded files, made fit to be shown. They are never used as paths."""

import re
import unicodedata
from typing import Final

MAX_CHARACTERS: Final = 120
UNNAMED: Final = "untitled"

# Longer ones are part of the name: "holiday.the whole story".
_EXTENSION: Final = re.compile(r"\.[^.\s]{1,15}")
_SEPARATORS: Final = re.compile(r"[/\\]")
# Cc: controls and NUL; Cf: bidi, zero-width and other invisible ones; Cs: surrogates; Zl, Zp: separators of lines.
_UNSHOWN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def display_name(raw: str | None) -> str:
    """The last part of a file name as one line of at most 120 characters in NFC, its extension kept; or "untitled".

    Removes folders (of either slash), control, bidi and zero-width characters. Applied twice it changes nothing.
    """
    stem, extension = _split(_visible(_SEPARATORS.split(raw or "")[-1]))
    # NFC at most triples a string, and its time grows with the square of the length for hostile marks: cut first.
    stem, extension = _split(unicodedata.normalize("NFC", stem[: 4 * MAX_CHARACTERS] + extension))
    name = (stem[: MAX_CHARACTERS - len(extension)] + extension).rstrip()
    return name if name.strip(". ") else UNNAMED


def _visible(name: str) -> str:
    """`name` without characters that aren't shown, every run of blanks one space, none around it."""
    return " ".join("".join(char for char in name if unicodedata.category(char) not in _UNSHOWN).split())


def _split(name: str) -> tuple[str, str]:
    """The name and its extension with the dot, or an empty one."""
    dot = name.rfind(".")
    if dot > 0 and _EXTENSION.fullmatch(name, dot):
        return name[:dot], name[dot:]
    return name, ""
