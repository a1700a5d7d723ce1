"""Host names, requests of other sites, and API keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pipeline import picture
from tests.support.web import Site, problem, site

__all__ = ["site"]

PHOTO = picture(1)
KEY = {"Authorization": "Bearer right-key"}


@pytest.fixture
def locked(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A gallery whose writes need a key."""
    made = Site(database_url, tmp_path, api_keys=("right-key", "other-key"))
    yield made
    made.close()


@pytest.fixture
def named(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A gallery that answers to its names only."""
    made = Site(database_url, tmp_path, hosts=("Photos.example.org", "127.0.0.1"))
    yield made
    made.close()


@pytest.mark.parametrize("host", ["a b", "", "x:99999", "x@y", "a/b", "exa_mple.org:", "[::1", "<script>"])
def test_a_host_that_is_no_name_is_refused(site: Site, host: str) -> None:
    for path in ("images", "/", "/static/css/layout/base.css", "nowhere"):
        response = site.get(path, headers={"Host": host})
        assert response.status_code == 400
    assert problem(site.get("images", headers={"Host": host}))["code"] == "bad_host"


@pytest.mark.parametrize(
    "host", ["localhost", "EXAMPLE.org:8000", "[::1]:8000", "192.0.2.1", "xn--bcher-kva.example"]
)
def test_any_name_will_do_where_none_were_set(site: Site, host: str) -> None:
    assert site.get("images", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["photos.example.org", "PHOTOS.EXAMPLE.ORG:8000", "127.0.0.1:8000"])
def test_a_name_that_was_set_is_answered(named: Site, host: str) -> None:
    assert named.get("images", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["example.org", "evil.photos.example.org", "photos.example.org.evil.net", "localhost"]
)
def test_another_name_is_refused(named: Site, host: str) -> None:
    assert problem(named.get("images", headers={"Host": host}))["code"] == "bad_host"


def test_health_is_told_under_any_name(named: Site) -> None:
    for path in ("/livez", "/readyz"):
        assert named.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200


CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:81"},
    {"Origin": "null"},
    {"Origin": "http://[::1"},
]


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_a_write_that_another_site_had_sent_is_refused(site: Site, headers: dict[str, str]) -> None:
    response = site.upload(PHOTO, headers=headers)
    assert (response.status_code, problem(response)["code"]) == (403, "csrf")
    for method, path in (
        ("PATCH", "images/1"),
        ("DELETE", "images/1"),
        ("POST", "index/runs"),
        ("POST", "jobs/1/cancel"),
    ):
        refused = site.client.open(f"/api/v1/{path}", method=method, headers=headers)
        assert problem(refused)["code"] == "csrf"
    assert site.count("images") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost"},
        {"Origin": "https://LOCALHOST"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://behind-a-proxy.example"},
    ],
)
def test_a_write_of_our_own_pages_and_of_programs_is_taken(site: Site, headers: dict[str, str]) -> None:
    assert site.upload(PHOTO, headers=headers).status_code == 202


@pytest.mark.parametrize("headers", CROSS_SITE)
def test_other_sites_may_link_here(site: Site, headers: dict[str, str]) -> None:
    assert site.get("/", headers=headers).status_code == 200


WRITES = [
    ("POST", "images"),
    ("POST", "palettes"),
    ("PATCH", "images/1"),
    ("DELETE", "images/1"),
    ("POST", "jobs/1/cancel"),
    ("POST", "index/runs"),
]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "right-key"},
        {"Authorization": "Basic right-key"},
        {"Authorization": "Bearer right-key2"},
        {"Authorization": "Bearer rïght-key"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_write_without_a_right_key_is_refused_before_its_body_is_read(
    locked: Site, headers: dict[str, str]
) -> None:
    for method, path in WRITES:
        response = locked.client.open(f"/api/v1/{path}", method=method, headers=headers, data=b"unreadable")
        assert (response.status_code, problem(response)["code"]) == (401, "unauthorized")
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ["Bearer right-key", "bearer other-key", "Bearer  right-key "])
def test_a_write_with_a_right_key_is_taken_from_anywhere(locked: Site, key: str) -> None:
    headers = {"Authorization": key, "Sec-Fetch-Site": "cross-site", "Origin": "http://elsewhere.example"}
    assert locked.upload(PHOTO, headers=headers).status_code == 202


def test_reading_needs_no_key(locked: Site) -> None:
    locked.upload(PHOTO, headers=KEY)
    for path in ("images", "images/1", "jobs", "index", "/"):
        assert locked.get(path).status_code == 200


def test_the_original_needs_a_key_even_on_this_machine(locked: Site) -> None:
    locked.upload(PHOTO, headers=KEY)
    assert locked.get("images/1/original").status_code == 401
    elsewhere = locked.get("images/1/original", headers=KEY, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.data == PHOTO
