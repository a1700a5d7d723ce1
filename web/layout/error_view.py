"""What an error page shows: what happened, what was looked for, and where to go next."""

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
# The same request may well succeed a moment later.
_TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})
# About a photo that was sent: another one may work.
_ABOUT_A_PHOTO: Final = frozenset({413, 415, 422})


@dataclass(frozen=True, slots=True)
class Link:
    words: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class ErrorView:
    """looked_for: the address, if there is nothing at it. nearest: the page that may have been meant. retry_href: the
    address to try again. reconnects: the page reloads by itself once Vitrine answers."""

    heading: str
    message: str
    looked_for: str | None
    nearest: Link | None
    retry_href: str | None
    reconnects: bool
    home: Link


def error_heading(status: int) -> str:
    """A short, plain heading for an HTTP status code of 400 or more."""
    return _HEADINGS.get(status) or _HEADINGS[500 if status >= 500 else 400]


def error_view(
    status: int, message: str, address: str, *, root: str, repeatable: bool, pages: Sequence[Link]
) -> ErrorView:
    """address: of the request, with its query. root: what stands before every path of the site. repeatable: the request
    changes nothing. pages: those in the navigation."""
    path = address.partition("?")[0]
    home = Link("To the gallery", url_for("gallery.show"), "images")
    return ErrorView(
        heading=error_heading(status),
        message=message,
        looked_for=path if status == 404 else None,
        nearest=_nearest(status, path, root, pages),
        retry_href=address if repeatable and status in _TRANSIENT else None,
        reconnects=repeatable and status == 503,
        home=home,
    )


def _nearest(status: int, path: str, root: str, pages: Sequence[Link]) -> Link | None:
    """The page whose address is most like the one that was asked for. The gallery is offered in any case."""
    if status in _ABOUT_A_PHOTO:
        return Link(
            "Send another photo", path if path == url_for("studio.show") else url_for("upload.show"), "upload"
        )
    if status not in {404, 405, 409}:
        return None
    first = path.removeprefix(root).strip("/").partition("/")[0].lower()
    by_name = {
        page.href.removeprefix(root).strip("/"): page
        for page in pages
        if page.href != url_for("gallery.show")
    }
    close = get_close_matches(first, by_name, n=1, cutoff=0.6)
    return by_name[close[0]] if close else None
