"""Fills the gallery of a running Vitrine with the demo pictures: `python -m infra.demo [URL]`, which `make demo` calls.

An ordinary client of the HTTP API, with nothing but the standard library. Running it again adds nothing: the same bytes
are the same image.
"""

import http.client
import json
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from worker.demo import DemoPicture, draw

PARALLEL: Final = 4
TRY_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
# A Vitrine that cannot take a photo for this long will not take it soon.
RETRY_SECONDS: Final = 120.0
# As long as any one thing takes with workers at hand: the index waits up to 45 s for company.
PATIENCE_SECONDS: Final = 180.0
_TIMEOUT_SECONDS: Final = 60.0


class DemoFailed(Exception):
    """The gallery could not be filled. The message says why, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Vitrine said: the status, the JSON document, and the seconds after which to ask again (if it said so)."""

    status: int
    document: dict[str, Any]
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks to one Vitrine. url: without a path; key: sent as a bearer token where it is not empty."""

    url: str
    key: str = ""
    sleep: Callable[[float], None] = time.sleep

    def ask(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> Answer:
        """One request under /api/v1, again and again while the answer is to try later. Raises DemoFailed."""
        waited = 0.0
        while True:
            answer = self._once(method, f"/api/v1{path}", body, content_type)
            if answer.status not in TRY_LATER:
                break
            pause = max(answer.retry_after or 1.0, 0.1)
            waited += pause
            if waited > RETRY_SECONDS:
                raise DemoFailed(f"Vitrine is too busy, or not well: {_reason(answer)}")
            self.sleep(pause)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise DemoFailed("This Vitrine wants an API key: set VITRINE_API_KEYS to one of its keys.")
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise DemoFailed(f"Vitrine refused: {_reason(answer)}")
        return answer

    def _once(self, method: str, path: str, body: bytes, content_type: str) -> Answer:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        headers = {"Accept": "application/json"}
        if content_type:
            headers["Content-Type"] = content_type
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body=body or None, headers=headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise DemoFailed(
                f"Nothing answers at {self.url} ({error}). Start Vitrine first: make run."
            ) from None
        finally:
            connection.close()
        return Answer(
            response.status, _document(content, self.url), _seconds(response.headers["Retry-After"])
        )


@dataclass(slots=True)
class Uploads:
    """What became of the pictures so far."""

    added: int = 0
    present: int = 0
    jobs: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, answer: Answer) -> int:
        """Note an answered upload; returns how many there were."""
        job = answer.document.get("job")
        with self.lock:
            if answer.document.get("duplicate"):
                self.present += 1
            else:
                self.added += 1
            if job is not None:
                self.jobs.append(job["id"])
            return self.added + self.present


class Progress:
    """One line that is written over on a terminal; elsewhere a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._last = 0.0

    def show(self, text: str) -> None:
        now = time.monotonic()
        if self._terminal:
            print(f"\r\033[K{text}", end="", flush=True)
        elif now - self._last > 5:
            print(text, flush=True)
        self._last = now if now - self._last > 5 else self._last

    def end(self, text: str) -> None:
        print(f"\r\033[K{text}" if self._terminal else text, flush=True)


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Upload the demo pictures and wait until their look-alikes are known. Returns an exit status."""
    progress = Progress()
    try:
        client = make_client(arguments, environ)
        client.ask("GET", "/index")  # before anything is drawn
        uploads = upload(client, draw(), progress)
        failed = wait_for_jobs(client, uploads.jobs, progress)
        wait_for_index(client, progress)
    except DemoFailed as error:
        progress.end(str(error))
        return 1
    except KeyboardInterrupt:
        progress.end("Stopped. What was uploaded stays; make demo goes on from there.")
        return 130
    already = f", {uploads.present} were there already" if uploads.present else ""
    progress.end(
        f"{uploads.added} pictures added{already}. Open {client.url}/ and click one to see its look-alikes."
    )
    for reason in failed:
        print(f"One picture failed: {reason}")
    return 1 if failed else 0


def make_client(arguments: list[str], environ: Mapping[str, str]) -> Client:
    """A client of the Vitrine that was named, else of the one that `make run` starts. Raises DemoFailed."""
    port = environ.get("VITRINE_PORT") or "8000"
    url = (arguments[0] if arguments else f"http://127.0.0.1:{port}").rstrip("/")
    if urlsplit(url).scheme not in {"http", "https"}:
        raise DemoFailed(f"{url} is no address of a Vitrine; http://127.0.0.1:8000 would be one.")
    keys = [key.strip() for key in environ.get("VITRINE_API_KEYS", "").split(",") if key.strip()]
    return Client(url, keys[0] if keys else "")


def upload(client: Client, pictures: Iterable[DemoPicture], progress: Progress) -> Uploads:
    """Upload the pictures, four at a time, while the next are drawn. Raises DemoFailed."""
    uploads = Uploads()
    # No further ahead than this, or all of them would lie in memory.
    places = threading.Semaphore(2 * PARALLEL)

    def send(picture: DemoPicture) -> None:
        try:
            body, content_type = multipart(picture)
            count = uploads.count(client.ask("POST", "/images", body, content_type))
            progress.show(f"Drawing and uploading: {count} pictures")
        finally:
            places.release()

    with ThreadPoolExecutor(PARALLEL) as pool:
        sent: list[Future[None]] = []
        for picture in pictures:
            places.acquire()
            if any(future.done() and future.exception() for future in sent):
                places.release()
                break
            sent.append(pool.submit(send, picture))
        for future in sent:
            future.result()
    return uploads


def multipart(picture: DemoPicture) -> tuple[bytes, str]:
    """The form of one upload as a body of multipart/form-data (RFC 7578), and its content type."""
    boundary = secrets.token_hex(16)
    fields = {"caption": picture.caption, "tags": ",".join(picture.tags), "label": picture.label}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{picture.name}"\r\n'
    parts += [
        f"{head}Content-Type: image/jpeg\r\n\r\n".encode(),
        picture.jpeg,
        f"\r\n--{boundary}--\r\n".encode(),
    ]
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def wait_for_jobs(client: Client, jobs: list[str], progress: Progress) -> list[str]:
    """Wait for each of the jobs; returns why those failed that did. Raises DemoFailed when nothing moves."""
    failed = []
    for done, job in enumerate(jobs):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            document = client.ask("GET", f"/jobs/{job}?wait=5").document
            if document["status"] not in {"queued", "running"}:
                break
            if time.monotonic() > deadline:
                raise DemoFailed(
                    "The pictures are uploaded, but nobody works on them: is a worker running? Its log says more."
                )
            progress.show(f"Palettes and embeddings: {done} of {len(jobs)} pictures")
            client.sleep(0.2)
        if document["status"] != "succeeded":
            failed.append((document.get("error") or {}).get("message") or document["status"])
    return failed


def wait_for_index(client: Client, progress: Progress) -> None:
    """Wait until every embedding is in the index. Raises DemoFailed when nothing moves."""
    least: int | None = None
    deadline = time.monotonic() + PATIENCE_SECONDS
    while pending := int(client.ask("GET", "/index").document["pending"]):
        if least is None or pending < least:
            least, deadline = pending, time.monotonic() + PATIENCE_SECONDS
        if time.monotonic() > deadline:
            raise DemoFailed("The palettes are there, but the index does not move: is beat running?")
        progress.show(f"Look-alikes: {pending} pictures wait to be compared (once a minute)")
        client.sleep(1.0)


def _document(content: bytes, url: str) -> dict[str, Any]:
    try:
        document = json.loads(content or b"{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise DemoFailed(f"What answers at {url} is not Vitrine.")
    return document


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isascii() and header.isdigit() else None


def _reason(answer: Answer) -> str:
    said = answer.document.get("detail") or answer.document.get("title") or "no reason given"
    return f"{said} (status {answer.status})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
