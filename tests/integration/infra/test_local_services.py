"""The embedded servers of the local stack, and what keeps that stack from starting."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from redis import Redis

from infra.local.__main__ import prepare
from infra.local.folder import sole_use
from infra.local.postgres import Postgres, prepare_postgres
from infra.local.processes import Processes
from infra.local.program import CannotStart
from infra.local.programs import plan
from infra.local.valkey import Valkey, prepare_valkey
from shared.jobs.kinds import Queue
from tests.support.services import (
    PATIENCE_SECONDS,
    PostgresServer,
    Service,
    flush,
    runs,
    service_folder,
    until,
)

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]

# Starts a server as the stack does, says under which process, and would run until it is killed.
STARTER = """
import sys, time
from pathlib import Path
from infra.local.processes import Processes
from infra.local.{module} import prepare_{module}
with Processes() as processes:
    server = prepare_{module}(Path(sys.argv[1]))
    process = processes.start(server.program, sys.stderr.fileno())
    while not server.is_ready():
        time.sleep(0.02)
    print(process.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder with a space in its name."""
    with service_folder("data of") as folder:
        yield folder


@pytest.mark.parametrize("careless", [False, True])
def test_postgres_keeps_what_it_was_told_through_kill_9(
    careless: bool, processes: Processes, folder: Path
) -> None:
    postgres = prepare_postgres(folder, careless=careless)
    with _running(processes, postgres) as service:
        _execute(postgres, "CREATE TABLE told (word text)")
        _execute(postgres, "INSERT INTO told VALUES ('kept')")
        service.kill()
        assert (folder / "data" / "postmaster.pid").exists()
        service.start()
        assert _execute(postgres, "SELECT word FROM told") == [("kept",)]


def test_postgres_starts_though_the_process_id_it_left_is_taken(processes: Processes, folder: Path) -> None:
    postgres = prepare_postgres(folder, careless=True)
    with _running(processes, postgres) as service:
        service.kill()
        left = folder / "data" / "postmaster.pid"
        lines = left.read_text().splitlines()
        user = _owner(left) if os.geteuid() == 0 else None
        # A process of the same user, which PostgreSQL takes for an older server over the same data.
        with subprocess.Popen(["sleep", "600"], user=user) as other:
            try:
                left.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
                service.start()
            finally:
                other.kill()


def test_valkey_keeps_what_it_was_told_through_kill_9(processes: Processes, folder: Path) -> None:
    valkey = prepare_valkey(folder)
    with _running(processes, valkey) as service:
        with valkey.connect() as client:
            client.lpush("queue", "message")
        service.kill()
        service.start()
        with valkey.connect() as client:
            assert client.lrange("queue", 0, -1) == [b"message"]


@pytest.mark.parametrize("module", ["postgres", "valkey"])
def test_a_server_is_gone_after_kill_9_of_its_starter_and_starts_again(
    module: str, processes: Processes, folder: Path
) -> None:
    command = [sys.executable, "-c", STARTER.format(module=module), str(folder)]
    with (
        (folder / "errors").open("wb") as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors) as starter,
    ):
        try:
            assert starter.stdout is not None
            server = int(starter.stdout.readline())
            assert runs(server)
        finally:
            starter.kill()
    until(lambda: not runs(server))
    again: Postgres | Valkey = (
        prepare_postgres(folder, careless=True) if module == "postgres" else prepare_valkey(folder)
    )
    with _running(processes, again):
        assert again.is_ready()


def test_a_server_comes_back_at_its_address_with_its_password(folder: Path) -> None:
    assert (
        prepare_postgres(folder / "postgres", careless=True).url()
        == prepare_postgres(folder / "postgres", careless=True).url()
    )
    assert prepare_valkey(folder / "valkey").url == prepare_valkey(folder / "valkey").url


def test_a_server_takes_another_port_when_its_own_is_taken(folder: Path) -> None:
    before = prepare_valkey(folder)
    with _listening(before.port):
        assert prepare_valkey(folder).port != before.port


def test_secrets_are_for_their_owner_only(folder: Path) -> None:
    prepare_postgres(folder / "postgres", careless=True)
    prepare_valkey(folder / "valkey")
    for secret in ("postgres/password", "valkey/password", "valkey/valkey.conf"):
        assert stat.S_IMODE((folder / secret).stat().st_mode) == 0o600


def test_postgres_wants_the_password(postgres: str) -> None:
    address, _, rest = postgres.removeprefix("postgresql+psycopg2://").partition("@")
    user, _, password = address.partition(":")
    psycopg2.connect(f"postgresql://{user}:{password}@{rest}").close()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(f"postgresql://{user}:wrong@{rest}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become someone else")
def test_root_runs_postgres_as_someone_else_even_where_only_root_may_enter(
    processes: Processes, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    postgres = prepare_postgres(tmp_path / "data", careless=True)
    with _running(processes, postgres):
        assert postgres.is_ready()
        assert _owner(tmp_path / "data" / "data" / "postmaster.pid") != 0


def test_data_of_another_postgresql_are_refused_in_plain_words(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(CannotStart, match=r"was made by PostgreSQL 16, and this Vitrine runs PostgreSQL 18"):
        prepare_postgres(folder, careless=True)


def test_data_without_their_password_are_refused_in_plain_words(folder: Path) -> None:
    prepare_postgres(folder, careless=True)
    (folder / "password").unlink()
    with pytest.raises(CannotStart, match="The password of the database is missing"):
        prepare_postgres(folder, careless=True)


def test_a_port_that_was_never_written_down_is_chosen_anew(folder: Path) -> None:
    (folder / "port").touch()
    assert prepare_valkey(folder).port > 0


def test_postgres_whose_making_was_cut_short_is_made_afresh(processes: Processes, folder: Path) -> None:
    (folder / "data.unfinished").mkdir()
    (folder / "data.unfinished" / "PG_VERSION").write_text("18\n")
    with _running(processes, prepare_postgres(folder, careless=True)):
        pass
    assert not (folder / "data.unfinished").exists()


def test_a_database_is_a_copy_of_its_template_and_can_be_dropped(postgres_server: PostgresServer) -> None:
    template = postgres_server.create_database()
    connection = psycopg2.connect(template.replace("+psycopg2", ""))
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION vector")
        cursor.execute("CREATE TABLE told (value vector(3))")
        cursor.execute("INSERT INTO told VALUES ('[1,2,3]')")
    copy = postgres_server.create_database(template)
    postgres_server.drop_database(template)
    connection = psycopg2.connect(copy.replace("+psycopg2", ""))
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT value FROM told")
        assert cursor.fetchone() == ("[1,2,3]",)
        # Connected as we are: a test that leaks a connection must not keep its database.
        postgres_server.drop_database(copy)
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        psycopg2.connect(copy.replace("+psycopg2", ""))


def test_flushing_empties_valkey(valkey: str) -> None:
    with Redis.from_url(valkey) as client:
        client.set("key", "value")
        flush(valkey)
        assert client.dbsize() == 0


def test_a_taken_port_is_refused_with_one_sentence_that_says_by_whom(folder: Path) -> None:
    with _listening() as port:
        refusal = _refusal(folder, {"VITRINE_PORT": str(port)})
    assert refusal.startswith(f"Vitrine cannot start. Port {port} is taken")
    assert f"VITRINE_PORT={port + 1} make run" in refusal
    if sys.platform == "linux":
        assert f"by process {os.getpid()}" in refusal


def test_a_second_run_over_the_same_data_is_refused(folder: Path) -> None:
    with sole_use(folder):
        refusal = _refusal(folder, {})
    assert f"Another Vitrine (process {os.getpid()}) already uses {folder}." in refusal


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"VITRINE_PORT": "http"}, "VITRINE_PORT must be a whole number from 1 to 65535; it is 'http'."),
        ({"VITRINE_STORAGE": "tape"}, "VITRINE_STORAGE must be one of directory, s3; it is 'tape'."),
        ({"VITRINE_WHEIGHTS": "w.pth"}, "VITRINE_WHEIGHTS is not a setting of Vitrine."),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_name(
    environ: dict[str, str], sentence: str, folder: Path
) -> None:
    assert _refusal(folder, environ) == f"Vitrine cannot start. {sentence}"


def test_a_data_folder_that_is_a_file_is_refused(folder: Path) -> None:
    (folder / "file").touch()
    refusal = _refusal(folder / "file", {})
    assert refusal == f"Vitrine cannot start. {folder / 'file'} cannot be used: File exists."


def test_every_queue_has_a_worker_and_no_worker_an_unknown_one(folder: Path) -> None:
    taken = [
        queue
        for command in _commands(folder, {}).values()
        if "--queues" in command
        for queue in command[command.index("--queues") + 1].split(",")
    ]
    assert sorted(taken) == sorted(Queue)


def test_processes_are_told_of_the_servers_and_of_folders_under_the_data(folder: Path) -> None:
    environ = _environ(folder, {"VITRINE_WEIGHTS": "weights.pth"})
    assert environ["VITRINE_DATABASE_URL"].startswith("postgresql+psycopg2://vitrine:")
    assert environ["VITRINE_BROKER_URL"].startswith("redis://:")
    assert environ["VITRINE_STORAGE_DIR"] == str(folder / "blobs")
    assert environ["VITRINE_WEIGHTS"] == str(Path.cwd() / "weights.pth")


def test_the_site_answers_to_the_names_of_this_machine_unless_others_were_set(folder: Path) -> None:
    assert _environ(folder, {})["VITRINE_HOSTS"] == "127.0.0.1,localhost"
    assert _environ(folder, {"VITRINE_HOSTS": "photos.example.org"})["VITRINE_HOSTS"] == "photos.example.org"


def test_what_someone_set_himself_is_kept_and_takes_the_place_of_our_servers(folder: Path) -> None:
    own = {
        "VITRINE_STORAGE": "s3",
        "VITRINE_S3_ENDPOINT": "127.0.0.1:9000",
        "VITRINE_S3_ACCESS_KEY": "key",
        "VITRINE_S3_SECRET_KEY": "secret",
        "VITRINE_DATABASE_URL": "postgresql+psycopg2://me@127.0.0.1:5432/mine",
        "VITRINE_BROKER_URL": "redis://127.0.0.1:6379/3",
    }
    assert own.items() <= _environ(folder, own).items()
    assert {"postgres", "valkey"} & _commands(folder, own).keys() == set()


@contextmanager
def _running(processes: Processes, server: Postgres | Valkey) -> Iterator[Service]:
    service = Service(processes, server)
    try:
        service.start()
        yield service
    finally:
        service.stop()


@contextmanager
def _listening(port: int = 0) -> Iterator[int]:
    """Hold a port, any free one by default."""
    with socket.create_server(("127.0.0.1", port)) as server:
        yield server.getsockname()[1]


def _refusal(data: Path, environ: Mapping[str, str]) -> str:
    """The one line that a run which cannot start writes."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VITRINE_")}
    done = subprocess.run(
        [sys.executable, "-m", "infra.local"],
        cwd=ROOT,
        env={**clean, "VITRINE_DATA": str(data), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def _commands(data: Path, environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    with ExitStack() as held:
        stages = plan(
            prepare({"VITRINE_DATA": str(data), "VITRINE_PORT": str(_free_port()), **environ}, held)
        )
    return {program.name: program.command for stage in stages for program in stage.programs}


def _environ(data: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    with ExitStack() as held:
        return prepare(
            {"VITRINE_DATA": str(data), "VITRINE_PORT": str(_free_port()), **environ}, held
        ).environ


def _free_port() -> int:
    with _listening() as port:
        return port


def _owner(path: Path) -> int:
    return path.stat().st_uid


def _execute(postgres: Postgres, statement: str) -> list[tuple[object, ...]]:
    with closing(postgres.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
