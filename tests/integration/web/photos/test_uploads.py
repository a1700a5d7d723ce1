"""Uploads over HTTP: what is recorded, what is answered, and what happens when something is away."""

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pytest
from werkzeug.test import TestResponse

from shared.jobs.kinds import JobKind
from shared.limits import MAX_TAGS
from shared.storage import keys as blob_keys
from tests.support.hostile_files import (
    half_of,
    jpeg_with_exif,
    jpeg_with_tail,
    png_with_bad_idat,
    png_without_iend,
)
from tests.support.pictures import make_gif, make_jpeg, make_mpo, make_png, make_webp
from tests.support.pipeline import picture
from tests.support.web import FullStore, Site, check_contract, problem, site
from web.photos.api import Uploaded

__all__ = ["site"]

PHOTO = picture(1)


def test_a_photo_is_recorded_with_its_job_and_its_bytes(site: Site) -> None:
    response = site.upload(
        PHOTO, "sea.jpg", caption=" a caption ", tags="one, two,,one", label="thing", colors="9"
    )
    assert response.status_code == 202
    answer = response.get_json()
    check_contract(Uploaded, answer)
    image, job = answer["image"], answer["job"]
    assert answer["duplicate"] is False
    assert (image["name"], image["caption"], image["tags"], image["label"], image["colors"]) == (
        "sea.jpg",
        "a caption",
        ["one", "two"],
        "thing",
        9,
    )
    assert image["sha256"] == hashlib.sha256(PHOTO).hexdigest()
    assert (image["bytes"], image["width"], image["height"], image["format"]) == (len(PHOTO), 96, 72, "JPEG")
    assert image["status"] == {"palette": "queued", "embedding": "queued", "neighbours": "queued"}
    assert (job["kind"], job["status"], job["image"]) == ("analyse-image", "queued", image["id"])
    assert job["steps"] == [{"kind": "analyse", "status": "queued"}, {"kind": "embed", "status": "queued"}]
    assert response.headers["Location"] == f"/api/v1/jobs/{job['id']}"
    assert response.headers["Retry-After"] == "1"
    assert site.pipeline.blobs.get(blob_keys.original(image["sha256"])) == PHOTO


def test_an_upload_is_answered_with_what_is_found_afterwards(site: Site) -> None:
    answer = site.upload(PHOTO, "sea.jpg", caption="a caption", tags="one,two", label="thing").get_json()
    assert site.client.get(answer["image"]["links"]["self"]).get_json() == answer["image"]
    assert site.client.get(answer["job"]["links"]["self"]).get_json() == answer["job"]


def test_the_first_step_is_sent_to_the_workers_once_it_is_committed(site: Site) -> None:
    site.add(1)
    ((kind, job_id),) = site.pipeline.dispatcher.sent
    assert kind is JobKind.ANALYSE
    assert site.job_row(str(job_id)).kind is JobKind.ANALYSE


def test_a_photo_goes_all_the_way(site: Site) -> None:
    image_id = site.add(1)
    site.pipeline.settle()
    assert site.get(f"images/{image_id}").get_json()["status"] == {
        "palette": "succeeded",
        "embedding": "succeeded",
        "neighbours": "succeeded",
    }


@pytest.mark.parametrize("prefix", ["", "data:image/jpeg;base64,", "data:image/png;name=x;base64,"])
def test_a_photo_may_come_in_json(site: Site, prefix: str) -> None:
    text = base64.b64encode(PHOTO).decode()
    body = {
        "image": prefix + text,
        "name": "sea.jpg",
        "tags": ["json"],
        "caption": "x",
        "label": None,
        "colors": 3,
    }
    response = site.post("images", json=body)
    assert response.status_code == 202
    image = response.get_json()["image"]
    assert (image["name"], image["tags"], image["caption"], image["colors"]) == ("sea.jpg", ["json"], "x", 3)
    assert site.pipeline.blobs.get(blob_keys.original(image["sha256"])) == PHOTO


def test_base64_may_be_broken_into_lines_and_long(site: Site) -> None:
    photo = make_jpeg(900, 700, quality=98)
    assert len(photo) > 256 * 1024
    response = site.post("images", json={"image": base64.encodebytes(photo).decode()})
    assert response.get_json()["image"]["sha256"] == hashlib.sha256(photo).hexdigest()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\pics\\\\a.jpg", "a.jpg"),
        ("a\0b.jpg", "ab.jpg"),
        ("x" * 10_000 + ".jpg", "x" * 116 + ".jpg"),
        ("ab\u202egpj.exe", "abgpj.exe"),
        ("   ", "untitled"),
    ],
)
def test_a_strange_file_name_is_cleaned(site: Site, given: str, shown: str) -> None:
    assert site.upload(PHOTO, given).get_json()["image"]["name"] == shown


