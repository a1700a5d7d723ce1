"""Names of uploaded files, made fit to be shown. They are never used as paths."""

import re
import unicodedata
from typing import Final

import regex

from shared.visible_text import visible

MAX_CHARACTERS: Final = 120
UNNAMED: Final = "untitled"

# Longer ones are part of the name: "holiday.the whole story".
_EXTENSION: Final = re.compile(r"\.[^.\s]{1,15}")
# Far more than is ever shown, so that a name of megabytes costs nothing.
_MAX_RAW_CHARACTERS: Final = 4096
_GRAPHEME: Final = regex.compile(r"\X")


def decode_name(raw: bytes) -> str:
    """A file name in UTF-8 or, where it is none, in Windows-1252, which has all that Latin-1 shows."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        # As the Encoding Standard reads it: the five bytes that it leaves free are controls.
        return "".join(
            bytes([byte]).decode("latin-1" if byte in _FREE_IN_WINDOWS_1252 else "cp1252") for byte in raw
        )


_FREE_IN_WINDOWS_1252: Final = frozenset({0x81, 0x8D, 0x8F, 0x90, 0x9D})


def display_name(raw: str | None) -> str:
    """The last part of a file name as one line of at most 120 characters in NFC, its extension kept; or "untitled".

    Removes folders (of either slash), controls, bidi characters and others that are not seen, but for those that make
    letters or emoji join. Cuts between what a reader takes for characters. Applied twice it changes nothing.
    """
    stem, extension = split_extension(_last_part(raw or ""))
    stem, extension = split_extension(_one_line(stem[:_MAX_RAW_CHARACTERS] + extension))
    # NFC at most triples a string, and its time grows with the square of the length for hostile marks: cut first.
    stem, extension = split_extension(unicodedata.normalize("NFC", stem[: 4 * MAX_CHARACTERS] + extension))
    name = (_cut(stem, MAX_CHARACTERS - len(extension)) + extension).rstrip()
    return name if name.strip(". ") else UNNAMED


def split_extension(name: str) -> tuple[str, str]:
    """The name and its extension with the dot, or an empty one."""
    dot = name.rfind(".")
    if dot > 0 and _EXTENSION.fullmatch(name, dot):
        return name[:dot], name[dot:]
    return name, ""


def _last_part(path: str) -> str:
    return path[max(path.rfind("/"), path.rfind("\\")) + 1 :]


def _one_line(name: str) -> str:
    """`name` without characters that aren't shown, every run of blanks one space, none around it."""
    return " ".join(visible(name).split())


def _cut(text: str, most: int) -> str:
    """The graphemes (Unicode Standard Annex 29) that fit; where not even one does, what fits of it."""
    if len(text) <= most:
        return text
    end = 0
    for grapheme in _GRAPHEME.finditer(text):
        if grapheme.end() > most:
            break
        end = grapheme.end()
    return text[:end] if end else _one_line(text[:most])
