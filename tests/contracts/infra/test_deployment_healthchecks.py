"""The healthchecks of the deployment, run: each says yes to what is well and no to what is not."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.support.compose import ComposeFile
from tests.support.services import ValkeyServer

SERVICES = ComposeFile().services


def check_of(name: str) -> list[str]:
    """The healthcheck of a service as a command."""
    kind, *command = SERVICES[name].fields["healthcheck"]["test"]
    return ["sh", "-c", *command] if kind == "CMD-SHELL" else command


def is_healthy(command: list[str], environ: dict[str, str] | None = None) -> bool:
    # As the image has them first on its path: this interpreter, and the commands installed beside it.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, **(environ or {})}
    return subprocess.run(command, env=environ, capture_output=True, timeout=60, check=False).returncode == 0


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server on the port that it gives out, whose every answer has that status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keeps quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("status", "well"), [(200, True), (503, False), (500, False)])
def test_the_front_end_is_well_when_it_says_that_it_is_ready(status: int, well: bool) -> None:
    with answering(status) as port:
        command = [part.replace(":8000/", f":{port}/") for part in check_of("web")]
        assert is_healthy(command) is well


def test_a_front_end_that_is_gone_is_not_well() -> None:
    with answering(200) as port:
        pass
    assert not is_healthy([part.replace(":8000/", f":{port}/") for part in check_of("web")])


@pytest.mark.parametrize(("age", "well"), [(5, True), (300, True), (900, False)])
def test_beat_is_well_while_it_writes_its_schedule(tmp_path: Path, age: int, well: bool) -> None:
    schedule = tmp_path / "beat-schedule.dat"
    schedule.touch()
    os.utime(schedule, (time.time() - age, time.time() - age))
    assert is_healthy(beat_check(tmp_path)) is well


def test_a_beat_that_never_wrote_is_not_well(tmp_path: Path) -> None:
    assert not is_healthy(beat_check(tmp_path))


def beat_check(folder: Path) -> list[str]:
    assert "/tmp/beat-schedule" in SERVICES["beat"].command
    return [part.replace("/tmp/", f"{folder}/") for part in check_of("beat")]


@pytest.mark.parametrize(
    ("answer", "well"),
    [("PONG", True), ("LOADING the dataset in memory", False), ("NOAUTH Authentication required.", False)],
)
def test_valkey_is_well_when_it_answers_the_ping(tmp_path: Path, answer: str, well: bool) -> None:
    # Its client ends well whatever the answer is.
    client = tmp_path / "valkey-cli"
    client.write_text(f"#!/bin/sh\necho '{answer}'\n")
    client.chmod(0o755)
    assert is_healthy(check_of("valkey"), {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}) is well


@pytest.mark.integration
def test_a_worker_is_well_while_it_answers(valkey_server: ValkeyServer) -> None:
    check = check_of("worker-cpu")
    assert check == check_of("worker-embed") == check_of("worker-gpu")
    environ = {"VITRINE_BROKER_URL": valkey_server.url, "HOSTNAME": "healthcheck"}
    # Any worker will do: the check knows nothing of Vitrine, so that it need not load torch.
    command = ["-m", "celery", "--broker", valkey_server.url, "worker", "--pool", "solo"]
    worker = subprocess.Popen(
        [sys.executable, *command, "--queues", "healthcheck", "--hostname", "celery@healthcheck"],
        env={**os.environ, "C_FORCE_ROOT": "1"},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        # It answers at once when it can; a shorter timeout makes the answers that do not come cheaper.
        impatient = [part.replace("--timeout 10", "--timeout 1") for part in check]
        assert impatient != check
        deadline = time.monotonic() + 60
        while not is_healthy(impatient, environ):
            assert time.monotonic() < deadline
        worker.send_signal(signal.SIGSTOP)
        assert not is_healthy(impatient, environ)
    finally:
        worker.kill()
        worker.wait()
