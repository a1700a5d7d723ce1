"""Whether the parts of a running Vitrine answer."""

import http.client
import socket
from collections.abc import Iterable
from http import HTTPStatus

from celery import Celery
from kombu.exceptions import OperationalError
from redis import RedisError

from infra.ports import LOOPBACK


def web_is_ready(port: int) -> bool:
    """Whether the front end says that it can serve."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Workers:
    """The Celery workers of this machine, asked by way of their broker."""

    def __init__(self, broker_url: str, names: Iterable[str]) -> None:
        """names: the part of each worker's node name before the `@`."""
        self._app = Celery("infra", broker=broker_url, set_as_current=False)
        self._nodes = {f"{name}@{socket.gethostname()}" for name in names}

    def have_reported(self) -> bool:
        """Whether each of them answers a ping within a second."""
        try:
            answers = self._app.control.ping(timeout=1.0)
        except (OSError, OperationalError, RedisError):
            return False
        return self._nodes <= {node for answer in answers or () for node in answer}
