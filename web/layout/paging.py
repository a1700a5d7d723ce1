"""Links to the previous and the next page of a list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pages:
    """Addresses, None if there is no such page, and the text of their links."""

    previous: str | None = None
    next: str | None = None
    previous_words: str = "Newer"
    next_words: str = "Older"
