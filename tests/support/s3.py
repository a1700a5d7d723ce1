"""Real S3 services on loopback for tests: MiniStack (checks IAM keys) and rclone (stricter, text/xml errors).

`tests/contracts/conftest.py` exports the fixtures; a test that kills or freezes its store starts its own with
`start_ministack` or `start_rclone`.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

import psutil
import pytest

from shared.parent_death import ends_with_parent
from shared.storage import S3BlobStore
from tests.support.services import until

_LOOPBACK = "127.0.0.1"
_START_SECONDS = 60
# Between finding a free port and taking it another process may be faster.
_START_ATTEMPTS = 3

_IAM_POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'


@dataclass(frozen=True)
class S3Server:
    """A running S3 service and the key that it accepts."""

    endpoint: str
    access_key: str
    secret_key: str
    process: subprocess.Popen[bytes]

    def environ(self, bucket: str) -> dict[str, str]:
        """The VITRINE_ variables that name a bucket of this service."""
        return {
            "VITRINE_STORAGE": "s3",
            "VITRINE_S3_ENDPOINT": self.endpoint,
            "VITRINE_S3_ACCESS_KEY": self.access_key,
            "VITRINE_S3_SECRET_KEY": self.secret_key,
            "VITRINE_S3_BUCKET": bucket,
            "VITRINE_S3_SECURE": "false",
        }

    def store(self, bucket: str, **options: Any) -> S3BlobStore:
        """A store on a bucket of this service."""
        return S3BlobStore(self.endpoint, self.access_key, self.secret_key, bucket, secure=False, **options)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Stop it from running; its connections stay open."""
        self.process.send_signal(signal.SIGSTOP)
        # A process of several threads stops a little later than it is told to.
        until(lambda: psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED)

    def thaw(self) -> None:
        """Let it run again."""
        self.process.send_signal(signal.SIGCONT)


def new_bucket() -> str:
    """A bucket name that no other test has."""
    return f"vitrine-{uuid4().hex[:12]}"


@contextmanager
def start_ministack(folder: Path) -> Iterator[S3Server]:
    """MiniStack's S3, in memory, with signatures checked; `folder` is for its log and pid file."""

    def command(port: int) -> tuple[list[str], dict[str, str]]:
        environ = {
            "BIND_HOST": _LOOPBACK,
            "GATEWAY_PORT": str(port),
            "SERVICES": "s3,iam",
            # Without this any key and any signature will do.
            "AUTH": "true",
            "TMPDIR": str(folder),
            "LOG_LEVEL": "WARNING",
        }
        return [sys.executable, "-m", "ministack"], environ

    with _running(command, folder / "ministack.log") as (process, port):
        endpoint = f"{_LOOPBACK}:{port}"
        # The signatures of its root keys are not checked, so the tests use an IAM user's.
        _call_iam(endpoint, "CreateUser", UserName="vitrine")
        _call_iam(endpoint, "PutUserPolicy", UserName="vitrine", PolicyName="s3", PolicyDocument=_IAM_POLICY)
        answer = _call_iam(endpoint, "CreateAccessKey", UserName="vitrine")
        access_key, secret_key = (
            re.findall(f"<{tag}>(.+?)</{tag}>", answer)[0] for tag in ("AccessKeyId", "SecretAccessKey")
        )
        yield S3Server(endpoint, access_key, secret_key, process)


@contextmanager
def start_rclone(folder: Path, *options: str) -> Iterator[S3Server]:
    """`rclone serve s3` over a folder in `folder`, with further options of rclone."""
    access_key, secret_key = "AKIAVITRINETESTS", "a-secret-for-tests"
    served = folder / "served"
    served.mkdir()
    rclone = str(Path(sysconfig.get_path("scripts"), "rclone"))

    def command(port: int) -> tuple[list[str], dict[str, str]]:
        address = f"{_LOOPBACK}:{port}"
        keys = f"{access_key},{secret_key}"
        return [rclone, "serve", "s3", "--addr", address, "--auth-key", keys, *options, str(served)], {
            "RCLONE_CONFIG": os.devnull,
            "HOME": str(folder),
        }

    with _running(command, folder / "rclone.log") as (process, port):
        yield S3Server(f"{_LOOPBACK}:{port}", access_key, secret_key, process)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One MiniStack for the whole run."""
    with start_ministack(tmp_path_factory.mktemp("ministack")) as server:
        yield server


@pytest.fixture(scope="session")
def rclone_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One rclone server for the whole run."""
    with start_rclone(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@contextmanager
def _running(
    command: Callable[[int], tuple[list[str], dict[str, str]]], log: Path
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The process of `command(port)`, once it listens on that port; killed at the end."""
    with ExitStack() as stack:
        output = stack.enter_context(log.open("wb"))
        for _ in range(_START_ATTEMPTS):
            port = _free_port()
            arguments, environ = command(port)
            process = stack.enter_context(_process(arguments, environ, output.fileno()))
            if _listens(process, port):
                yield process, port
                return
        raise RuntimeError(f"{arguments[0]} did not start:\n{log.read_text(errors='replace')}")


@contextmanager
def _process(arguments: list[str], environ: dict[str, str], output: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        ends_with_parent(arguments),
        env={"PATH": os.defpath, **environ},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        # Ctrl-C is for the tests; they end what they started.
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((_LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _call_iam(endpoint: str, action: str, **parameters: str) -> str:
    scope = "Credential=test/20260101/us-east-1/iam/aws4_request"
    body = urlencode({"Action": action, "Version": "2010-05-08", **parameters}).encode()
    signature = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature={'0' * 64}"
    request = Request(f"http://{endpoint}/", data=body, headers={"Authorization": signature})
    with urlopen(request, timeout=10) as answer:  # noqa: S310
        return str(answer.read().decode())
