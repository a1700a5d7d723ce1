"""How long does an upload take to be answered? 2 MP JPEGs to the whole stack, its workers idle and busy."""

import http.client
import itertools
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.peers import FOLDER
from benchmarks.photos import drawn, numbered
from benchmarks.report import table
from benchmarks.servers import PEERS, running_gunicorn
from benchmarks.support import BenchmarkFailed, interleave, milliseconds, ratio
from infra.local.processes import Processes
from tests.support.services import service_folder
from tests.support.stack import QUICK, database_url, running_stack

WIDTH, HEIGHT = 1632, 1224  # 2.0 MP
IDLE_ROUNDS: Final = 50
IDLE_SECONDS: Final = 30
BUSY_ROUNDS: Final = 200
BUSY_SECONDS: Final = 40
BACKLOG: Final = 60
TARGET_MILLISECONDS: Final = 50

_BOUNDARY: Final = "benchmark"
_HEAD: Final = (
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n'
    "Content-Type: image/jpeg\r\n\r\n"
).encode()
_TAIL: Final = f"\r\n--{_BOUNDARY}--\r\n".encode()


class Photos:
    """Photos without end, each different from every other in its bytes; by default drawn ones of 2 MP."""

    def __init__(self, pictures: Sequence[bytes] = ()) -> None:
        pictures = pictures or drawn(WIDTH, HEIGHT)
        self.bytes = sum(map(len, pictures)) // len(pictures)
        self._next = numbered(pictures)

    def take(self, count: int) -> list[bytes]:
        return list(itertools.islice(self._next, count))

    def form(self) -> bytes:
        """The next photo as the body of a form."""
        return form_of(next(self._next))


def form_of(photo: bytes) -> bytes:
    return _HEAD + photo + _TAIL


class Client:
    """One kept connection to a server."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def post(self, path: str, form: bytes) -> tuple[float, Any]:
        """Seconds until the answer was there, and the answer. Raises BenchmarkFailed unless it is 202."""
        start = time.perf_counter()
        self._connection.request(
            "POST", path, form, {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
        )
        answer = self._connection.getresponse()
        text = answer.read()
        seconds = time.perf_counter() - start
        if answer.status != HTTPStatus.ACCEPTED:
            raise BenchmarkFailed(f"{path} answered {answer.status}: {text.decode()}")
        return seconds, json.loads(text)

    def get(self, path: str) -> Any:
        self._connection.request("GET", path)
        return json.loads(self._connection.getresponse().read())

    def close(self) -> None:
        self._connection.close()


def run() -> str:
    """The section of RESULTS.md."""
    photos = Photos()
    # The tests' haste would have the sweeper and the index run far more often than they do.
    as_installed = dict.fromkeys(QUICK, "") | {"VITRINE_WEIGHTS_DOWNLOAD": "false"}
    with (
        service_folder("bench") as data,
        service_folder("bench") as folder,
        Processes() as processes,
        running_stack(data, as_installed) as stack,
        running_gunicorn(
            processes,
            PEERS,
            folder / "peers",
            {"VITRINE_DATABASE_URL": database_url(stack), FOLDER: str(folder / "peers")},
        ) as peers,
    ):
        ours, peer = Client(stack.url), Client(peers.url)
        idle = interleave(
            {
                "ours": lambda: upload_quietly(ours, photos),
                "peer": lambda: peer.post("/images", photos.form())[0],
            },
            IDLE_ROUNDS,
            IDLE_SECONDS,
        )
        pile_up(stack.url, photos)
        busy = interleave(
            {
                "ours": lambda: ours.post("/api/v1/images", photos.form())[0],
                "peer": lambda: peer.post("/images", photos.form())[0],
            },
            BUSY_ROUNDS,
            BUSY_SECONDS,
        )
        waiting = ours.get("/api/v1/jobs?status=queued&limit=1")["total"]
        ours.close()
        peer.close()
    if not waiting:
        raise BenchmarkFailed("The workers ran out of work before the measurement ended.")
    head = ("POST of a 2 MP JPEG", "p50 ms", "p95 ms", "p99 ms", "times the peer (p50)", "target")
    rows = [
        ("workers idle", *_shown(idle["ours"]), ratio(idle["ours"], idle["peer"]), ""),
        ("peer: form to disk with fsync, workers idle", *_shown(idle["peer"]), "", ""),
        (
            "workers busy",
            *_shown(busy["ours"]),
            ratio(busy["ours"], busy["peer"]),
            f"p50 < {TARGET_MILLISECONDS}",
        ),
        ("peer: form to disk with fsync, workers busy", *_shown(busy["peer"]), "", ""),
    ]
    return (
        "How long does an upload take to be answered, with all of `make run` on the machine?\n\n"
        f"{table(head, rows)}\n\n"
        f"Different photos of {WIDTH} × {HEIGHT} and {photos.bytes / 1000:.0f} kB, one at a time over a kept connection; "
        f"{len(idle['ours'])} and {len(busy['ours'])} of each, in turns. Idle: each once the one before has been analysed and "
        f"embedded. Busy: behind a backlog, which stood at {waiting} photos at the end."
    )


def upload_quietly(client: Client, photos: Photos) -> float:
    """Uploads a photo, and waits until the workers have done all that it gave them to do."""
    seconds, answer = client.post("/api/v1/images", photos.form())
    path = answer["job"]["links"]["self"]
    while (job := client.get(f"{path}?wait=30"))["status"] in {"queued", "running"}:
        pass
    if job["status"] != "succeeded":
        raise BenchmarkFailed(f"A photo could not be analysed: {job['error']}")
    return seconds


def pile_up(url: str, photos: Photos) -> None:
    """Uploads a backlog."""
    forms = [photos.form() for _ in range(BACKLOG)]

    def post(form: bytes) -> None:
        client = Client(url)
        client.post("/api/v1/images", form)
        client.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(post, forms))


def _shown(seconds: list[float]) -> tuple[str, ...]:
    return tuple(milliseconds(seconds, percent) for percent in (50, 95, 99))
