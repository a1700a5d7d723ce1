"""The HTTP client under the S3 client: a store that is dead or frozen is known within ten seconds."""

import ssl
from functools import partial
from typing import Any, Self

import certifi
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Retry, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ProtocolError, ReadTimeoutError

# One thread holds one or two connections. More than this are made when needed and not kept, rather than waited for:
# a thread that reads one blob while it stores another must not wait for itself.
_KEPT_CONNECTIONS = 32
_SLICE_BYTES = 1 << 16


def s3_http(*, secure: bool, connect_seconds: float, read_seconds: float) -> PoolManager:
    """A client that gives up after `read_seconds` without progress and neither waits nor follows redirects at a server's request."""
    retries = _RetryUnlessSlow(
        # One more try covers a kept connection that the server closed in this moment, and a single hiccup.
        total=1,
        status_forcelist=(500, 502, 503, 504),
        # The answer to the last try is the S3 client's to read.
        raise_on_status=False,
        # A server may ask for minutes of waiting; our caller has seconds.
        respect_retry_after_header=False,
    )
    timeout = Timeout(connect=connect_seconds, read=read_seconds)
    if not secure:
        return _S3Pools(read_seconds, maxsize=_KEPT_CONNECTIONS, retries=retries, timeout=timeout)
    # The system's roots (with SSL_CERT_FILE for private ones), and certifi's for images that carry none.
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return _S3Pools(
        read_seconds, maxsize=_KEPT_CONNECTIONS, retries=retries, timeout=timeout, ssl_context=context
    )


class _RetryUnlessSlow(Retry):
    """Retries a connection that broke, not one that timed out: a frozen store would cost its time twice."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Self:
        if error and _was_slow(error):
            raise error
        return super().increment(method, url, response, error, *args, **kwargs)


def _was_slow(error: Exception) -> bool:
    # urllib3 reports a timeout while sending as a broken connection, with the cause inside.
    sending = isinstance(error, ProtocolError) and any(
        isinstance(cause, TimeoutError) for cause in error.args
    )
    return sending or isinstance(error, ReadTimeoutError)


class _SteadyConnection(HTTPConnection):
    """Sends in slices, so that a timeout bounds a standstill and not the whole upload.

    `socket.sendall` counts its timeout over all that it was given, and urllib3 gives it the body at once, within the
    time meant for connecting: 20 MiB would have to leave in two seconds.
    """

    def __init__(self, *args: Any, send_seconds: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._send_seconds = send_seconds

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self.sock.settimeout(self._send_seconds)
        view = memoryview(data)
        for start in range(0, len(view), _SLICE_BYTES):
            super().send(view[start : start + _SLICE_BYTES])


class _SteadyTLSConnection(_SteadyConnection, HTTPSConnection):
    pass


class _SteadyPool(HTTPConnectionPool):
    ConnectionCls = _SteadyConnection


class _SteadyTLSPool(HTTPSConnectionPool):
    ConnectionCls = _SteadyTLSConnection


class _S3Pools(PoolManager):
    def __init__(self, send_seconds: float, **options: Any) -> None:
        super().__init__(**options)
        # Typed as classes; any callable that makes a pool will do.
        self.pool_classes_by_scheme = {
            "http": partial(_SteadyPool, send_seconds=send_seconds),  # type: ignore[dict-item]
            "https": partial(_SteadyTLSPool, send_seconds=send_seconds),  # type: ignore[dict-item]
        }

    def urlopen(  # type: ignore[override]
        self,
        method: str,
        url: str,
        redirect: bool = False,  # noqa: ARG002
        **options: Any,
    ) -> BaseHTTPResponse:
        # A signature holds for one host: what a redirect leads to would refuse it.
        response = super().urlopen(method, url, redirect=False, **options)
        # Errors as text/xml (rclone) are as good as application/xml, but the S3 client would not read them.
        if response.status >= 400 and response.headers.get("content-type", "").startswith("text/xml"):
            response.headers["content-type"] = "application/xml"
        return response
