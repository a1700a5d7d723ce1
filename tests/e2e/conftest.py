"""One stack for all tests that do not harm it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.s3 import ministack
from tests.support.services import service_folder
from tests.support.stack import Stack, running_stack

__all__ = ["ministack"]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with service_folder("stack") as folder, running_stack(folder) as running:
        yield running


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client
