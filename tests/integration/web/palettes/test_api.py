"""Palettes over HTTP."""

from datetime import timedelta
from threading import Thread

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text
from werkzeug.test import TestResponse

from shared.jobs.kinds import JobKind
from shared.storage import keys as blob_keys
from tests.support.hostile_files import half_of
from tests.support.pictures import encode, flat_picture, make_jpeg
from tests.support.pipeline import picture
from tests.support.services import until
from tests.support.web import Site, check_contract, gallery, problem, site
from web.jobs.documents import Started
from web.palettes import gallery_palettes
from web.palettes.documents import Palette

__all__ = ["gallery", "site"]


def first(site: Site) -> str:
    image_id: str = site.get("images?limit=1").get_json()["items"][0]["id"]
    return image_id


def test_the_palette_of_an_image_is_as_the_contract_says(gallery: Site) -> None:
    palette = gallery.get(f"images/{first(gallery)}/palette").get_json()
    check_contract(Palette, palette)
    shares = [color["proportion"] for color in palette["colors"]]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    assert palette["count"] == len(shares) == 6
    for color in palette["colors"]:
        assert tuple(color["rgb"]) == tuple(bytes.fromhex(color["hex"][1:]))


FORMATS = {
    "css": ("text/css", b"--palette-1: #"),
    "scss": ("text/x-scss", b"$palette-1: #"),
    "tailwind": ("text/css", b"--color-palette-1: #"),
    "gpl": ("text/plain", b"GIMP Palette"),
    "ase": ("application/octet-stream", b"ASEF"),
    "svg": ("image/svg+xml", b"<svg"),
    "png": ("image/png", b"\x89PNG"),
}


@pytest.mark.parametrize(("form", "expected"), FORMATS.items(), ids=FORMATS)
def test_a_palette_is_exported_so_that_a_browser_runs_nothing_of_it(
    gallery: Site, form: str, expected: tuple[str, bytes]
) -> None:
    response = gallery.get(f"images/{first(gallery)}/palette?format={form}")
    assert response.status_code == 200
    assert (response.mimetype, expected[1] in response.data) == (expected[0], True)
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert 'filename="photo-number-6.' in response.headers["Content-Disposition"]
    again = gallery.get(
        f"images/{first(gallery)}/palette?format={form}", headers={"If-None-Match": response.headers["ETag"]}
    )
    assert again.status_code == 304


def test_a_size_that_was_never_asked_for_is_a_job_and_then_there(site: Site) -> None:
    image_id = site.add(1)
    site.pipeline.drain()
    asked = site.get(f"images/{image_id}/palette?colors=3")
    assert asked.status_code == 202
    check_contract(Started, asked.get_json())
    job = asked.get_json()["job"]
    assert (job["kind"], job["image"]) == ("palette", image_id)
    assert (asked.headers["Location"], asked.headers["Retry-After"]) == (f"/api/v1/jobs/{job['id']}", "1")
    site.pipeline.drain()
    result = site.get(f"jobs/{job['id']}").get_json()["result"]
    palette = site.get(f"images/{image_id}/palette?colors=3").get_json()
    assert palette["count"] == 3
    assert result == palette


@pytest.mark.parametrize("query", ["style=vivid", "ground=excluded", "style=vivid&ground=excluded&colors=4"])
def test_a_kind_that_was_never_asked_for_is_a_job_and_then_there(site: Site, query: str) -> None:
    image_id = site.add(1)
    site.pipeline.drain()
    own = site.get(f"images/{image_id}/palette").get_json()
    asked = site.get(f"images/{image_id}/palette?{query}")
    assert asked.status_code == 202
    site.pipeline.drain()
    found = site.get(f"images/{image_id}/palette?{query}")
    assert found.status_code == 200
    check_contract(Palette, found.get_json())
    result = site.get(f"jobs/{asked.get_json()['job']['id']}").get_json()["result"]
    assert result == found.get_json()
    assert site.get(f"images/{image_id}/palette").get_json() == own
    assert site.get(f"images/{image_id}").get_json()["status"]["palette"] == "succeeded"