FAIR: dict[str, tuple[bytes, str]] = {
    "PNG called .jpg": (make_png(), "PNG"),
    "WebP": (make_webp(), "WEBP"),
    "GIF": (make_gif(frames=3), "GIF"),
    "JPEG with an HTML tail": (jpeg_with_tail(), "JPEG"),
    "PNG without an end": (png_without_iend(), "PNG"),
    "corrupt EXIF": (jpeg_with_exif(b"nonsense"), "JPEG"),
    "orientation and GPS": (make_jpeg(orientation=6, gps=True), "JPEG"),
    "stereo": (make_mpo(), "JPEG"),
    "CMYK": (make_jpeg(mode="CMYK"), "JPEG"),
}


@pytest.mark.parametrize(("data", "form"), FAIR.values(), ids=FAIR)
def test_a_photo_is_known_by_its_bytes_alone(site: Site, data: bytes, form: str) -> None:
    response = site.upload(data, "a.jpg")
    assert (response.status_code, response.get_json()["image"]["format"]) == (202, form)


@pytest.mark.parametrize("data", [half_of(picture(2, (400, 300))), png_with_bad_idat()])
def test_a_damaged_photo_is_taken_and_its_job_says_what_is_wrong(site: Site, data: bytes) -> None:
    answer = site.upload(data).get_json()
    site.pipeline.drain()
    job = site.get(f"jobs/{answer['job']['id']}").get_json()
    assert (job["status"], job["error"]["code"]) == ("failed", "unreadable")
    assert job["result"] is None


def test_the_same_bytes_again_are_the_same_image(site: Site) -> None:
    first = site.upload(PHOTO, "one.jpg", caption="first").get_json()
    again = site.upload(PHOTO, "two.jpg", caption="second")
    assert again.status_code == 200
    answer = again.get_json()
    check_contract(Uploaded, answer)
    assert answer["duplicate"] is True
    assert (answer["image"]["id"], answer["image"]["caption"]) == (first["image"]["id"], "first")
    assert answer["job"]["id"] == first["job"]["id"]
    assert (site.count("images"), len(site.pipeline.dispatcher.sent)) == (1, 1)


def test_what_a_duplicate_says_is_added_where_the_image_has_nothing_and_told(site: Site) -> None:
    first = site.upload(PHOTO, tags="red,round").get_json()
    assert first["merged"] == []
    again = site.upload(PHOTO, tags=["round", "new, newer"], caption="later", label="thing").get_json()
    check_contract(Uploaded, again)
    assert again["merged"] == ["caption", "tags", "label"]
    shown = site.get(f"images/{first['image']['id']}").get_json()
    assert (shown["tags"], shown["caption"], shown["label"]) == (
        ["red", "round", "new", "newer"],
        "later",
        "thing",
    )
    assert again["image"] == shown
    third = site.upload(PHOTO, tags="new", caption="other", label="other").get_json()
    assert (third["merged"], third["image"]) == ([], shown)


def test_a_duplicate_with_more_tags_than_an_image_may_have_is_refused_and_changes_nothing(site: Site) -> None:
    first = site.upload(PHOTO, tags=",".join(f"t{n}" for n in range(MAX_TAGS))).get_json()["image"]
    refusal = site.upload(PHOTO, tags="one more", caption="new")
    assert problem(refusal)["errors"][0]["field"] == "tags"
    assert (refusal.status_code, site.get(f"images/{first['id']}").get_json()) == (400, first)
    assert site.upload(PHOTO, tags="t3").get_json()["merged"] == []


def test_duplicates_at_the_same_time_lose_no_tag(site: Site) -> None:
    image_id = site.upload(PHOTO).get_json()["image"]["id"]
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda n: site.app.test_client().post(
                    "/api/v1/images", data={"file": (BytesIO(PHOTO), "a.jpg"), "tags": f"t{n}"}
                ),
                range(8),
            )
        )
    assert set(site.get(f"images/{image_id}").get_json()["tags"]) == {f"t{n}" for n in range(8)}


def test_a_duplicate_is_not_stored_again(site: Site) -> None:
    image = site.upload(PHOTO).get_json()["image"]
    site.pipeline.blobs.delete(blob_keys.original(image["sha256"]))
    site.upload(PHOTO)
    assert not site.pipeline.blobs.exists(blob_keys.original(image["sha256"]))


def test_a_deleted_photo_may_come_again_as_a_new_image(site: Site) -> None:
    first = site.add(1)
    site.client.delete(f"/api/v1/images/{first}")
    again = site.upload(picture(1))
    assert again.status_code == 202
    assert again.get_json()["image"]["id"] != first


class RacingStore(FullStore):
    """A store in whose put another request with the same photo is faster."""

    rival: Site | None = None

    def put(self, key: str, data: IO[bytes] | bytes, content_type: str) -> None:
        rival, self.rival = self.rival, None
        if rival is not None:
            rival.upload(PHOTO)
        super(FullStore, self).put(key, data, content_type)


