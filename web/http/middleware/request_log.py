"""A request id on everything that a request does, and one line a request in the log."""

import re
import time
from typing import Final
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger(__name__)

HEADER: Final = "X-Request-ID"
# What a proxy may hand on: short, and nothing that could forge a line of a log or a header.
_SANE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Asked every few seconds by who looks after the process.
_QUIET: Final = frozenset({"/livez", "/readyz"})


def register(app: Flask) -> None:
    """Has every request named and logged. Comes before whatever else looks at a request."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _SANE.fullmatch(given) else uuid4().hex
    g.started = time.perf_counter()
    # A thread serves many requests: what the last one bound must not stay.
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    started = g.started
    line = {"method": request.method, "path": request.path, "status": response.status_code}
    if "error_code" in g:
        line["code"] = g.error_code
    record = log.debug if request.path in _QUIET else log.info

    def write() -> None:
        record("request", **line, ms=round((time.perf_counter() - started) * 1000, 1))

    # Once the body has been sent, so that a streamed answer counts in full.
    response.call_on_close(write)
    return response