def test_each_kind_is_a_job_of_its_own(site: Site) -> None:
    image_id = site.add(1)
    site.pipeline.drain()
    queries = (
        "style=vivid",
        "style=vivid",
        "style=vivid&sort=hue",
        "ground=excluded",
        "style=vivid&colors=4",
    )
    asked = [site.get(f"images/{image_id}/palette?{query}").get_json()["job"]["id"] for query in queries]
    assert asked[0] == asked[1] == asked[2]
    assert len(set(asked)) == 3


def test_a_palette_stands_in_the_order_asked_for(gallery: Site) -> None:
    address = f"images/{first(gallery)}/palette"
    by_share = gallery.get(address).get_json()["colors"]
    by_lightness = gallery.get(f"{address}?sort=lightness").get_json()["colors"]
    by_hue = gallery.get(f"{address}?sort=hue").get_json()["colors"]
    lightness = [color["oklch"]["l"] for color in by_lightness]
    hues = [color["oklch"]["h"] for color in by_hue if color["oklch"]["c"] >= 0.03]
    assert lightness == sorted(lightness)
    assert hues == sorted(hues)
    assert gallery.get(f"{address}?sort=share").get_json()["colors"] == by_share
    for other in (by_lightness, by_hue):
        assert sorted(other, key=lambda color: (-color["proportion"], color["hex"])) == by_share
    css = gallery.get(f"{address}?sort=lightness&format=css").data.decode()
    assert f"--palette-1: {by_lightness[0]['hex']}" in css


