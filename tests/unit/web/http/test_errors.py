"""The table of status codes."""

from http import HTTPStatus

from shared.errors import VitrineError
from web.http.errors import STATUS


def kinds(kind: type[VitrineError]) -> set[type[VitrineError]]:
    """The error and what derives from it, but for the workers' own errors, which never reach the front end."""
    children = (child for child in kind.__subclasses__() if not child.__module__.startswith("worker"))
    return {kind}.union(*map(kinds, children))


def test_every_error_has_a_status_and_every_status_an_error() -> None:
    assert {kind.code for kind in kinds(VitrineError)} == set(STATUS)


def test_every_status_exists() -> None:
    assert all(HTTPStatus(status) >= 400 for status in STATUS.values())


def test_every_error_has_a_sentence_for_people() -> None:
    for kind in kinds(VitrineError):
        assert (kind.__doc__ or "").strip().endswith((".", ">.")), kind
