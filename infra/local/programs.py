"""The programs of the local stack in the order of their start, and when each stage is ready."""

import http.client
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from celery import Celery
from kombu.exceptions import OperationalError
from redis import RedisError

from infra.local.folder import LOOPBACK
from infra.local.postgres import Postgres
from infra.local.program import Program, Stage
from infra.local.valkey import Valkey

# More would crowd out the front end, the databases and the person at the machine.
MOST_CPU_PROCESSES: Final = 4
# A worker that starts with a backlog computes before it answers. The site works meanwhile.
WORKER_SECONDS: Final = 60.0
# What a task may take to finish when the stack stops; the lease sees to it if that is not enough.
WORKER_STOP_SECONDS: Final = 20.0

# Parallelism comes from processes: libraries that each start a thread per core would fight over them.
ONE_THREAD: Final = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
# A thread that waits for another by spinning takes the core from the cpu workers, perhaps from the one it waits for:
# with all of them at work that doubled what an embedding cost.
SLEEPING_THREADS: Final = {"OMP_WAIT_POLICY": "PASSIVE"}
SOLO: Final = ("--pool", "solo")


@dataclass(frozen=True, slots=True)
class Stack:
    """What is to run: the embedded servers (None: someone else's is used), and the environment of the rest.

    root: the path under which the site is served, without a slash at its end; empty for all of the host.
    """

    port: int
    data: Path
    postgres: Postgres | None
    valkey: Valkey | None
    environ: Mapping[str, str]
    root: str = ""


def plan(stack: Stack) -> list[Stage]:
    """The stages of the stack in the order of their start."""
    servers = [server for server in (stack.postgres, stack.valkey) if server is not None]
    workers = _workers(stack)
    return [
        Stage(
            "the databases",
            tuple(server.program for server in servers),
            lambda: all(server.is_ready() for server in servers),
        ),
        Stage("the migrations", (_migrations(stack),)),
        Stage("the workers", (*workers, _beat(stack))),
        Stage("the front end", (_web(stack),), lambda: _web_is_ready(stack)),
        Stage("the workers' report", ready=_Ping(stack, workers).is_answered, timeout=WORKER_SECONDS),
    ]


def _migrations(stack: Stack) -> Program:
    """Brings the tables up to date."""
    command = (*_module("flask"), "--app", "web.app", "create-db")
    return Program("migrations", command, stack.environ, once=True)


def _web(stack: Stack) -> Program:
    command = (
        *_module("gunicorn"),
        *("--config", "python:web.gunicorn_config"),
        *("--bind", f"{LOOPBACK}:{stack.port}"),
        "web.app:create_app_from_environment()",
    )
    return Program("web", command, stack.environ)


def _workers(stack: Stack) -> tuple[Program, ...]:
    """Embeddings have a process with all its threads; predictions one that keeps models warm and is never held up."""
    processes = min(os.cpu_count() or 1, MOST_CPU_PROCESSES)
    prefork = ("--pool", "prefork", "--concurrency", str(processes))
    return (
        _worker(stack, "cpu", "cpu,index,maintenance,train", prefork, ONE_THREAD),
        _worker(stack, "embed", "gpu", SOLO, SLEEPING_THREADS),
        _worker(stack, "predict", "predict", SOLO, ONE_THREAD),
    )


def _worker(
    stack: Stack, name: str, queues: str, pool: tuple[str, ...], environ: Mapping[str, str]
) -> Program:
    command = (
        *_module("celery"),
        "--quiet",
        *("--app", "worker.app", "worker"),
        *("--queues", queues, "--hostname", f"{name}@%h", *pool),
        # Workers have nothing to tell each other: Postgres knows who does what.
        *("--without-gossip", "--without-mingle", "--disable-prefetch"),
    )
    return Program(f"worker-{name}", command, {**stack.environ, **environ}, stop_seconds=WORKER_STOP_SECONDS)


def _beat(stack: Stack) -> Program:
    """Says when something is due."""
    command = (
        *_module("celery"),
        "--quiet",
        *("--app", "worker.beat", "beat"),
        *("--schedule", str(stack.data / "beat-schedule"), "--pidfile", ""),
    )
    return Program("beat", command, stack.environ)


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)


def _web_is_ready(stack: Stack) -> bool:
    """Whether the front end says that it can serve."""
    connection = http.client.HTTPConnection(LOOPBACK, stack.port, timeout=1)
    try:
        connection.request("GET", f"{stack.root}/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class _Ping:
    """A ping to the workers by way of their broker."""

    def __init__(self, stack: Stack, workers: tuple[Program, ...]) -> None:
        self._app = Celery("infra", broker=stack.environ["VITRINE_BROKER_URL"], set_as_current=False)
        host = socket.gethostname()
        self._nodes = [f"{worker.name.removeprefix('worker-')}@{host}" for worker in workers]

    def is_answered(self) -> bool:
        """Whether each of them answers within a second."""
        try:
            answers = self._app.control.ping(self._nodes, timeout=1.0, limit=len(self._nodes))
        except (OSError, OperationalError, RedisError):
            return False
        return {node for answer in answers or () for node in answer} >= set(self._nodes)
