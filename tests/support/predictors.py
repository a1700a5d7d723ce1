"""Predictors over HTTP, with a worker that answers while a request waits."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.services import PostgresServer
from tests.support.web import Site, working

ANIMALS = b"height (cm),weight (kg),fur,species\n" + b"".join(
    b"%d,%d,%s,cat\n%d,%d,%s,dog\n"
    % (22 + i % 7, 3 + i % 3, b"long" if i % 2 else b"short", 50 + i % 9, 20 + i % 8, b"short")
    for i in range(20)
)
CAT: dict[str, Any] = {"height (cm)": 24, "weight (kg)": 4, "fur": "long"}

HOUSES = b"beds,area (sqft),price\n" + b"".join(
    b"%d,%d,%d\n" % (1 + i % 4, 500 + 37 * i, 50_000 + 150 * (500 + 37 * i) + 900 * (i % 5))
    for i in range(40)
)


def send(site: Site, name: str, data: bytes | None = ANIMALS, **fields: str) -> TestResponse:
    """Asks for a training."""
    form: dict[str, Any] = {"name": name, "target": "species", **fields}
    if data is not None:
        form["data"] = (io.BytesIO(data), "table.csv")
    return site.post("predictors", data=form, content_type="multipart/form-data")


def trained(site: Site, name: str, data: bytes = ANIMALS, **fields: str) -> dict[str, Any]:
    """Trains, and returns the predictor."""
    response = send(site, name, data, **fields)
    assert response.status_code == 202, response.text
    site.pipeline.drain()
    # A worker at hand may have been quicker than this thread, and be at it still.
    job = site.get(f"jobs/{response.get_json()['job']['id']}?wait=30").get_json()
    assert job["status"] == "succeeded", job["error"]
    document: dict[str, Any] = site.get(f"predictors/{name}").get_json()
    return document


def predicted(site: Site, name: str, values: dict[str, Any], query: str = "") -> TestResponse:
    """The answer for the values, by JSON."""
    with working(site):
        return site.post(f"predictors/{name}/predict{query}", json=values)


@pytest.fixture(scope="module")
def zoo(
    postgres_server: PostgresServer, database_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A site with two predictors, for the tests that only ask them."""
    url = postgres_server.create_database(database_template)
    made = Site(url, tmp_path_factory.mktemp("zoo"))
    trained(made, "animals", model="gaussian-naive-bayes")
    trained(made, "houses", HOUSES, target="price", model="linear-regression")
    yield made
    made.close()
    postgres_server.drop_database(url)
