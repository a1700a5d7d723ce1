"""The way to the page before and to the next one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pages:
    """Addresses, None where there is no such page, and the words on their links."""

    back: str | None = None
    on: str | None = None
    back_words: str = "Newer"
    on_words: str = "Older"
