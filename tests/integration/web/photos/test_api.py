"""Images over HTTP: listing, finding, changing and deleting them, and the pictures themselves."""

from io import BytesIO

import pytest
from PIL import Image

from shared.storage import keys as blob_keys
from tests.support.pipeline import picture
from tests.support.web import Site, check_contract, gallery, problem, site
from web.photos import documents

__all__ = ["gallery", "site"]


def listed(site: Site, query: str = "") -> list[str]:
    document = site.get(f"images{query}").get_json()
    return [image["id"] for image in document["items"]]


def captions(site: Site, query: str) -> list[str]:
    return [image["caption"] for image in site.get(f"images{query}").get_json()["items"]]


def test_an_image_is_as_the_contract_says(gallery: Site) -> None:
    image_id = listed(gallery)[0]
    response = gallery.get(f"images/{image_id}")
    image = response.get_json()
    check_contract(documents.Image, image)
    assert image["status"] == {"palette": "succeeded", "embedding": "succeeded", "neighbours": "succeeded"}
    assert (image["caption"], image["tags"], image["label"]) == ("photo number 6", ["even", "all"], "high")
    assert (image["width"], image["height"], image["format"]) == (96, 72, "JPEG")
    assert image["links"]["self"] == f"/api/v1/images/{image_id}"
    for link in ("self", "file", "thumbnail", "palette", "similar", "job"):
        assert gallery.get(image["links"][link]).status_code == 200, link


def test_images_are_listed_newest_first(gallery: Site) -> None:
    assert captions(gallery, "") == [f"photo number {n}" for n in (6, 5, 4, 3, 2, 1, 0)]


