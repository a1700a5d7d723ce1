"""What is worth knowing of a photo that was read otherwise than its file says. Codes are kept, sentences are shown."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class PhotoNote(StrEnum):
    DAMAGED_PROFILE = "damaged_profile"
    PROFILE_OF_OTHER_COLOURS = "profile_of_other_colours"


SENTENCES: Final = {
    PhotoNote.DAMAGED_PROFILE: "Its colour profile is damaged and was passed over.",
    PhotoNote.PROFILE_OF_OTHER_COLOURS: (
        "Its colour profile describes other colours than those in the file (print instead of screen, say), and was passed over."
    ),
}


def notes_to_text(notes: Iterable[PhotoNote]) -> str:
    """For a column: codes with spaces between."""
    return " ".join(notes)


def notes_from_text(text: str | None) -> tuple[PhotoNote, ...]:
    """What `notes_to_text` wrote, without codes that are not known (any more)."""
    return tuple(PhotoNote(code) for code in (text or "").split() if code in SENTENCES)
