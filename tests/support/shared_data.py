"""Real photos to test with, where they are there: beside the project, or where VITRINE_TEST_DATA says."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[3] / "shared"


def shared_data() -> Path:
    """The folder; skips the test where it is absent."""
    folder = Path(os.environ.get("VITRINE_TEST_DATA", _BESIDE / "data"))
    if not (folder / "photos").is_dir():
        pytest.skip("the test photos are not here: set VITRINE_TEST_DATA")
    return folder
