"""What the error page is headed with."""

from typing import Final

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


def fault_heading(status: int) -> str:
    """A short, plain heading for an HTTP status code of 400 or more."""
    return _HEADINGS.get(status) or _HEADINGS[500 if status >= 500 else 400]