def test_of_two_requests_with_one_photo_only_one_adds_it(database_url: str, tmp_path: Path) -> None:
    store = RacingStore(tmp_path)
    slow = Site(database_url, tmp_path, blobs=store)
    fast = Site(database_url, tmp_path)
    store.rival = fast
    answer = slow.upload(PHOTO)
    assert (answer.status_code, answer.get_json()["duplicate"]) == (200, True)
    assert (slow.count("images"), slow.count("jobs")) == (1, 3)
    fast.close()
    slow.close()


def test_without_a_store_nothing_is_recorded(database_url: str, tmp_path: Path) -> None:
    site = Site(database_url, tmp_path, blobs=FullStore(tmp_path))
    response = site.upload(PHOTO)
    assert (response.status_code, problem(response)["code"]) == (503, "storage_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert site.count("images") == 0
    site.close()


def test_without_a_database_nothing_is_promised(tmp_path: Path) -> None:
    site = Site("postgresql+psycopg2://nobody@127.0.0.1:1/nothing", tmp_path)
    for response in (site.upload(PHOTO), site.get("images"), site.get("jobs"), site.get("index")):
        assert (response.status_code, problem(response)["code"]) == (503, "database_unavailable")
        assert int(response.headers["Retry-After"]) > 0
    site.close()


def test_without_a_broker_the_photo_is_taken_and_waits_to_be_sent(site: Site) -> None:
    site.pipeline.dispatcher.away = True
    assert site.upload(PHOTO).status_code == 202
    site.pipeline.dispatcher.away = False
    site.pipeline.sweep()
    assert [kind for kind, _ in site.pipeline.dispatcher.sent] == [JobKind.ANALYSE]


@pytest.fixture
def keyed(site: Site) -> Callable[..., TestResponse]:
    """Uploads with an Idempotency-Key."""

    def send(data: bytes, key: str = "key-1", **options: Any) -> TestResponse:
        return site.upload(data, headers={"Idempotency-Key": key, **options.pop("headers", {})}, **options)

    return send


def test_the_same_key_and_photo_get_the_first_answer_again(
    site: Site, keyed: Callable[..., TestResponse]
) -> None:
    first = keyed(PHOTO, caption="x")
    site.pipeline.drain()
    again = keyed(PHOTO, caption="x")
    assert (again.status_code, again.get_json()) == (first.status_code, first.get_json())
    assert again.headers["Location"] == first.headers["Location"]
    assert site.count("images") == 1


@pytest.mark.parametrize(
    "other", [{"data": picture(2)}, {"data": PHOTO, "caption": "y"}, {"data": PHOTO, "colors": "7"}]
)
def test_the_same_key_with_another_request_is_refused(
    site: Site, keyed: Callable[..., TestResponse], other: dict[str, Any]
) -> None:
    keyed(PHOTO, caption="x")
    response = keyed(**other)
    assert (response.status_code, problem(response)["code"]) == (409, "key_reused")
    assert site.count("images") == 1


def test_the_same_key_of_another_sender_is_another_key(keyed: Callable[..., TestResponse]) -> None:
    keyed(PHOTO, headers={"Authorization": "Bearer one"})
    response = keyed(picture(2), headers={"Authorization": "Bearer two"})
    assert response.status_code == 202


def test_a_refused_request_leaves_its_key_free(site: Site, keyed: Callable[..., TestResponse]) -> None:
    assert keyed(b"no photo").status_code == 415
    assert keyed(PHOTO).status_code == 202
    assert site.count("idempotency_keys") == 1


class AskingStore(FullStore):
    """A store in whose put the same request comes again."""

    site: Site | None = None
    seen: Any = None

    def put(self, key: str, data: IO[bytes] | bytes, content_type: str) -> None:
        if self.site is not None:
            self.seen = self.site.upload(PHOTO, headers={"Idempotency-Key": "key-1"})
        super(FullStore, self).put(key, data, content_type)


def test_a_key_whose_request_is_being_answered_is_in_use(database_url: str, tmp_path: Path) -> None:
    store = AskingStore(tmp_path)
    site = Site(database_url, tmp_path, blobs=store)
    store.site = Site(database_url, tmp_path)
    assert site.upload(PHOTO, headers={"Idempotency-Key": "key-1"}).status_code == 202
    assert (store.seen.status_code, problem(store.seen)["code"]) == (409, "key_in_use")
    store.site.close()
    site.close()


@pytest.mark.parametrize(
    ("age", "finished", "expected"),
    [("23 hours", True, 409), ("25 hours", True, 202), ("1 minute", False, 409), ("3 minutes", False, 202)],
)
def test_a_key_is_kept_for_a_day_and_given_up_when_its_process_died(
    site: Site, keyed: Callable[..., TestResponse], age: str, finished: bool, expected: int
) -> None:
    keyed(PHOTO)
    with site.services.unit_of_work.begin() as transaction:
        transaction.connection.exec_driver_sql(
            "UPDATE idempotency_keys SET created_at = now() - %s::interval, status = CASE WHEN %s THEN status END",
            (age, finished),
        )
    assert keyed(picture(2)).status_code == expected
