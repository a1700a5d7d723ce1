"""The whole of Vitrine as `make run` starts it, over a folder of the test's own, and a client to talk to it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from infra.local.folder import kept_port

ROOT = Path(__file__).parents[2]

# On a busy machine with two cores, importing torch alone can take ten seconds.
START_SECONDS = 120.0
PATIENCE_SECONDS = 120.0

# Real behaviour at the pace of a test.
QUICK = {
    "VITRINE_LEASE_SECONDS": "4",
    "VITRINE_SWEEP_SECONDS": "1",
    "VITRINE_RESEND_SECONDS": "2",
    "VITRINE_INDEX_DEBOUNCE_SECONDS": "1",
    "VITRINE_INDEX_MAX_WAIT_SECONDS": "5",
    "VITRINE_WEIGHTS_DOWNLOAD": "false",
}


@dataclass
class Stack:
    """A running Vitrine."""

    process: subprocess.Popen[str]
    url: str
    data: Path
    lines: list[str] = field(default_factory=list)
    said_ready: bool = False

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60)

    def processes(self, *words: str) -> list[psutil.Process]:
        """Those of its processes, at any depth, whose command line has all of the words."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                line = process.cmdline()
            except psutil.NoSuchProcess:
                continue
            if all(any(word in part for part in line) for word in words):
                found.append(process)
        return found


@contextmanager
def running_stack(data: Path, extra: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Starts the stack and waits until it says that it is ready; stops it at the end, also when the test fails."""
    port = kept_port(data / "port-of-the-site")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VITRINE_")}
    environ |= {"VITRINE_PORT": str(port), "VITRINE_DATA": str(data), **QUICK, **(extra or {})}
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local", "--with-parent"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    stack = Stack(process, f"http://127.0.0.1:{port}", data)
    ready = threading.Event()
    reader = threading.Thread(target=_read, args=(stack, ready), daemon=True)
    reader.start()
    try:
        ready.wait(START_SECONDS)
        assert stack.said_ready, "".join(stack.lines[-60:])
        yield stack
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(10)
        if process.stdout is not None:
            process.stdout.close()


def _read(stack: Stack, ready: threading.Event) -> None:
    assert stack.process.stdout is not None
    for line in stack.process.stdout:
        stack.lines.append(line)
        if "Vitrine is ready" in line:
            stack.said_ready = True
            ready.set()
    ready.set()  # it has ended: the waiting test looks why


def upload(client: httpx.Client, data: bytes, name: str = "a.jpg", **fields: str) -> dict[str, Any]:
    """POSTs a photo that is taken, and returns the answer."""
    answer = client.post("/api/v1/images", files={"file": (name, data, "image/jpeg")}, data=fields)
    assert answer.status_code in {200, 202}, answer.text
    document: dict[str, Any] = answer.json()
    return document


def finished(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """The job once it has ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            job: dict[str, Any] = client.get(f"/api/v1/jobs/{job_id}", params={"wait": 5}).json()
        except httpx.TransportError:  # the front end may be among what a test kills
            job = {"status": "unknown"}
        if job["status"] not in {"queued", "running", "unknown"}:
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.1)


def settled(client: httpx.Client) -> dict[str, Any]:
    """The index document once nothing is pending."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        document: dict[str, Any] = client.get("/api/v1/index").json()
        if not document["pending"] and document["indexed"] == document["embedded"] == document["images"]:
            return document
        assert time.monotonic() < deadline, document
        time.sleep(0.2)


def database_url(stack: Stack) -> str:
    """The stack's database, for looking at what is stored."""
    worker = stack.processes("worker.beat")[0]
    return worker.environ()["VITRINE_DATABASE_URL"]
