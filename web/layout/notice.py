"""What was just done to photos, and how to undo it: parameters of the address that a form redirects to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from web.layout.words import count

# For one photo, and for several.
_WORDS: Final = {
    "deleted": ("was deleted", "were deleted"),
    "restored": ("is back in the gallery", "are back in the gallery"),
    "described": ("was changed", "were changed"),
}
ACTIONS: Final = tuple(_WORDS)


@dataclass(frozen=True, slots=True)
class FinishedAction:
    """What was done to which images."""

    action: str
    image_ids: Sequence[int]

    @property
    def parts(self) -> dict[str, str]:
        """Its parameters in an address."""
        return {"done": self.action, "images": ",".join(map(str, self.image_ids))}


@dataclass(frozen=True, slots=True)
class Notice:
    """words: a sentence. undo: ids of the images that can be brought back."""

    words: str
    undo: tuple[int, ...]


def notice_of(done: FinishedAction, deleted: Sequence[int]) -> Notice | None:
    """deleted: those of the images that can still be brought back. None: there is nothing to say."""
    if done.action != "deleted":
        return Notice(_sentence(done.action, len(done.image_ids)), ())
    return Notice(_sentence(done.action, len(deleted)), tuple(deleted)) if deleted else None


def _sentence(action: str, photos: int) -> str:
    if not photos:
        return "No photo was changed."
    one, many = _WORDS[action]
    return f"{count(photos, 'photo', 'photos')} {one if photos == 1 else many}."
