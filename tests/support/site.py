"""The pages of the site, read as a browser without JavaScript reads them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from shared.db.queries.index import runs as index_runs
from shared.db.queries.photos import images
from shared.db.queries.photos.images import NewImage
from tests.support import web
from tests.support.html import Element, parse_page
from tests.support.pictures import encode, flat_picture


class Site(web.Site):
    """The front end and its worker, with an embedding model in use from the start."""

    def __init__(self, database_url: str, folder: Path, **settings: Any) -> None:
        super().__init__(database_url, folder, **settings)
        _ = self.pipeline.services.embedder

    def page(self, address: str, status: int = 200) -> Element:
        """The page at the address, which must come with this status."""
        return page_of(self.client.get(address), status)

    def record(self, number: int, **fields: Any) -> int:
        """An image that nothing has been done for: only its row. number: makes it different from others."""
        new = NewImage(
            sha256=f"{number:064x}",
            name=fields.pop("name", f"photo-{number}.jpg"),
            width=1200,
            height=800,
            bytes=fields.pop("bytes", 123_456),
            format="JPEG",
            colors=6,
            **fields,
        )
        with self.pipeline.unit_of_work.begin() as transaction:
            image = images.insert_image(transaction.connection, new)
        assert image is not None
        return image.id

    def use_model(self, model: str) -> None:
        """Has the index made with this model from now on."""
        with self.pipeline.unit_of_work.begin() as transaction:
            index_runs.register_model(transaction.connection, model, "of a test")


def page_of(response: TestResponse, status: int = 200) -> Element:
    """The page in the answer, which must have this status."""
    assert response.status_code == status, response.text
    assert response.mimetype == "text/html"
    return parse_page(response.text)


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = Site(database_url, tmp_path)
    yield made
    made.close()


def send(site: Site, data: bytes, name: str = "a.jpg", tags: str = "") -> TestResponse:
    """Sends the form of the upload page."""
    return site.upload(data, name, path="/upload", tags=tags)


def make_flat(red: int, green: int, blue: int) -> bytes:
    """A JPEG of one colour."""
    return encode(flat_picture((red, green, blue)), "JPEG")


def tiles(page: Element) -> list[str]:
    """The captions of the photos on the page, in order."""
    return [caption.text for caption in page.find_all("span", class_="caption")]


def link(page: Element, rel: str) -> str:
    return page.find("a", rel=rel)["href"]
