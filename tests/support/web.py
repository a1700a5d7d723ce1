"""The front end in the test's own process, over a database and a store of the test's own, with a worker at hand."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import IO, Any
from uuid import UUID

import msgspec
import psycopg2.extensions
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from shared.db.queries.jobs import jobs
from shared.db.queries.photos import images
from shared.errors import StorageUnavailable
from shared.storage import BlobStore, DirectoryBlobStore
from tests.support.pipeline import Pipeline, picture
from tests.support.services import PostgresServer
from web.app import create_app
from web.http.documents import Document
from web.http.waiting import Waiters
from web.services import Services

API = "/api/v1"


class Site:
    """The application, a client of it, and a worker that does what waits when it is told to (`pipeline.drain()`)."""

    def __init__(
        self,
        database_url: str,
        folder: Path,
        *,
        blobs: BlobStore | None = None,
        waiters: Waiters | None = None,
        **settings: Any,
    ) -> None:
        self.pipeline = Pipeline(database_url, folder)
        self.services = Services(
            settings=replace(self.pipeline.settings, **settings),
            unit_of_work=self.pipeline.unit_of_work,
            blobs=blobs or self.pipeline.blobs,
            dispatcher=self.pipeline.dispatcher,
            waiters=waiters or Waiters(),
        )
        self.app = create_app(self.services.settings, self.services)
        self.client: FlaskClient = self.app.test_client()

    def close(self) -> None:
        self.pipeline.close()

    def get(self, path: str, **options: Any) -> TestResponse:
        """path: under /api/v1 unless it begins with a slash."""
        return self.client.get(address(path), **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.client.post(address(path), **options)

    def upload(
        self,
        data: bytes,
        name: str = "a.jpg",
        *,
        path: str = "images",
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> TestResponse:
        """Sends a photo as a form."""
        form = {"file": (io.BytesIO(data), name), **fields}
        return self.post(path, data=form, content_type="multipart/form-data", headers=headers)

    def add(self, seed: int, **fields: Any) -> str:
        """Adds a photo of its own; its id."""
        response = self.upload(picture(seed), **fields)
        assert response.status_code == 202, response.text
        image_id: str = response.get_json()["image"]["id"]
        return image_id

    def count(self, table: str) -> int:
        with self.services.unit_of_work.read() as connection:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608

    def job_row(self, job_id: str) -> jobs.JobRow:
        with self.services.unit_of_work.read() as connection:
            return jobs.get_job(connection, UUID(job_id))

    def image_row(self, image_id: str) -> images.ImageRow:
        with self.services.unit_of_work.read() as connection:
            return images.get_image(connection, int(image_id))

    @contextmanager
    def queries(self) -> Iterator[list[str]]:
        """The statements that are sent to the database within the block, but for those that prepare others."""
        sent: list[str] = []

        class Noting(psycopg2.extensions.cursor):
            def execute(self, query: Any, values: Any = None) -> None:
                if not query.startswith("PREPARE "):  # once a connection
                    sent.append(query)
                super().execute(query, values)

        def note(driver: Any, *_rest: object) -> None:
            driver.cursor_factory = Noting

        def forget(driver: Any, _record: object) -> None:
            driver.cursor_factory = None

        pool = self.pipeline.engine.pool
        event.listen(pool, "checkout", note)
        event.listen(pool, "checkin", forget)
        try:
            yield sent
        finally:
            event.remove(pool, "checkout", note)
            event.remove(pool, "checkin", forget)


@contextmanager
def working(site: Site, *, beat: bool = False) -> Iterator[None]:
    """A worker beside the block, which takes messages as they come; with beat, what is due is started as well."""
    done = Event()
    work_once = site.pipeline.settle if beat else site.pipeline.drain

    def work() -> None:
        while not done.wait(0.002):
            work_once()

    worker = Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        done.set()
        worker.join()


def address(path: str) -> str:
    return path if path.startswith("/") else f"{API}/{path}"


def problem(response: TestResponse) -> dict[str, Any]:
    """The problem document of an answer, which is checked to be one."""
    assert response.content_type == "application/problem+json", response.text
    document: dict[str, Any] = response.get_json()
    assert set(document) - {"errors"} == {"type", "title", "status", "detail", "code", "request_id"}
    assert document["status"] == response.status_code
    assert document["request_id"] == response.headers["X-Request-ID"]
    assert document["detail"]
    return document


def check_contract(kind: type[Document], document: Any) -> None:
    """Whether an answer is such a document: every field of its type, none missing and none beside them."""
    assert msgspec.json.decode(msgspec.json.encode(msgspec.convert(document, kind))) == document


class FullStore(DirectoryBlobStore):
    """A store that takes nothing more."""

    def put(self, key: str, data: IO[bytes] | bytes, content_type: str) -> None:  # noqa: ARG002
        raise StorageUnavailable

    def check(self) -> None:
        raise StorageUnavailable


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """An empty gallery."""
    made = Site(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def gallery(
    postgres_server: PostgresServer, database_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A gallery of seven photos with palettes and look-alikes, for the tests of a module that only read it."""
    url = postgres_server.create_database(database_template)
    made = Site(url, tmp_path_factory.mktemp("gallery"))
    _ = made.pipeline.services.embedder
    for seed in range(7):
        made.add(
            seed,
            caption=f"photo number {seed}",
            tags="even,all" if seed % 2 == 0 else "odd,all",
            label="low" if seed < 3 else "high",
        )
    made.pipeline.settle()
    yield made
    made.close()
    postgres_server.drop_database(url)
