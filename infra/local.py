"""The whole of Vitrine on one machine: `python -m infra.local`, which `make run` calls.

PostgreSQL, Valkey, migrations, workers, beat and the front end under one supervisor. VITRINE_PORT and VITRINE_DATA are
its own; every other VITRINE_ variable goes through to the processes, and one that names a database or a broker takes the
place of the embedded one.
"""

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from infra.console import Console
from infra.errors import CannotStart
from infra.folders import sole_use, write_environment
from infra.guard import Guard
from infra.ports import LOOPBACK, holder, is_free
from infra.postgres import Postgres, prepare_postgres
from infra.program import Program
from infra.readiness import Workers, web_is_ready
from infra.supervisor import Stage, Supervisor
from infra.valkey import Valkey, prepare_valkey
from shared.errors import BadSetting
from shared.settings import load_settings

DATABASE: Final = "vitrine"
DEFAULT_PORT: Final = "8000"
DEFAULT_DATA: Final = "var"
# More would crowd out the front end, the databases and the person at the machine.
MOST_CPU_PROCESSES: Final = 4
# A front end that was killed a moment ago may still be letting go.
PORT_PATIENCE_SECONDS: Final = 2.0
# A worker that comes back to a backlog computes before it answers. The site works meanwhile.
WORKER_PATIENCE_SECONDS: Final = 60.0
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


