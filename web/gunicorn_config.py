"""How gunicorn serves Vitrine: `gunicorn --config python:web.gunicorn_config "web.app:create_app_from_environment()"`.

Every name without an underscore is a setting of gunicorn. --bind is left to the one who starts it.
"""

import os
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.http import wsgi as _wsgi  # type: ignore[import-untyped]

from shared.logs import configure_logs
from shared.settings import load_settings, refusing_in_words
from web.http.middleware.database_timeouts import bound_waits
from web.http.waiting import LONGEST_WAIT_SECONDS, THREADS

worker_class = "gthread"
# One for each of two cores; WEB_CONCURRENCY is gunicorn's own variable for it.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = THREADS
# Built before the fork, so that the workers share its memory. It connects to nothing until its first request: connections
# must not be shared by processes.
preload_app = True

# Of the worker's main thread, which only hands out work: silence means that the process hangs.
timeout = 30
# Requests that wait for a job are answered, not cut off, when a worker is told to stop.
graceful_timeout = LONGEST_WAIT_SECONDS + 5
# A page asks for its thumbnails over kept connections, and a poller comes back every second or two.
keepalive = 20
# The heartbeat is a file; on a busy disk it would stall, and the worker be killed for it.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes its own file there

# Addresses are short here, and a browser sends about twenty headers.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# The application logs each request itself, with its id.
accesslog = None
# Two stacks on one machine would fight over the one socket in the home folder.
control_socket_disable = True

# The name is of no use to anyone but an attacker.
_wsgi.SERVER = "vitrine"


class _StructuredLogger(Logger):  # type: ignore[misc]
    """Has gunicorn's lines written like all the others."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers = []
        self.error_log.propagate = True


logger_class = _StructuredLogger


def on_starting(server: Any) -> None:  # noqa: ARG001 - gunicorn calls it so
    """Sets up the master's logs; the workers inherit them."""
    with refusing_in_words():
        configure_logs(load_settings(), "web")


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Sets up a worker process."""
    bound_waits()
