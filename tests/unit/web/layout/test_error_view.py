"""What error pages offer, worked out from the address and the status alone."""

from collections.abc import Iterator

import pytest
from flask import Flask

from web.layout.error_view import Fault, Link, fault_view

ROOMS = [Link("Gallery", "/", ""), Link("Palette", "/palette", ""), Link("Jobs", "/jobs", "")]


@pytest.fixture(autouse=True)
def addresses() -> Iterator[None]:
    """Names of pages mean something within a request only."""
    app = Flask("test")
    for endpoint, rule in (("gallery.show", "/"), ("upload.show", "/upload"), ("studio.show", "/palette")):
        app.add_url_rule(rule, endpoint)
    with app.test_request_context():
        yield


def fault(status: int, path: str = "/", *, may_ask_again: bool = True) -> Fault:
    return fault_view(status, "It went wrong.", path, may_ask_again=may_ask_again, rooms=ROOMS)


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/palete", "/palette"),
        ("/PALETTE/", "/palette"),
        ("/palettes/12", "/palette"),
        ("/job", "/jobs"),
        ("/jobs/no-such-job", "/jobs"),
        ("/images/1", None),
        ("/", None),
        ("/wp-login.php", None),
    ],
)
def test_where_nothing_is_the_nearest_page_is_offered(path: str, nearest: str | None) -> None:
    found = fault(404, path)
    assert found.looked_for == path
    assert (found.nearest.href if found.nearest else None) == nearest
    assert found.home.href == "/"


def test_a_conflict_leads_to_the_page_that_shows_what_is_there() -> None:
    found = fault(409, "/jobs/1/cancel", may_ask_again=False)
    assert found.nearest is not None
    assert (found.nearest.href, found.looked_for) == ("/jobs", None)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_can_be_asked_once_more(status: int) -> None:
    assert fault(status, "/jobs").again == "/jobs"
    assert fault(status, "/jobs", may_ask_again=False).again is None


def test_only_a_service_that_is_away_comes_back_by_itself() -> None:
    assert [status for status in (404, 413, 429, 500, 503) if fault(status).returns] == [503]
    assert not fault(503, may_ask_again=False).returns


@pytest.mark.parametrize(("path", "way"), [("/palette", "/palette"), ("/upload", "/upload")])
def test_a_photo_that_was_not_taken_can_be_followed_by_another(path: str, way: str) -> None:
    found = fault(413, path, may_ask_again=False)
    assert found.nearest is not None
    assert found.nearest.href == way
    assert found.looked_for is None
