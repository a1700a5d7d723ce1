"""The whole of Vitrine on one machine: `python -m infra.local`, which `make run` calls.

PostgreSQL, Valkey, migrations, workers, beat and the front end under one supervisor. VITRINE_PORT and VITRINE_DATA are
its own; every other VITRINE_ variable goes through to the processes, and one that names a database or a broker takes the
place of the embedded one.
"""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from infra.local.console import Console
from infra.local.folder import LOOPBACK, is_free, listener, sole_use, write_environment
from infra.local.postgres import Postgres, prepare_postgres
from infra.local.processes import Processes
from infra.local.program import CannotStart
from infra.local.programs import Stack, plan
from infra.local.supervisor import Supervisor
from infra.local.valkey import Valkey, prepare_valkey
from shared.errors import BadSetting
from shared.settings import Settings, load_settings

DATABASE: Final = "vitrine"
DEFAULT_PORT: Final = "8000"
DEFAULT_DATA: Final = "var"
# A front end that was killed a moment ago may still be letting go.
PORT_SECONDS: Final = 2.0


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Run the stack until it is told to stop. Returns an exit status; what keeps it from starting is one sentence.

    `--with-parent`: stop as well when the process that started this one ends.
    """
    parent = os.getppid() if "--with-parent" in arguments else None
    try:
        with ExitStack() as held:
            stack = prepare(environ, held)
            stages = plan(stack)
            processes = held.enter_context(Processes())
            console = Console(program.name for stage in stages for program in stage.programs)
            supervisor = Supervisor(processes, console, parent=parent)
            return supervisor.run(stages, f"Vitrine is ready: http://{LOOPBACK}:{stack.port}{stack.root}")
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
    settings = load_settings(environ)
    try:
        data.mkdir(parents=True, exist_ok=True)
        held.enter_context(sole_use(data))
        _wait_for_port(port)
        postgres = None if environ.get("VITRINE_DATABASE_URL") else prepare_postgres(data / "postgres")
        valkey = None if environ.get("VITRINE_BROKER_URL") else prepare_valkey(data / "valkey")
    except OSError as error:
        raise CannotStart(f"{error.filename or data} cannot be used: {error.strerror}.") from None
    variables = _settings(environ, settings, data, postgres, valkey)
    # What gunicorn, which inherits our environment, takes for the same.
    root = settings.prefix or environ.get("SCRIPT_NAME", "").rstrip("/")
    stack = Stack(port, data, postgres, valkey, variables, root)
    # For commands beside it: `. var/environment; flask --app web.app import FOLDER`.
    write_environment(data / "environment", stack.environ)
    return stack


def _settings(
    environ: Mapping[str, str],
    settings: Settings,
    data: Path,
    postgres: Postgres | None,
    valkey: Valkey | None,
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
        **given,
        # As Celery reads it, which pings the workers from here.
        "VITRINE_BROKER_URL": settings.broker_url if valkey is None else valkey.url,
    }


def _port(raw: str) -> int:
    if not (raw.isascii() and raw.isdigit() and 1 <= int(raw) <= 65535):
        raise CannotStart(f"VITRINE_PORT must be a whole number from 1 to 65535; it is {raw!r}.")
    return int(raw)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + PORT_SECONDS
    while not is_free(port):
        if time.monotonic() > deadline:
            process = listener(port)
            raise CannotStart(
                f"Port {port} is taken{f' by {process}' if process else ''}. "
                f"Stop that, or choose another port: VITRINE_PORT={port + 1 if port < 65535 else 8000} make run."
            )
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
