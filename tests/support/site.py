"""The site over a worker in the test's own process: what is uploaded is worked on when the test says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from shared.db.queries import images, index_runs
from shared.db.queries.images import NewImage
from tests.support.html import Element, parse_page
from tests.support.pipeline import Pipeline
from web.app import create_app
from web.services import Services


class Site:
    """pipeline: the worker; app: the front end over the same database, store and messages."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.pipeline = Pipeline(database_url, folder)
        _ = self.pipeline.services.embedder
        self.app = create_app(
            self.pipeline.settings,
            Services(
                settings=self.pipeline.settings,
                unit_of_work=self.pipeline.unit_of_work,
                blobs=self.pipeline.blobs,
                dispatcher=self.pipeline.dispatcher,
            ),
        )
        self.client: FlaskClient = self.app.test_client()

    def close(self) -> None:
        self.pipeline.close()

    def get(self, address: str, status: int = 200) -> Element:
        """The page at the address, which must come with this status."""
        return page_of(self.client.get(address), status)

    def record(self, number: int, **said: Any) -> int:
        """An image that nothing has been done for: only its row. number: makes it different from others."""
        new = NewImage(
            sha256=f"{number:064x}",
            name=said.pop("name", f"photo-{number}.jpg"),
            width=said.pop("width", 1200),
            height=said.pop("height", 800),
            bytes=said.pop("bytes", 123_456),
            format="JPEG",
            colors=6,
            **said,
        )
        with self.pipeline.unit_of_work.begin() as transaction:
            image_id = images.insert_image(transaction.connection, new)
        assert image_id is not None
        return image_id

    def use_model(self, model: str) -> None:
        """Has the index made with this model from now on."""
        with self.pipeline.unit_of_work.begin() as transaction:
            index_runs.register_model(transaction.connection, model, "of a test")

    @contextmanager
    def counted_queries(self) -> Iterator[list[str]]:
        """The statements that are sent to the database within the block."""
        sent: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            sent.append(statement)

        event.listen(self.pipeline.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(self.pipeline.engine, "before_cursor_execute", note)


def page_of(response: TestResponse, status: int = 200) -> Element:
    """The page in the answer, which must have this status."""
    assert response.status_code == status, response.text
    assert response.mimetype == "text/html"
    return parse_page(response.text)
