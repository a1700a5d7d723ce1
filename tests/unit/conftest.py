"""What several unit tests of networks need."""

from collections.abc import Iterator

import pytest

from tests.support import networks


@pytest.fixture(scope="module")
def one_torch_thread() -> Iterator[None]:
    """For all tests of a module."""
    with networks.one_torch_thread():
        yield
