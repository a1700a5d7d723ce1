"""Files that the local stack keeps about itself: the lock of a data folder, and passwords."""

import fcntl
import os
import secrets
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infra.errors import CannotStart


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
        secret = secrets.token_urlsafe(24)
        # Whole or not at all: half a secret would be kept for ever.
        unfinished = file.with_name(f"{file.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_text(secret)
        unfinished.replace(file)
    return file.read_text()


def write_environment(file: Path, environ: Mapping[str, str]) -> None:
    """Vitrine's variables as a shell reads them. They hold passwords, so only the owner may read the file."""
    lines = [
        f"export {name}={shlex.quote(value)}\n"
        for name, value in sorted(environ.items())
        if name.startswith("VITRINE_")
    ]
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text("".join(lines))
