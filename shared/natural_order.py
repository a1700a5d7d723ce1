"""The order in which a person looks for names: without regard to case and accents, numbers by what they count."""

import re
import unicodedata
from typing import Final

# Enough to tell names apart: they are at most 120 characters long, which seldom decompose into more.
_MAX_CHARACTERS: Final = 200
_DIGITS: Final = re.compile(r"0*([0-9]+)")


def natural_key(name: str) -> str:
    """What names are compared by, codepoint by codepoint: `img2`, `IMG10` and `Île` become comparable so.

    Databases differ in their collations, and in how these change from version to version; this key is the same in all.
    """
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    # A number is preceded by its length: a longer one is a larger one.
    return _DIGITS.sub(lambda digits: f"{len(digits[1]):03}{digits[1]}", plain.casefold())[:_MAX_CHARACTERS]
