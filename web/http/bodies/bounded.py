"""Bodies that come slowly or are not wanted: bounded in time, and read to their end before the answer."""

import time
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any, Final

from werkzeug.exceptions import BadRequest, RequestTimeout

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A sender that is silent for so long has gone; a phone on a bad line stutters for seconds, not for this.
IDLE_SECONDS: Final = 20.0
# 20 MiB at 40 kB/s. Each body holds a thread, so none may take for ever, drop by drop.
LONGEST_SECONDS: Final = 500.0
# What is left of a refused body is read before the answer: a client that is still sending when the connection closes
# sees it broken and never reads why. Beyond this it is not worth the traffic.
DRAIN_BYTES: Final = 64 * 1024 * 1024
DRAIN_SECONDS: Final = 10.0
_CHUNK_BYTES: Final = 64 * 1024
_BROKEN: Final = "The body of the request is malformed or was cut off."


class BoundedBodies:
    """WSGI middleware around an application."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # Only where the server itself knows where a body ends (gunicorn) is it safe to read on.
        if not environ.get("wsgi.input_terminated"):
            return self._app(environ, start_response)
        socket = environ.get("gunicorn.socket")
        if socket is not None:
            socket.settimeout(IDLE_SECONDS)
        body = TimedBody(environ["wsgi.input"], LONGEST_SECONDS)
        environ["wsgi.input"] = body
        answer = self._app(environ, start_response)
        body.drain(DRAIN_BYTES, DRAIN_SECONDS)
        return answer


class TimedBody:
    """A request body whose reads raise RequestTimeout (408) when it stalls or takes too long, BadRequest (400) when it
    breaks off or cannot be told where it ends.
    """

    def __init__(self, stream: IO[bytes], seconds: float) -> None:
        self._stream = stream
        self._deadline = time.monotonic() + seconds
        self._done = False

    def read(self, size: int = -1) -> bytes:
        return self._bounded(self._stream.read, size)

    def readline(self, size: int = -1) -> bytes:
        return self._bounded(self._stream.readline, size)

    def drain(self, most: int, seconds: float) -> None:
        """Reads what is left, up to a size and a time, and throws it away."""
        self._deadline = min(self._deadline, time.monotonic() + seconds)
        left = most
        try:
            while left > 0 and not self._done:
                left -= len(self.read(_CHUNK_BYTES))
        except (BadRequest, RequestTimeout):
            self._done = True

    def _bounded(self, read: Any, size: int) -> bytes:
        if time.monotonic() > self._deadline:
            raise RequestTimeout
        try:
            data: bytes = read(size)
        except TimeoutError as error:
            self._done = True
            raise RequestTimeout from error
        # A connection that broke, or chunks that are none: each server has errors of its own for them.
        except Exception as error:
            self._done = True
            raise BadRequest(_BROKEN) from error
        self._done = self._done or (not data and size != 0)
        return data
