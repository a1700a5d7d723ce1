"""The index over HTTP."""

from datetime import UTC, datetime

from tests.support.web import Site, check_contract, gallery, site
from web.jobs.documents import Index, Started

__all__ = ["gallery", "site"]


def test_an_empty_index_is_as_the_contract_says(site: Site) -> None:
    index = site.get("index").get_json()
    check_contract(Index, index)
    assert (index["images"], index["embedded"], index["indexed"], index["pending"]) == (0, 0, 0, 0)
    assert (index["model"], index["generation"], index["last_run"]) == (None, None, None)


def test_an_index_with_photos_says_what_it_is_made_of(gallery: Site) -> None:
    index = gallery.get("index").get_json()
    check_contract(Index, index)
    assert (index["images"], index["embedded"], index["indexed"], index["pending"]) == (7, 7, 7, 0)
    assert (index["model"], index["weights"]) == ("pixels/1", "means of pixels")
    assert (index["last_run"]["mode"], index["last_run"]["new"]) == ("incremental", 7)
    assert index["last_run"]["seconds"] >= 0


def test_the_next_full_run_is_at_the_hour_that_was_set(site: Site) -> None:
    due = datetime.fromisoformat(site.get("index").get_json()["next_run_at"])
    assert (due.hour, due.minute, due.second) == (site.services.settings.full_run_hour, 0, 0)
    assert due > datetime.now(UTC)


def test_a_run_can_be_asked_for_and_is_done(site: Site) -> None:
    for seed in range(3):
        site.add(seed)
    site.pipeline.drain()
    for mode, kind in (("incremental", "index-incremental"), ("full", "index-full")):
        response = site.post("index/runs", json={"mode": mode})
        assert response.status_code == 202
        check_contract(Started, response.get_json())
        assert response.get_json()["job"]["kind"] == kind
        site.pipeline.drain()
        assert site.get(response.headers["Location"]).get_json()["status"] == "succeeded"
    assert site.get("index").get_json()["last_run"]["mode"] == "full"


def test_asking_twice_for_a_run_makes_one(site: Site) -> None:
    asked = [site.post("index/runs", json={"mode": "full"}).get_json()["job"]["id"] for _ in range(2)]
    assert asked[0] == asked[1]
