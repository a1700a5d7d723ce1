"""Each process of Vitrine refuses a setting that it cannot use at its start: with a sentence, not with a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
PROCESSES = {
    "web": "gunicorn --config python:web.gunicorn_config --bind 127.0.0.1:0 web.app:create_app_from_environment()",
    "commands": "flask --app web.app create-db",
    "worker": "celery --app worker.app worker --queues cpu",
    "beat": "celery --app worker.beat beat",
    "stack": "infra.local",
}
ESCAPE = "VITRINE_DATABASE_URL must have # written as %23 where it is part of a password."
OPTION = "VITRINE_DATABASE_URL cannot be used: invalid dsn"
BROKER = "VITRINE_BROKER_URL cannot be used"


@pytest.mark.parametrize("process", PROCESSES)
def test_a_setting_that_cannot_be_used_stops_the_start_with_a_sentence(process: str, tmp_path: Path) -> None:
    said = start(process, tmp_path, VITRINE_DATABASE_URL="postgres://u:hun#ter2@127.0.0.1/v")
    assert said == f"Vitrine cannot start. {ESCAPE}"


@pytest.mark.parametrize("process", ["web", "commands", "worker"])
def test_an_option_that_postgres_does_not_know_stops_the_start(process: str, tmp_path: Path) -> None:
    said = start(process, tmp_path, VITRINE_DATABASE_URL="postgres://u:hunter2@127.0.0.1/v?sslmod=require")
    assert said.startswith(f"Vitrine cannot start. {OPTION}")
    assert "sslmod" in said


@pytest.mark.parametrize("process", ["web", "worker", "beat"])
def test_an_option_that_celery_does_not_know_stops_the_start(process: str, tmp_path: Path) -> None:
    said = start(process, tmp_path, VITRINE_BROKER_URL="redis://:hunter2@127.0.0.1/0?databse=1")
    assert said.startswith(f"Vitrine cannot start. {BROKER}")
    assert "databse" in said


def start(process: str, folder: Path, **settings: str) -> str:
    """What the process says at last, which must have ended by itself, and told no password and no line of code."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VITRINE_")}
    ended = subprocess.run(
        [sys.executable, "-m", *PROCESSES[process].split()],
        cwd=ROOT,
        env={**environ, "VITRINE_DATA": str(folder), "VITRINE_STORAGE_DIR": str(folder), **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr + ended.stdout
    assert "hun" not in ended.stderr + ended.stdout
    return ended.stderr.strip().splitlines()[-1]
