"""What an error page says: what happened, what was looked for, and the ways on from here."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from flask import url_for

_HEADINGS: Final = {
    400: "This request cannot be used",
    401: "This needs a key",
    403: "This is not allowed",
    404: "There is nothing here",
    405: "This cannot be done here",
    408: "That took too long",
    409: "This does not fit what is there",
    413: "That is too large",
    415: "Vitrine does not read this",
    422: "Vitrine cannot work with this",
    429: "That was a lot at once",
    500: "Something went wrong",
    503: "Vitrine is not ready",
}
# What may well work a moment later, just as it was asked.
_PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
# Of a photo that was sent: another one may do.
_ABOUT_A_PHOTO: Final = frozenset({413, 415, 422})


@dataclass(frozen=True, slots=True)
class Link:
    words: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class Fault:
    """looked_for: the address, where nothing is at it. nearest: what may have been meant. again: the address to ask
    once more. returns: the page asks by itself, since the fault will pass."""

    heading: str
    message: str
    looked_for: str | None
    nearest: Link | None
    again: str | None
    returns: bool
    home: Link


def fault_heading(status: int) -> str:
    """A short, plain heading for an HTTP status code of 400 or more."""
    return _HEADINGS.get(status) or _HEADINGS[500 if status >= 500 else 400]


def fault_view(status: int, message: str, path: str, *, may_ask_again: bool, rooms: Sequence[Link]) -> Fault:
    """path: that was asked for. may_ask_again: asking changes nothing. rooms: the pages that everyone can go to."""
    home = Link("To the gallery", url_for("gallery.show"), "images")
    return Fault(
        heading=fault_heading(status),
        message=message,
        looked_for=path if status == 404 else None,
        nearest=_nearest(status, path, rooms),
        again=path if may_ask_again and status in _PASSING else None,
        returns=may_ask_again and status == 503,
        home=home,
    )


def _nearest(status: int, path: str, rooms: Sequence[Link]) -> Link | None:
    """What exists and is most like what was asked for, other than the gallery, which is always offered."""
    if status in _ABOUT_A_PHOTO:
        return Link(
            "Send another photo", path if path == url_for("studio.show") else url_for("upload.show"), "upload"
        )
    if status not in {404, 405, 409}:
        return None
    first = path.strip("/").partition("/")[0].lower()
    by_name = {room.href.strip("/"): room for room in rooms if room.href != url_for("gallery.show")}
    close = get_close_matches(first, by_name, n=1, cutoff=0.6)
    return by_name[close[0]] if close else None
