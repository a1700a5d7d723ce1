"""What error pages offer, worked out from the address and the status alone."""

from collections.abc import Iterator

import pytest
from flask import Flask

from web.layout.error_view import ErrorView, Link, error_view

PAGES = [Link("Gallery", "/", ""), Link("Palette", "/palette", ""), Link("Jobs", "/jobs", "")]


@pytest.fixture(autouse=True)
def addresses() -> Iterator[None]:
    """Names of pages mean something within a request only."""
    app = Flask("test")
    for endpoint, rule in (("gallery.show", "/"), ("upload.show", "/upload"), ("studio.show", "/palette")):
        app.add_url_rule(rule, endpoint)
    with app.test_request_context():
        yield


def view_of(status: int, path: str = "/", *, repeatable: bool = True) -> ErrorView:
    return error_view(status, "It went wrong.", path, root="", repeatable=repeatable, pages=PAGES)


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
    found = view_of(404, path)
    assert found.looked_for == path
    assert (found.nearest.href if found.nearest else None) == nearest
    assert found.home.href == "/"


def test_a_conflict_leads_to_the_page_that_shows_what_is_there() -> None:
    found = view_of(409, "/jobs/1/cancel", repeatable=False)
    assert found.nearest is not None
    assert (found.nearest.href, found.looked_for) == ("/jobs", None)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_request_that_failed_for_the_moment_can_be_tried_again(status: int) -> None:
    assert view_of(status, "/jobs").retry_href == "/jobs"
    assert view_of(status, "/jobs", repeatable=False).retry_href is None
    assert view_of(status, "/?tag=red&q=sea").retry_href == "/?tag=red&q=sea"


def test_only_an_unavailable_service_is_retried_automatically() -> None:
    assert [status for status in (404, 413, 429, 500, 503) if view_of(status).reconnects] == [503]
    assert not view_of(503, repeatable=False).reconnects


@pytest.mark.parametrize(("path", "next_page"), [("/palette", "/palette"), ("/upload", "/upload")])
def test_a_photo_that_was_not_taken_can_be_followed_by_another(path: str, next_page: str) -> None:
    found = view_of(413, path, repeatable=False)
    assert found.nearest is not None
    assert found.nearest.href == next_page
    assert found.looked_for is None
