"""The client of `make demo` against a stand-in for Vitrine: what it sends, and what it makes of the answers."""

import email
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from infra.demo import Client, DemoFailed, Progress, main, upload, wait_for_index, wait_for_jobs
from worker.demo.algorithms import DemoPicture

pytestmark = pytest.mark.integration

PICTURE = DemoPicture(
    name="sea-01.jpg",
    caption="The sea, no. 1 – é",
    tags=("water", "gold"),
    label="sea",
    width=1500,
    height=1000,
    jpeg=b"\xff\xd8 jpeg",
)


@dataclass
class Said:
    """One answer that the stand-in gives."""

    status: int
    document: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Heard:
    """One request that came."""

    method: str
    path: str
    headers: Message
    body: bytes


class StandIn:
    """Answers requests in the order of `answers`, the last one again and again, and keeps what it heard."""

    def __init__(self, answers: list[Said]) -> None:
        self.answers = answers
        self.heard: list[Heard] = []
        self.url = ""
        self._lock = threading.Lock()

    def answer(self, heard: Heard) -> Said:
        with self._lock:
            self.heard.append(heard)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def stand_in(*answers: Said) -> Iterator[StandIn]:
    vitrine = StandIn(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = vitrine.answer(Heard(self.command, self.path, self.headers, body))
            content = json.dumps(said.document).encode()
            self.send_response(said.status)
            for name, value in {**said.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keeps quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        vitrine.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield vitrine
        finally:
            server.shutdown()
            thread.join()


def accepted(job: str = "7", *, duplicate: bool = False) -> Said:
    return Said(200 if duplicate else 202, {"image": {}, "job": {"id": job}, "duplicate": duplicate})


def form(heard: Heard) -> dict[str, tuple[str | None, bytes]]:
    """The parts of a multipart form by name: file name and content."""
    head = f"Content-Type: {heard.headers['Content-Type']}\r\n\r\n".encode()
    parts = email.message_from_bytes(head + heard.body).get_payload()
    assert isinstance(parts, list)
    found = {}
    for part in parts:
        assert isinstance(part, Message)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[str(part.get_param("name", header="content-disposition"))] = (part.get_filename(), content)
    return found


def test_a_picture_is_sent_with_all_that_is_said_of_it() -> None:
    with stand_in(accepted()) as vitrine:
        upload(Client(vitrine.url), [PICTURE], Progress())
    assert [(heard.method, heard.path) for heard in vitrine.heard] == [("POST", "/api/v1/images")]
    assert form(vitrine.heard[0]) == {
        "caption": (None, "The sea, no. 1 – é".encode()),
        "tags": (None, b"water,gold"),
        "label": (None, b"sea"),
        "file": ("sea-01.jpg", b"\xff\xd8 jpeg"),
    }


def test_new_pictures_and_those_already_there_are_told_apart() -> None:
    with stand_in(accepted("1"), accepted("2", duplicate=True), accepted("3")) as vitrine:
        uploads = upload(Client(vitrine.url), [PICTURE] * 3, Progress())
    assert (uploads.added, uploads.present) == (2, 1)
    assert sorted(uploads.jobs) == ["1", "2", "3"]


@pytest.mark.parametrize("status", [429, 503])
def test_it_comes_back_after_as_long_as_it_was_told(status: int) -> None:
    pauses: list[float] = []
    busy = Said(status, {"title": "later"}, {"Retry-After": "3"})
    with stand_in(busy, busy, accepted()) as vitrine:
        answer = Client(vitrine.url, sleep=pauses.append).ask("POST", "/images", b"x", "text/plain")
    assert answer.status == 202
    assert pauses == [3, 3]


def test_it_does_not_come_back_for_ever() -> None:
    pauses: list[float] = []
    with stand_in(Said(503, {"detail": "The disk is full."}, {"Retry-After": "30"})) as vitrine:
        client = Client(vitrine.url, sleep=pauses.append)
        with pytest.raises(DemoFailed, match="The disk is full"):
            client.ask("GET", "/index")
    assert 60 <= sum(pauses) <= 120


def test_a_refusal_ends_the_upload_with_its_reason() -> None:
    answers = (accepted(), Said(413, {"detail": "Too large."}))
    with stand_in(*answers) as vitrine, pytest.raises(DemoFailed, match="Too large"):
        upload(Client(vitrine.url), [PICTURE] * 40, Progress())
    # Those under way may still arrive, but not all of the rest.
    assert len(vitrine.heard) < 40


def test_the_key_goes_with_every_request() -> None:
    with stand_in(accepted()) as vitrine:
        upload(Client(vitrine.url, key="abc"), [PICTURE], Progress())
    assert vitrine.heard[0].headers["Authorization"] == "Bearer abc"


def test_a_missing_key_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with stand_in(Said(401, {"title": "no"})) as vitrine:
        assert main([vitrine.url], {}) == 1
    assert "VITRINE_API_KEYS" in capsys.readouterr().out


def test_the_first_key_of_the_environment_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with stand_in(Said(401, {"title": "no"})) as vitrine:
        main([vitrine.url], {"VITRINE_API_KEYS": " one , two"})
    assert vitrine.heard[0].headers["Authorization"] == "Bearer one"
    capsys.readouterr()


def test_who_forgot_to_start_vitrine_is_told_how(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        # Bound but not listening: nothing answers there, and nobody else gets the port.
        taken.bind(("127.0.0.1", 0))
        status = main([], {"VITRINE_PORT": str(taken.getsockname()[1])})
    said = capsys.readouterr().out
    assert status == 1
    assert "make run" in said
    assert "Traceback" not in said


def test_something_else_at_that_address_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vitrine.example"], {}) == 1
    assert "no address" in capsys.readouterr().out


def test_it_waits_until_every_job_has_ended() -> None:
    running = Said(200, {"status": "running"})
    failed = Said(200, {"status": "failed", "error": {"code": "unreadable", "message": "It is damaged."}})
    with stand_in(running, running, Said(200, {"status": "succeeded"}), failed) as vitrine:
        client = Client(vitrine.url, sleep=lambda _: None)
        assert wait_for_jobs(client, ["1", "2"], Progress()) == ["It is damaged."]
    assert [heard.path for heard in vitrine.heard] == ["/api/v1/jobs/1?wait=5"] * 3 + [
        "/api/v1/jobs/2?wait=5"
    ]


def test_it_waits_until_nothing_is_pending() -> None:
    states = [Said(200, {"pending": pending}) for pending in (5, 2, 0)]
    with stand_in(*states) as vitrine:
        wait_for_index(Client(vitrine.url, sleep=lambda _: None), Progress())
    assert len(vitrine.heard) == 3