def test_no_two_colours_of_a_palette_bear_one_name(gallery: Site) -> None:
    names = [color["name"] for color in gallery.get(f"images/{first(gallery)}/palette").get_json()["colors"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "query", ["style=loud", "ground=white", "sort=name", "style=", "style=vivid&style=vivid"]
)
def test_kinds_and_orders_that_there_are_not_are_refused(gallery: Site, query: str) -> None:
    answer = gallery.get(f"images/{first(gallery)}/palette?{query}")
    assert (answer.status_code, problem(answer)["code"]) == (400, "bad_parameter")


def test_a_photo_in_passing_has_palettes_of_every_kind(site: Site) -> None:
    white = np.full((60, 60, 3), 255, np.uint8)
    white[20:40, 20:40] = (200, 30, 40)
    white[25:30, 25:30] = (40, 60, 200)
    asked = site.upload(encode(Image.fromarray(white), "PNG"), path="palettes").get_json()
    site.pipeline.drain()
    palettes = f"palettes/{asked['job']['id']}"
    with_ground = site.get(palettes).get_json()["colors"]
    without = site.get(f"{palettes}?ground=excluded&style=vivid").get_json()["colors"]
    assert [color["hex"] for color in with_ground] == ["#ffffff", "#c81e28", "#283cc8"]
    assert [(color["hex"], round(color["proportion"], 4)) for color in without] == [
        ("#c81e28", 0.9375),
        ("#283cc8", 0.0625),
    ]


def test_asking_twice_for_a_size_makes_one_job(site: Site) -> None:
    image_id = site.add(1)
    site.pipeline.drain()
    asked = [site.get(f"images/{image_id}/palette?colors={k}").get_json()["job"]["id"] for k in (3, 3, 4)]
    assert asked[0] == asked[1] != asked[2]
    assert [kind for kind, _ in site.pipeline.dispatcher.sent] == [JobKind.PALETTE] * 2


def test_while_an_image_is_analysed_its_own_job_is_the_one_to_wait_for(site: Site) -> None:
    answer = site.upload(picture(1)).get_json()
    for query in ("", "?colors=3", "?format=css"):
        asked = site.get(f"images/{answer['image']['id']}/palette{query}")
        assert (asked.status_code, asked.get_json()["job"]["id"]) == (202, answer["job"]["id"])


def test_a_photo_in_passing_gets_a_palette_and_no_place_in_the_gallery(site: Site) -> None:
    asked = site.upload(picture(1), path="palettes", colors="7")
    assert asked.status_code == 202
    check_contract(Started, asked.get_json())
    site.pipeline.drain()
    job = site.get(asked.headers["Location"]).get_json()
    check_contract(Palette, job["result"])
    assert (job["status"], job["image"], job["result"]["count"]) == ("succeeded", None, 7)
    assert site.count("images") == 0
    assert not list(site.pipeline.blobs.keys("originals/"))


def test_a_photo_in_passing_is_kept_apart_from_the_gallery(site: Site) -> None:
    data = picture(1)
    site.upload(data, path="palettes")
    (key,) = site.pipeline.blobs.keys()
    assert key == blob_keys.upload(key.rpartition("/")[2])


def test_the_answer_is_held_until_the_palette_is_there(site: Site) -> None:
    # The worker begins when it is sent something, and not before.
    worker = Thread(target=lambda: drain_once_sent(site))
    worker.start()
    answer = site.upload(picture(1), path="palettes", headers={"Prefer": "respond-async, wait=30"})
    worker.join()
    assert (answer.status_code, answer.get_json()["job"]["status"]) == (202, "succeeded")
    assert answer.headers["Preference-Applied"] == "wait=30"


def drain_once_sent(site: Site) -> None:
    until(lambda: bool(site.pipeline.dispatcher.sent))
    site.pipeline.drain()


# --- palettes of photos that are not kept --------------------------------------------------------------------------


@pytest.fixture
def ephemeral(site: Site) -> str:
    """The address of the palettes of a photo that is not in the gallery."""
    asked = site.upload(picture(1), path="palettes", colors="7")
    site.pipeline.drain()
    address: str = site.get(asked.headers["Location"]).get_json()["result"]["links"]["self"]
    return address


def test_an_ephemeral_photo_is_sent_once_for_palettes_of_every_size(site: Site, ephemeral: str) -> None:
    for colors in range(2, 17):
        palette = site.get(f"{ephemeral}?colors={colors}").get_json()
        check_contract(Palette, palette)
        assert palette["count"] == colors
        assert sum(color["proportion"] for color in palette["colors"]) == pytest.approx(1)
    assert site.get(ephemeral).get_json()["count"] == 7
    assert site.count("jobs") == 1


def test_an_ephemeral_palette_is_that_of_the_same_photo_in_the_gallery(site: Site, ephemeral: str) -> None:
    image_id = site.add(1)
    site.pipeline.drain()
    kept = site.get(f"images/{image_id}/palette").get_json()
    assert site.get(f"{ephemeral}?colors=6").get_json() == kept


@pytest.mark.parametrize(("form", "expected"), FORMATS.items(), ids=FORMATS)
def test_a_palette_in_passing_is_exported_too(
    site: Site, ephemeral: str, form: str, expected: tuple[str, bytes]
) -> None:
    response = site.get(f"{ephemeral}?colors=3&format={form}")
    assert (response.mimetype, expected[1] in response.data) == (expected[0], True)
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_a_palette_in_passing_that_is_still_looked_for_is_its_job(site: Site) -> None:
    job = site.upload(picture(1), path="palettes").get_json()["job"]
    asked = site.get(f"palettes/{job['id']}")
    assert (asked.status_code, asked.get_json()["job"]["id"]) == (202, job["id"])
    check_contract(Started, asked.get_json())


def test_a_palette_in_passing_that_could_not_be_found_says_why(site: Site) -> None:
    job = site.upload(half_of(make_jpeg(400, 300)), path="palettes").get_json()["job"]
    site.pipeline.drain()
    answer = problem(site.get(f"palettes/{job['id']}"))
    assert (answer["status"], "of the picture is missing" in answer["detail"]) == (409, True)


def test_jobs_that_find_no_palette_in_passing_have_none(site: Site) -> None:
    upload = site.upload(picture(1)).get_json()
    for unknown in (upload["job"]["id"], "nonsense", "00000000-0000-7000-8000-000000000000"):
        assert problem(site.get(f"palettes/{unknown}"))["status"] == 404


# --- one palette for several images --------------------------------------------------------------------------------


def palette_of(site: Site, images: list[str], **more: int) -> TestResponse:
    return site.post("palettes/of-images", json={"images": images, **more})


def test_several_images_have_one_palette_in_which_each_counts_the_same(site: Site) -> None:
    red = site.upload(encode(flat_picture((200, 0, 0), 40, 30), "PNG")).get_json()["image"]["id"]
    blue = site.upload(encode(flat_picture((0, 0, 200), 400, 300), "PNG")).get_json()["image"]["id"]
    site.pipeline.drain()
    asked = palette_of(site, [red, blue], colors=3)
    check_contract(Started, asked.get_json())
    site.pipeline.drain()
    result = site.get(asked.headers["Location"]).get_json()["result"]
    check_contract(Palette, result)
    found = site.get(f"{result['links']['self']}?colors=2").get_json()["colors"]
    assert sorted(color["hex"] for color in found) == ["#0000c8", "#c80000"]
    assert [color["proportion"] for color in found] == pytest.approx([0.5, 0.5])


def test_images_that_went_meanwhile_are_left_out(site: Site) -> None:
    ids = [site.add(number) for number in range(2)]
    site.pipeline.drain()
    asked = palette_of(site, ids)
    site.pipeline.delete(int(ids[0]))
    site.pipeline.drain()
    result = site.get(asked.headers["Location"]).get_json()["result"]
    assert result["colors"][0]["hex"] == site.pipeline.image(int(ids[1])).swatches[0]


def test_a_palette_of_images_of_which_one_is_missing_or_cannot_be_read_is_refused(site: Site) -> None:
    fine = site.add(1)
    broken = site.upload(half_of(picture(2, (400, 300))), "broken.jpg").get_json()["image"]["id"]
    cancelled = site.upload(picture(3), "stopped.jpg").get_json()
    site.post(f"jobs/{cancelled['job']['id']}/cancel")
    site.pipeline.drain()
    assert problem(palette_of(site, [fine, "999"]))["code"] == "image_not_found"
    assert problem(palette_of(site, [fine, broken]))["detail"] == (
        "broken.jpg has no palette: it could not be analysed. Leave it out."
    )
    stopped = cancelled["image"]["id"]
    assert "its job was cancelled" in problem(palette_of(site, [fine, stopped]))["detail"]
    assert "its job was cancelled" in problem(site.get(f"images/{stopped}/palette"))["detail"]
    assert "its job was cancelled" in problem(site.get(f"images/{stopped}/file"))["detail"]


def test_a_palette_that_cannot_be_found_is_not_looked_for_again_by_whoever_polls(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = site.add(1)
    site.pipeline.drain()
    sha256 = site.image_row(image_id).sha256
    for key in (blob_keys.original(sha256), blob_keys.histogram(sha256)):
        site.pipeline.blobs.delete(key)
    asked = site.get(f"images/{image_id}/palette?colors=9")
    assert asked.status_code == 202
    for _ in range(10):  # more attempts than a job has
        site.pipeline.settle()
        with site.pipeline.unit_of_work.begin() as transaction:
            transaction.connection.execute(text("UPDATE jobs SET run_at = now()"))
    answer = site.get(f"images/{image_id}/palette?colors=9")
    assert answer.status_code == 409
    assert "could not be found" in problem(answer)["detail"]
    monkeypatch.setattr(gallery_palettes, "FINAL_FOR", timedelta(0))
    assert site.get(f"images/{image_id}/palette?colors=9").status_code == 202


def test_a_palette_of_images_without_palettes_is_refused(site: Site) -> None:
    image_id = site.add(1)
    assert problem(palette_of(site, [image_id]))["status"] == 409
    assert problem(palette_of(site, ["999"]))["status"] == 404
    assert problem(palette_of(site, ["x"]))["status"] == 404
    assert problem(palette_of(site, []))["status"] == 400
