"""How long the front end waits for Postgres: a server that stands still must not hold its requests.

A connection to a frozen server stays open and its keepalives are answered, so that neither libpq nor a limit on the
server's side ever ends the wait. psycopg2 lets a process do the waiting itself, which it is given here.
"""

import select
import time
from typing import Any, Final

import psycopg2
from psycopg2 import extensions

# With the 3 s that a request may wait for a connection (shared/db/engine.py) it is answered with 503 within 10 s. No
# question of the front end takes a tenth of it.
PATIENCE_SECONDS: Final = 6.0


def bound_waits() -> None:
    """Has every wait for Postgres in this process end in time. It cannot use COPY any more, which only workers do."""
    extensions.set_wait_callback(wait)


def wait(connection: Any) -> None:
    """Waits until the connection has done what it was asked. Raises OperationalError, and psycopg2 closes it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (state := connection.poll()) != extensions.POLL_OK:
        ready = select.poll()
        ready.register(
            connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        )
        left = deadline - time.monotonic()
        if left <= 0 or not ready.poll(1000 * left):
            raise psycopg2.OperationalError(f"Postgres has not answered for {PATIENCE_SECONDS:.0f} s.")