@pytest.mark.parametrize("order", ["", "&color=%23804020"])
@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_list_each_image_once(gallery: Site, limit: int, order: str) -> None:
    whole = listed(gallery, f"?limit=200{order}")
    seen: list[str] = []
    cursor = ""
    while True:
        page = gallery.get(f"images?limit={limit}{order}{cursor}").get_json()
        assert page["total"] == 7
        seen += [image["id"] for image in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == whole
    assert len(set(seen)) == 7


def test_images_are_found_by_tag_label_and_words(gallery: Site) -> None:
    assert captions(gallery, "?tag=odd") == ["photo number 5", "photo number 3", "photo number 1"]
    assert captions(gallery, "?label=low") == ["photo number 2", "photo number 1", "photo number 0"]
    assert captions(gallery, "?q=Number+4") == ["photo number 4"]
    assert captions(gallery, "?tag=even&label=low") == ["photo number 2", "photo number 0"]
    assert captions(gallery, "?tag=none") == []
    assert gallery.get("images?tag=odd").get_json()["total"] == 3


def test_an_empty_filter_is_none(gallery: Site) -> None:
    assert len(listed(gallery, "?tag=&label=&q=")) == 7


def test_a_colour_brings_the_image_of_that_colour_first(gallery: Site) -> None:
    for image in gallery.get("images").get_json()["items"]:
        swatch = image["swatches"][0]
        assert listed(gallery, f"?color={swatch.replace('#', '%23')}&limit=1") == [image["id"]]


def test_the_list_takes_the_same_few_statements_however_long_it_is(gallery: Site) -> None:
    with gallery.queries() as short:
        gallery.get("images?limit=1")
    with gallery.queries() as long:
        gallery.get("images?limit=200")
    assert len(long) == len(short) <= 2


@pytest.mark.parametrize(
    "bad", ["nope", "0", "-1", "01", "1.0", "9999999999999999999", "%EF%BC%95", "1%00", "999999"]
)
def test_an_id_that_names_nothing_is_not_found(gallery: Site, bad: str) -> None:
    for path in ("", "/file", "/thumbnail", "/palette", "/similar", "/original"):
        document = problem(gallery.get(f"images/{bad}{path}"))
        assert (document["status"], document["code"]) == (404, "image_not_found")


@pytest.mark.parametrize("what", ["file", "thumbnail", "thumbnail?size=256", "thumbnail?size=1024"])
def test_a_rendition_is_sent_so_that_it_can_only_be_a_picture(gallery: Site, what: str) -> None:
    response = gallery.get(f"images/{listed(gallery)[0]}/{what}")
    assert response.status_code == 200
    with Image.open(BytesIO(response.data)) as sent:
        assert sent.size == (96, 72)
        assert response.content_type == sent.get_format_mimetype()
    assert response.content_type in {"image/webp", "image/jpeg"}
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "immutable" in response.headers["Cache-Control"]
    assert response.content_length == len(response.data)
    extension = ".webp" if response.content_type == "image/webp" else ".jpg"
    assert response.headers["Content-Disposition"].startswith(f'inline; filename="a{extension}"')


def test_a_rendition_that_is_known_is_not_sent_again(gallery: Site) -> None:
    image_id = listed(gallery)[0]
    tags = {}
    for what in ("file", "thumbnail?size=256", "thumbnail?size=512"):
        tags[what] = gallery.get(f"images/{image_id}/{what}").headers["ETag"]
        again = gallery.get(f"images/{image_id}/{what}", headers={"If-None-Match": tags[what]})
        assert (again.status_code, again.data) == (304, b"")
        # As a proxy on the way hands the tag on.
        weak = gallery.get(f"images/{image_id}/{what}", headers={"If-None-Match": f"W/{tags[what]}"})
        assert weak.status_code == 304
    assert len(set(tags.values())) == 3


def test_a_size_that_came_after_the_photo_is_answered_with_the_next_larger_one(site: Site) -> None:
    image_id, _ = site.pipeline.add(picture(1, (600, 400)))
    site.pipeline.settle()
    sha256 = site.get(f"images/{image_id}").get_json()["sha256"]

    def width(size: int) -> int:
        sent = site.get(f"images/{image_id}/thumbnail?size={size}")
        return Image.open(BytesIO(sent.data)).width

    assert (width(384), width(512)) == (384, 512)
    site.pipeline.blobs.delete(blob_keys.thumbnail(sha256, 384))
    assert width(384) == 512


def test_a_thumbnail_has_one_of_a_few_sizes(gallery: Site) -> None:
    document = problem(gallery.get(f"images/{listed(gallery)[0]}/thumbnail?size=300"))
    assert (document["code"], document["errors"][0]["field"]) == ("bad_parameter", "size")


def test_a_picture_that_is_not_made_yet_is_asked_for_again_in_a_moment(site: Site) -> None:
    response = site.get(f"images/{site.add(1)}/file")
    assert problem(response)["code"] == "not_ready"
    assert response.headers["Retry-After"] == "1"


def test_a_photo_that_could_not_be_read_has_no_picture(site: Site) -> None:
    half = picture(1, (400, 300))
    image_id = site.upload(half[: len(half) // 2]).get_json()["image"]["id"]
    site.pipeline.drain()
    assert problem(site.get(f"images/{image_id}/file"))["code"] == "not_found"
    assert problem(site.get(f"images/{image_id}/palette"))["code"] == "conflict"
    assert site.get(f"images/{image_id}").get_json()["status"]["palette"] == "failed"


def test_the_original_is_given_out_on_this_machine_only(gallery: Site) -> None:
    path = f"images/{listed(gallery)[0]}/original"
    response = gallery.get(path)
    assert response.data == picture(6)
    assert (response.content_type, response.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    elsewhere = gallery.get(path, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert (elsewhere.status_code, problem(elsewhere)["code"]) == (401, "unauthorized")
    proxied = gallery.get(path, headers={"X-Forwarded-For": "192.0.2.7"})
    assert proxied.status_code == 401


def test_caption_tags_and_label_can_be_changed(site: Site) -> None:
    image_id = site.add(1, caption="old", tags="a,b", label="thing")
    changed = site.client.patch(
        f"/api/v1/images/{image_id}", json={"caption": "  new ", "tags": ["x", "y", "x", ""]}
    )
    assert changed.status_code == 200
    image = site.get(f"images/{image_id}").get_json()
    assert image == changed.get_json()
    assert (image["caption"], image["tags"], image["label"]) == ("new", ["x", "y"], "thing")


def test_null_takes_caption_and_label_away(site: Site) -> None:
    image_id = site.add(1, caption="old", label="thing")
    changed = site.client.patch(
        f"/api/v1/images/{image_id}", json={"caption": None, "label": None}
    ).get_json()
    assert (changed["caption"], changed["label"]) == (None, None)


def test_changing_nothing_changes_nothing(site: Site) -> None:
    image_id = site.add(1, caption="old")
    before = site.get(f"images/{image_id}").get_json()
    assert site.client.patch(f"/api/v1/images/{image_id}", json={}).get_json() == before


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"caption": 5}, "bad_parameter", "caption"),
        ({"caption": "x" * 1001}, "bad_parameter", "caption"),
        ({"tags": "a"}, "bad_parameter", "tags"),
        ({"tags": None}, "bad_parameter", "tags"),
        ({"tags": ["a,b"]}, "bad_parameter", "tags"),
        ({"tags": [1]}, "bad_parameter", "tags"),
        ({"label": ["x"]}, "bad_parameter", "label"),
        ({"width": 5}, "bad_json", "width"),
        ({"caption": "fine", "sha256": "0"}, "bad_json", "sha256"),
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(
    site: Site, change: dict[str, object], code: str, field: str
) -> None:
    image_id = site.add(1, caption="old")
    document = problem(site.client.patch(f"/api/v1/images/{image_id}", json=change))
    assert (document["status"], document["code"]) == (400, code)
    assert [error["field"] for error in document["errors"]] == [field]
    assert site.image_row(image_id).caption == "old"


def test_a_deleted_image_is_gone_from_everywhere(site: Site) -> None:
    kept, gone = site.add(1), site.add(2)
    response = site.client.delete(f"/api/v1/images/{gone}")
    assert (response.status_code, response.data) == (204, b"")
    assert listed(site) == [kept]
    for path in ("", "/file", "/palette", "/similar", "/thumbnail", "/original"):
        assert site.get(f"images/{gone}{path}").status_code == 404
    assert site.client.delete(f"/api/v1/images/{gone}").status_code == 404
    assert site.client.patch(f"/api/v1/images/{gone}", json={"caption": "x"}).status_code == 404


def test_an_answer_that_is_known_is_not_sent_again(gallery: Site) -> None:
    for path in (
        "images",
        f"images/{listed(gallery)[0]}",
        f"images/{listed(gallery)[0]}/palette",
        "jobs",
        "index",
    ):
        tag = gallery.get(path).headers["ETag"]
        again = gallery.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
        assert gallery.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


# --- bringing back ------------------------------------------------------------------------------------------------


def test_a_deleted_image_can_be_restored_as_it_was(site: Site) -> None:
    image_id = site.add(1, caption="sea")
    site.pipeline.settle()
    before = site.get(f"images/{image_id}").get_json()
    site.client.delete(f"/api/v1/images/{image_id}")
    answer = site.post(f"images/{image_id}/restore")
    assert answer.status_code == 200
    check_contract(documents.Image, answer.get_json())
    site.pipeline.settle()
    assert site.get(f"images/{image_id}").get_json() == before
    assert site.get(f"images/{image_id}/similar").status_code == 200
    assert site.post(f"images/{image_id}/restore").status_code == 200


def test_an_image_cannot_be_restored_beside_the_same_photo(site: Site) -> None:
    image_id = site.add(1)
    site.client.delete(f"/api/v1/images/{image_id}")
    site.add(1)
    assert problem(site.post(f"images/{image_id}/restore"))["status"] == 409
    assert problem(site.post("images/999/restore"))["status"] == 404


# --- several by id ------------------------------------------------------------------------------------------------


def test_images_can_be_asked_for_by_their_ids(site: Site) -> None:
    ids = [site.add(number) for number in range(3)]
    answer = site.get(f"images?ids={ids[0]},{ids[2]},999,nonsense").get_json()
    assert [item["id"] for item in answer["items"]] == [ids[2], ids[0]]
    assert answer["total"] == 2
    assert site.get("images?ids=").get_json()["items"] == []
    assert problem(site.get(f"images?ids={','.join(['1'] * 201)}"))["status"] == 400
