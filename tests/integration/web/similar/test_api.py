"""Look-alikes over HTTP."""

import pytest

from tests.support.hostile_files import png_with_bad_idat
from tests.support.pipeline import picture
from tests.support.web import Site, check_contract, gallery, problem, site
from web.jobs.documents import Started
from web.similar.documents import SimilarImages

__all__ = ["gallery", "site"]


def ids(site: Site) -> list[str]:
    return [image["id"] for image in site.get("images?limit=200").get_json()["items"]]


def test_look_alikes_are_as_the_contract_says(gallery: Site) -> None:
    image_id = ids(gallery)[0]
    answer = gallery.get(f"images/{image_id}/similar").get_json()
    check_contract(SimilarImages, answer)
    assert (answer["image"], answer["model"]) == (image_id, "pixels/1")
    assert isinstance(answer["generation"], int)
    assert len(answer["items"]) == 4
    assert [item["rank"] for item in answer["items"]] == [1, 2, 3, 4]
    assert all(0 <= item["percentile"] <= 100 for item in answer["items"])


def test_look_alikes_come_most_similar_first_without_the_image_itself(gallery: Site) -> None:
    for image_id in ids(gallery):
        items = gallery.get(f"images/{image_id}/similar?k=50").get_json()["items"]
        assert {item["image"]["id"] for item in items} == set(ids(gallery)) - {image_id}
        similarities = [item["similarity"] for item in items]
        assert similarities == sorted(similarities, reverse=True)


def test_similarity_is_the_same_both_ways(gallery: Site) -> None:
    lists = {
        image_id: {
            item["image"]["id"]: item["similarity"]
            for item in gallery.get(f"images/{image_id}/similar?k=50").get_json()["items"]
        }
        for image_id in ids(gallery)
    }
    for one, others in lists.items():
        for other, similarity in others.items():
            assert lists[other][one] == pytest.approx(similarity, abs=1e-6)


@pytest.mark.parametrize("diversity", ["0", "0.0", "0.5", "1"])
def test_any_diversity_gives_as_many_in_order_of_similarity(gallery: Site, diversity: str) -> None:
    items = gallery.get(f"images/{ids(gallery)[0]}/similar?k=3&diversity={diversity}").get_json()["items"]
    similarities = [item["similarity"] for item in items]
    assert len({item["image"]["id"] for item in items}) == 3
    assert similarities == sorted(similarities, reverse=True)


def test_diversity_passes_over_a_second_copy_of_the_same_scene(site: Site) -> None:
    scene = [site.upload(picture(1, (96 + n, 72))).get_json()["image"]["id"] for n in range(4)]
    other = site.add(2)
    site.pipeline.settle()
    plain = site.get(f"images/{scene[0]}/similar?k=2").get_json()["items"]
    mixed = site.get(f"images/{scene[0]}/similar?k=2&diversity=1").get_json()["items"]
    assert {item["image"]["id"] for item in plain} <= set(scene)
    assert other in {item["image"]["id"] for item in mixed}


def test_before_any_run_the_image_s_own_job_is_the_one_to_wait_for(site: Site) -> None:
    answer = site.upload(picture(1)).get_json()
    asked = site.get(f"images/{answer['image']['id']}/similar")
    check_contract(Started, asked.get_json())
    assert (asked.status_code, asked.headers["Retry-After"]) == (202, "2")
    assert asked.get_json()["job"]["id"] == answer["job"]["id"]


def test_a_photo_that_will_never_be_indexed_says_so_and_why(site: Site) -> None:
    answer = site.upload(png_with_bad_idat()).get_json()
    site.pipeline.settle()
    reason = site.get(f"jobs/{answer['job']['id']}").get_json()["error"]["message"]
    asked = site.get(f"images/{answer['image']['id']}/similar")
    assert (asked.status_code, problem(asked)["code"]) == (409, "conflict")
    assert reason in problem(asked)["detail"]
    assert "Retry-After" not in asked.headers


def test_a_photo_whose_job_was_cancelled_is_worth_asking_for_once_that_runs_again(site: Site) -> None:
    answer = site.upload(picture(1)).get_json()
    image, job = answer["image"]["id"], answer["job"]["id"]
    site.post(f"jobs/{job}/cancel")
    asked = site.get(f"images/{image}/similar")
    assert (asked.status_code, "cancelled" in problem(asked)["detail"]) == (409, True)
    site.post(f"jobs/{job}/retry")
    assert site.get(f"images/{image}/similar").status_code == 202
    site.pipeline.settle()
    assert site.get(f"images/{image}/similar").status_code == 200


def test_while_a_run_is_under_way_it_is_the_one_to_wait_for(site: Site) -> None:
    image_id = site.add(1)
    run = site.post("index/runs", json={"mode": "incremental"}).get_json()["job"]["id"]
    assert site.get(f"images/{image_id}/similar").get_json()["job"]["id"] == run


def test_a_deleted_image_is_in_no_list_at_once(site: Site) -> None:
    kept, gone = site.add(1), site.add(2)
    site.pipeline.settle()
    assert [item["image"]["id"] for item in site.get(f"images/{kept}/similar").get_json()["items"]] == [gone]
    site.client.delete(f"/api/v1/images/{gone}")
    assert site.get(f"images/{kept}/similar").get_json()["items"] == []


def test_a_list_takes_the_same_few_statements_however_long_it_is(gallery: Site) -> None:
    image_id = ids(gallery)[0]
    with gallery.queries() as short:
        gallery.get(f"images/{image_id}/similar?k=1&diversity=0.5")
    with gallery.queries() as long:
        gallery.get(f"images/{image_id}/similar?k=6&diversity=0.5")
    assert len(short) <= 6
    assert len(long) <= len(short)
