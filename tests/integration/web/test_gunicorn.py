"""The front end under gunicorn, as it is deployed: what only a real server and real sockets show."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.pictures import make_jpeg
from tests.support.services import PostgresServer, until

ROOT = Path(__file__).parents[3]
HEAD = b"POST /api/v1/images HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=B\r\n"


@dataclass
class Server:
    port: int
    home: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running_server(home: Path, database_url: str, **variables: str) -> Iterator[Server]:
    """gunicorn with one worker process."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("VITRINE_", "XDG_"))}
    environ |= {
        "HOME": str(home),
        "WEB_CONCURRENCY": "1",
        "VITRINE_DATABASE_URL": database_url,
        "VITRINE_STORAGE_DIR": str(home / "blobs"),
        "VITRINE_LOG_FORMAT": "json",
        **variables,
    }
    # Listening already, it takes requests from the first moment: nothing to poll for, and no port to lose to another.
    listener = socket.create_server(("127.0.0.1", 0))
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--config", "python:web.gunicorn_config"),
                *("--bind", f"fd://{listener.fileno()}", "web.app:create_app_from_environment()"),
            ],
            cwd=ROOT,
            env=environ,
            stderr=log,
            pass_fds=[listener.fileno()],
        )
    port = listener.getsockname()[1]
    listener.close()
    try:
        yield Server(port, home)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A front end without a database behind it."""
    with running_server(
        tmp_path_factory.mktemp("home"), "postgresql+psycopg2://nobody@127.0.0.1:1/nothing"
    ) as server:
        yield server


@contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """Everything that PostgreSQL has running stands still, its connections open."""
    postmaster = psutil.Process(server.pid)
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        process.suspend()
    try:
        yield
    finally:
        for process in family:
            process.resume()


def test_it_answers_without_saying_what_it_is(server: Server) -> None:
    response = httpx.get(f"{server.url}/livez", timeout=30)
    assert response.status_code == 200
    assert "gunicorn" not in response.headers["Server"].lower()


def test_every_line_of_its_log_is_json_also_from_the_worker(server: Server) -> None:
    httpx.get(f"{server.url}/api/v1/nowhere", headers={"X-Request-ID": "look-for-me"}, timeout=30)
    log = server.home / "log"
    # The line is written once the answer has been sent.
    until(lambda: "look-for-me" in log.read_text())
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["path"] for line in lines if line.get("request_id") == "look-for-me"] == ["/api/v1/nowhere"]


def test_it_leaves_no_control_socket_behind(server: Server) -> None:
    httpx.get(f"{server.url}/livez", timeout=30)
    assert not list(server.home.rglob("*.ctl"))


@pytest.mark.parametrize("chunked", [False, True])
def test_a_client_that_sends_too_much_reads_why(server: Server, chunked: bool) -> None:
    part = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    data = part + bytes(21 * 1024 * 1024)
    response = httpx.post(
        f"{server.url}/api/v1/images",
        headers={"Content-Type": "multipart/form-data; boundary=B"},
        content=iter([data]) if chunked else data,
        timeout=30,
    )
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_a_refused_body_does_not_spoil_the_connection(server: Server) -> None:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for _ in range(2):
            refused = client.post(
                "/api/v1/images", content=bytes(2_000_000), headers={"Origin": "http://evil.example"}
            )
            assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
            assert client.get("/livez").status_code == 200


def test_a_body_that_ends_early_is_no_photo(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(HEAD + b"Content-Length: 5000\r\n\r\n--B\r\nContent-Disposition: form-data; ")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_a_photo_without_a_database_is_an_honest_503(server: Server) -> None:
    files = {"file": ("a.gif", b"GIF89a\1\0\1\0\x80\0\0" + bytes(6) + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;")}
    response = httpx.post(f"{server.url}/api/v1/images", files=files, timeout=30)
    assert (response.status_code, response.json()["code"]) == (503, "database_unavailable")
    assert not (server.home / "blobs").exists()


def test_a_database_that_stands_still_is_an_honest_503_within_ten_seconds(
    tmp_path: Path, postgres_server: PostgresServer, database_url: str
) -> None:
    with (
        running_server(tmp_path, database_url) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        assert client.get("/api/v1/jobs").status_code == 200
        with frozen(postgres_server):
            # Over a connection that it has, and over a new one.
            for _ in range(2):
                response = client.get("/api/v1/jobs", timeout=10)
                assert (response.status_code, response.json()["code"]) == (503, "database_unavailable")
        assert client.get("/api/v1/jobs").status_code == 200


@pytest.mark.parametrize("variable", ["VITRINE_PREFIX", "SCRIPT_NAME"])
def test_the_site_is_served_under_the_path_that_a_variable_names(
    database_url: str, tmp_path: Path, variable: str
) -> None:
    with (
        running_server(tmp_path, database_url, **{variable: "/deep/photos"}) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        sent = client.post("/deep/photos/api/v1/images", files={"file": ("a.jpg", make_jpeg())})
        assert sent.status_code == 202, sent.text
        job = sent.headers["Location"]
        assert job == f"/deep/photos/api/v1/jobs/{sent.json()['job']['id']}"
        assert client.get(job).json()["links"]["self"] == job
        with client.stream("GET", f"{job}/events") as events:
            assert f'"self":"{job}"' in next(
                chunk for chunk in events.iter_text() if "event: status" in chunk
            )
        client.post(f"{job}/cancel")