@dataclass(frozen=True, slots=True)
class Stack:
    """What is to run: the embedded servers (None: someone else's is used), and the environment of the rest."""

    port: int
    data: Path
    postgres: Postgres | None
    valkey: Valkey | None
    environ: Mapping[str, str]


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Run the stack until it is told to stop. Returns an exit status; what keeps it from starting is one sentence.

    `--with-parent`: stop as well when the process that started this one ends.
    """
    parent = os.getppid() if "--with-parent" in arguments else None
    try:
        with ExitStack() as held:
            stack = prepare(environ, held)
            stages = plan(stack)
            guard = held.enter_context(Guard())
            console = Console(program.name for stage in stages for program in stage.programs)
            held.callback(console.close)
            supervisor = Supervisor(guard, console, parent=parent)
            return asyncio.run(supervisor.run(stages, f"Vitrine is ready: http://{LOOPBACK}:{stack.port}"))
    except (CannotStart, BadSetting) as error:
        print(f"Vitrine cannot start. {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before the supervisor listens
        return 130


def prepare(environ: Mapping[str, str], held: ExitStack) -> Stack:
    """Settle everything that can keep the stack from starting, and hold the data folder.

    Raises CannotStart and BadSetting.
    """
    port = _port(environ.get("VITRINE_PORT") or DEFAULT_PORT)
    data = Path(environ.get("VITRINE_DATA") or DEFAULT_DATA).expanduser().resolve()
    # Refuses a variable that cannot be used before anything is made.
    load_settings(environ)
    try:
        data.mkdir(parents=True, exist_ok=True)
        held.enter_context(sole_use(data))
        _wait_for_port(port)
        postgres = None if environ.get("VITRINE_DATABASE_URL") else prepare_postgres(data / "postgres")
        valkey = None if environ.get("VITRINE_BROKER_URL") else prepare_valkey(data / "valkey")
    except OSError as error:
        raise CannotStart(f"{error.filename or data} cannot be used: {error.strerror}.") from None
    stack = Stack(port, data, postgres, valkey, _settings(environ, data, postgres, valkey))
    # For commands beside it: `. var/environment; flask --app web.app import FOLDER`.
    write_environment(data / "environment", stack.environ)
    return stack


def _settings(
    environ: Mapping[str, str], data: Path, postgres: Postgres | None, valkey: Valkey | None
) -> dict[str, str]:
    """What the processes of the stack find in their environment: what the user set, and ours for the rest."""
    given = {name: value for name, value in environ.items() if name.startswith("VITRINE_") and value}
    if "VITRINE_WEIGHTS" in given:
        given["VITRINE_WEIGHTS"] = str(Path(given["VITRINE_WEIGHTS"]).expanduser().resolve())
    return {
        # Nobody else can reach the port, but a browser on this machine can be sent here under another site's name (DNS
        # rebinding), and that site's scripts would then read and delete: open without a key, the gallery has only this.
        "VITRINE_HOSTS": f"{LOOPBACK},localhost",
        "VITRINE_STORAGE": "directory",
        "VITRINE_STORAGE_DIR": str(data / "blobs"),
        "VITRINE_CACHE_DIR": str(data / "cache"),
        # The lines are for people, though they go through a pipe.
        "VITRINE_LOG_FORMAT": "text",
        "PYTHONUNBUFFERED": "1",
        **({} if postgres is None else {"VITRINE_DATABASE_URL": postgres.url(DATABASE)}),
        **({} if valkey is None else {"VITRINE_BROKER_URL": valkey.url}),
        **given,
    }


def plan(stack: Stack) -> list[Stage]:
    """The stages of the stack in the order of their start."""
    stages = []
    if stack.postgres is not None:
        stages.append(
            Stage("postgres", (stack.postgres.program,), partial(_database_is_ready, stack.postgres))
        )
    if stack.valkey is not None:
        stages.append(Stage("valkey", (stack.valkey.program,), stack.valkey.is_ready))
    workers = Workers(stack.environ["VITRINE_BROKER_URL"], ("cpu", "embed", "predict"))
    return [
        *stages,
        Stage("the migrations", (migrations(stack),)),
        Stage(
            "the workers",
            (beat(stack), cpu_worker(stack), embedding_worker(stack), prediction_worker(stack)),
        ),
        Stage("the front end", (web(stack),), lambda: web_is_ready(stack.port)),
        Stage("the workers' report", ready=workers.have_reported, patience=WORKER_PATIENCE_SECONDS),
    ]


def migrations(stack: Stack) -> Program:
    """Brings the tables up to date."""
    return Program(
        "migrations", (*_module("flask"), "--app", "web.app", "create-db"), stack.environ, once=True
    )


def web(stack: Stack) -> Program:
    """The front end."""
    return Program(
        name="web",
        command=(
            *_module("gunicorn"),
            *("--config", "python:web.gunicorn_config"),
            *("--bind", f"{LOOPBACK}:{stack.port}"),
            "web.app:create_app_from_environment()",
        ),
        environ=stack.environ,
    )


def cpu_worker(stack: Stack) -> Program:
    """Takes everything but embeddings and predictions, a process for each core."""
    processes = min(max(os.cpu_count() or 1, 1), MOST_CPU_PROCESSES)
    return Program(
        name="worker-cpu",
        command=(
            *_worker("cpu", "cpu,index,maintenance,train"),
            *("--pool", "prefork", "--concurrency", str(processes)),
        ),
        environ={**stack.environ, **ONE_THREAD},
        stop_seconds=WORKER_STOP_SECONDS,
    )


def embedding_worker(stack: Stack) -> Program:
    """Computes embeddings, in one process with all its threads."""
    return Program(
        name="worker-embed",
        command=(*_worker("embed", "gpu"), "--pool", "solo"),
        environ={**stack.environ, **SLEEPING_THREADS},
        stop_seconds=WORKER_STOP_SECONDS,
    )


def prediction_worker(stack: Stack) -> Program:
    """Answers predictions, in one process that keeps models warm and that nothing else holds up."""
    return Program(
        name="worker-predict",
        command=(*_worker("predict", "predict"), "--pool", "solo"),
        environ={**stack.environ, **ONE_THREAD},
        stop_seconds=WORKER_STOP_SECONDS,
    )


def beat(stack: Stack) -> Program:
    """Says when something is due."""
    return Program(
        name="beat",
        command=(
            *_module("celery"),
            "--quiet",
            *("--app", "worker.app", "beat"),
            *("--schedule", str(stack.data / "beat-schedule"), "--pidfile", ""),
        ),
        environ=stack.environ,
    )


def _worker(node: str, queues: str) -> tuple[str, ...]:
    return (
        *_module("celery"),
        "--quiet",
        *("--app", "worker.app", "worker"),
        *("--queues", queues, "--hostname", f"{node}@%h"),
        # Workers have nothing to tell each other: Postgres knows who does what.
        *("--without-gossip", "--without-mingle", "--disable-prefetch"),
    )


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)


def _database_is_ready(postgres: Postgres) -> bool:
    if not postgres.is_ready():
        return False
    postgres.ensure_database(DATABASE)
    return True


def _port(raw: str) -> int:
    if not (raw.isascii() and raw.isdigit() and 1 <= int(raw) <= 65535):
        raise CannotStart(f"VITRINE_PORT must be a whole number from 1 to 65535; it is {raw!r}.")
    return int(raw)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while not is_free(port):
        if time.monotonic() > deadline:
            who = holder(port)
            raise CannotStart(
                f"Port {port} is taken{f' by {who}' if who else ''}. "
                f"Stop that, or choose another port: VITRINE_PORT={port + 1 if port < 65535 else 8000} make run."
            )
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
