"""What tests of predictors' pages do before they look."""

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

import pytest

from shared.db.queries.predictors.predictors import NewVersion, get_predictor, save_version
from tests.support.labelled_photos import tinted_zip
from tests.support.predictors import trained
from tests.support.services import PostgresServer
from tests.support.site import Site
from web.predictors.demo import start_demos

# A table with everything that a form can ask for: numbers with gaps and units, words, and booleans.
ZOO = b"height (cm),weight (kg),fur,tame,species\n" + b"".join(
    b"%d,%s,%s,%s,%s\n"
    % (
        22 + i % 7 + 30 * (i % 2),
        b"" if i % 9 == 4 else b"%d" % (3 + i % 3 + 17 * (i % 2)),
        b"long" if i % 3 else b"short",
        b"yes" if i % 4 else b"no",
        b"dog" if i % 2 else b"cat",
    )
    for i in range(40)
)


def train_demos(site: Site) -> None:
    """The species and the house price of `flask demo-predictors`."""
    started = start_demos(site.services)
    site.pipeline.drain()
    for job in started.values():
        assert site.get(f"jobs/{job.id}?wait=30").get_json()["status"] == "succeeded"


def train_zoo(site: Site, name: str = "zoo", **fields: str) -> dict[str, Any]:
    # Named, since choosing among all models takes many times as long.
    return trained(site, name, ZOO, **({"target": "species", "model": "gaussian-naive-bayes"} | fields))


def train_tints(site: Site, name: str = "tints", **fields: str) -> dict[str, Any]:
    """A predictor of photos: reddish ones and bluish ones."""
    return trained(site, name, tinted_zip(8), task="image-classification", **({"target": "tint"} | fields))


def copy_predictor(site: Site, name: str, copies: list[str]) -> None:
    """The same predictor under other names."""
    with site.pipeline.unit_of_work.begin() as transaction:
        row = asdict(get_predictor(transaction.connection, name))
        new = NewVersion(**{field.name: row[field.name] for field in fields(NewVersion)})
        for copy in copies:
            save_version(transaction.connection, copy, new, row["job_id"])


@pytest.fixture(scope="module")
def shelf(
    postgres_server: PostgresServer, database_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A site with the demos, a predictor of tables and one of photos, for the tests of a module that only ask them."""
    url = postgres_server.create_database(database_template)
    made = Site(url, tmp_path_factory.mktemp("shelf"))
    train_demos(made)
    train_zoo(made)
    train_tints(made)
    yield made
    made.close()
    postgres_server.drop_database(url)
