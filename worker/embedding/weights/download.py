"""Fetching a file over HTTP by a process that must start soon, network or not."""

import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from http.client import HTTPException, HTTPResponse
from typing import Final
from urllib.error import HTTPError

from shared.errors import VitrineError

Report = Callable[[str], None]

# A server that is there answers within a second or two; an offline machine must not wait longer than people notice.
CONNECT_SECONDS: Final = 4.0
# Long enough for a lossy line to recover, short enough that a dead one is given up.
STALL_SECONDS: Final = 15.0
# Several times what any ResNet18 needs: a server that never ends must not fill the memory.
MOST_BYTES: Final = 256 << 20

_CHUNK: Final = 1 << 18


class DownloadFailed(VitrineError):
    """The file could not be downloaded."""

    code = "download_failed"


def download(
    url: str,
    report: Report,
    *,
    connect_seconds: float = CONNECT_SECONDS,
    stall_seconds: float = STALL_SECONDS,
    most_bytes: int = MOST_BYTES,
) -> bytes:
    """The bytes at `url` (http or https). `report` is called at every tenth that has come.

    Raises DownloadFailed if no answer begins within `connect_seconds`, if nothing comes for `stall_seconds`, and if
    the file breaks off or is longer than `most_bytes`.
    """
    try:
        with _answer(url, connect_seconds, stall_seconds) as answer:
            return _body(answer, report, most_bytes)
    except HTTPError as error:
        error.close()
        raise DownloadFailed(f"{url} answered with status {error.code}.") from None
    except (OSError, HTTPException) as error:
        raise DownloadFailed(f"{url} could not be downloaded: {error or type(error).__name__}.") from error


def _answer(url: str, connect_seconds: float, stall_seconds: float) -> HTTPResponse:
    """The response to a GET, its headers read.

    Asked for on a thread of its own, because urlopen's timeout bounds neither the look-up of the name nor the number
    of addresses that are tried in turn: without a network it can hang for minutes.
    """
    if not url.startswith(("https://", "http://")):
        raise DownloadFailed(f"{url} is not an HTTP address.")
    future: Future[HTTPResponse] = Future()
    threading.Thread(target=_ask, args=(url, stall_seconds, future), daemon=True).start()
    try:
        return future.result(timeout=connect_seconds)
    except TimeoutError:
        if future.cancel():
            raise DownloadFailed(f"{url} did not answer within {connect_seconds:g} seconds.") from None
        return future.result()  # it came just now, or failed with a time-out of its own


def _ask(url: str, stall_seconds: float, future: "Future[HTTPResponse]") -> None:
    try:
        response = urllib.request.urlopen(url, timeout=stall_seconds)  # noqa: S310 -- the scheme has been looked at
    except (OSError, HTTPException) as error:
        if future.set_running_or_notify_cancel():
            future.set_exception(error)
        elif isinstance(error, HTTPError):
            error.close()
        return
    if future.set_running_or_notify_cancel():
        future.set_result(response)
    else:
        response.close()


def _body(answer: HTTPResponse, report: Report, most_bytes: int) -> bytes:
    length = answer.length  # None when the server does not say
    body = bytearray()
    reported = 0
    while chunk := answer.read(_CHUNK):
        body += chunk
        if len(body) > most_bytes:
            raise DownloadFailed(f"{answer.url} is longer than {most_bytes >> 20} MiB.")
        if length and len(body) * 10 // length > reported:
            reported = len(body) * 10 // length
            report(f"Downloading {answer.url}: {reported * 10} % of {length / 1e6:.1f} MB.")
    if length is not None and len(body) < length:
        raise DownloadFailed(f"{answer.url} broke off after {len(body)} of {length} bytes.")
    return bytes(body)
