"""What the local stack keeps in its data folder about itself (lock, secrets, ports, settings), and ports themselves."""

import fcntl
import os
import secrets
import shlex
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from infra.local.program import CannotStart

LOOPBACK = "127.0.0.1"


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Hold the folder for this process. Raises CannotStart if another one holds it."""
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CannotStart(
                f"Another Vitrine (process {file.read().strip() or 'unknown'}) already uses {folder}. "
                "Stop it first, or set VITRINE_DATA to another folder."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def kept_secret(file: Path) -> str:
    """The secret in `file`, made at random the first time. Only the owner may read it. URL-safe."""
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24))
    return file.read_text()


def write_environment(file: Path, environ: Mapping[str, str]) -> None:
    """Vitrine's variables as a shell reads them."""
    lines = [
        f"export {name}={shlex.quote(value)}\n"
        for name, value in sorted(environ.items())
        if name.startswith("VITRINE_")
    ]
    write_private(file, "".join(lines))


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read. Whole or not at all: half a secret would be kept for ever."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(file)


def is_free(port: int) -> bool:
    """Whether a server can listen on the port now."""
    with socket.socket() as probe:
        # As servers do, or connections that ended a moment ago would count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def kept_port(file: Path) -> int:
    """The port written in `file` if it is still free, else a free one, which is then written there."""
    written = file.read_text().strip() if file.exists() else ""
    # Nothing is written there if the run that made the file was killed just then.
    if written.isdigit() and is_free(int(written)):
        return int(written)
    with socket.create_server((LOOPBACK, 0)) as probe:
        port = int(probe.getsockname()[1])
    file.write_text(f"{port}\n")
    return port


def listener(port: int) -> str | None:
    """The process that listens on the port, as `process 123 (gunicorn ...)`, or None where that cannot be found out."""
    try:
        for socket_ in psutil.net_connections("tcp"):
            if socket_.status == psutil.CONN_LISTEN and socket_.laddr[1:] == (port,) and socket_.pid:
                command = " ".join(psutil.Process(socket_.pid).cmdline())
                return f"process {socket_.pid} ({command[:60]})"
    except psutil.Error:  # it belongs to another user, or has just ended
        pass
    return None
