"""What tests of the pieces together ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.database import database_template, database_url
from tests.support.pipeline import Pipeline

__all__ = ["database_template", "database_url"]


@pytest.fixture
def pipeline(database_url: str, tmp_path: Path) -> Iterator[Pipeline]:
    """A database, a store and a worker whose model is registered."""
    made = Pipeline(database_url, tmp_path)
    _ = made.services.embedder
    yield made
    made.close()
