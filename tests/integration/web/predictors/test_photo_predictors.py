"""Predictors of photos over HTTP: trained from a zip or from the gallery's labels, asked, explained, trained again."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from werkzeug.test import TestResponse

from shared.db.queries.index.runs import register_model
from shared.storage import keys as blob_keys
from tests.support.fakes import PixelEmbedder
from tests.support.hostile_files import half_of
from tests.support.labelled_photos import tinted, tinted_zip
from tests.support.pipeline import WorkerServices
from tests.support.web import Site, check_contract, problem, working
from tests.support.zips import zip_of, zip_with_flag
from web.http.waiting import Waiters
from web.predictors.documents import Prediction, PredictorCard, Suggestions
from worker.embedding.photo_model import PhotoModel
from worker.imaging import Sandbox
from worker.upkeep.garbage import collect_garbage


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """An empty gallery where no request waits: the test itself has the worker do what was asked for."""
    made = Site(database_url, tmp_path, waiters=Waiters(places=0), zip_megabytes=1)
    _ = made.pipeline.services.embedder
    yield made
    made.close()


def send_training(site: Site, data: bytes | None, name: str = "tints", **fields: str) -> TestResponse:
    form: dict[str, Any] = {"name": name, "task": "image-classification", **fields}
    if data is None:
        form["from_labels"] = "true"
    else:
        form["data"] = (io.BytesIO(data), "photos.zip")
    return site.post("predictors", data=form, content_type="multipart/form-data")


def ended(site: Site, response: TestResponse) -> dict[str, Any]:
    """The job that an answer names, once the worker has done what waits."""
    assert response.status_code == 202, response.text
    site.pipeline.drain()
    job: dict[str, Any] = site.get(f"jobs/{response.get_json()['job']['id']}").get_json()
    return job


def trained(site: Site, data: bytes | None, name: str = "tints", **fields: str) -> dict[str, Any]:
    job = ended(site, send_training(site, data, name, **fields))
    assert job["status"] == "succeeded", job["error"]
    document: dict[str, Any] = site.get(f"predictors/{name}").get_json()
    return document


def answer(site: Site, photo: bytes, name: str = "tints") -> dict[str, Any]:
    job = ended(site, site.upload(photo, path=f"predictors/{name}/predict"))
    assert job["status"] == "succeeded", job["error"]
    result: dict[str, Any] = job["result"]
    return result


def add_labelled(site: Site, label: str, seeds: range) -> list[str]:
    found = [site.upload(tinted(label, seed), label=label).get_json()["image"]["id"] for seed in seeds]
    site.pipeline.drain()
    return found


def test_a_zip_of_folders_trains_a_predictor_with_a_card(site: Site) -> None:
    found = trained(site, tinted_zip(8))
    check_contract(PredictorCard, found)
    assert (found["kind"], found["rows"], found["model"]) == ("image", 16, "logistic-regression")
    assert found["confusion"] == {"labels": ["blue", "red"], "matrix": [[8, 0], [0, 8]]}
    assert found["metrics"]["balanced_accuracy"] == 1
    assert found["metrics"]["baseline"]["balanced_accuracy"] == 0.5
    card = found["card"]
    assert card["class_counts"] == [8, 8]
    assert card["embedding_model"] == "pixels/1"
    assert "few photos: 8 of" in card["warnings"][0]
    assert card["notice"] is None


def test_each_photo_that_the_card_names_can_be_seen(site: Site) -> None:
    found = trained(site, tinted_zip(8))
    shown = {place for row in found["card"]["cells"] for cell in row for place in cell}
    shown |= {place for places in found["card"]["examples"] for place in places}
    assert {int(number) for number in found["card"]["photos"]} == shown
    stale = next(iter(found["card"]["photos"].values()))["links"]["thumbnail"][:-2] + "zz"
    assert site.get(stale).status_code == 404
    for photo in found["card"]["photos"].values():
        response = site.get(photo["links"]["thumbnail"])
        assert (response.status_code, response.mimetype) == (200, "image/webp")
        red, _, blue = np.asarray(Image.open(io.BytesIO(response.data))).mean(axis=(0, 1))
        assert photo["label"] == ("red" if red > blue else "blue")
        assert photo["name"].startswith(photo["label"])


def test_a_photo_is_answered_with_probabilities_and_with_what_drove_them(site: Site) -> None:
    trained(site, tinted_zip(8))
    found = answer(site, tinted("red", 999))
    check_contract(Prediction, found)
    assert found["prediction"] == "red"
    assert sum(found["probabilities"].values()) == pytest.approx(1)
    assert found["probabilities"]["red"] > 0.7
    picture = site.get(found["explanation"])
    assert (picture.status_code, picture.mimetype) == (200, "image/png")
    assert Image.open(io.BytesIO(picture.data)).size == (448, 448)
    overlay = Image.open(io.BytesIO(site.get(f"{found['explanation']}?layer=overlay").data))
    assert (overlay.size, overlay.mode) == ((64, 48), "RGBA")


def test_a_photo_of_something_else_is_answered_with_a_warning(site: Site) -> None:
    trained(site, tinted_zip(8))
    unlike = "unlike anything seen in training"
    assert unlike in answer(site, tinted("green", 1))["warnings"][0]
    assert not any(unlike in each for each in answer(site, tinted("blue", 999))["warnings"])


def test_a_medical_predictor_says_that_it_is_none(site: Site) -> None:
    assert "no diagnosis" in trained(site, tinted_zip(4), "chest X-rays")["card"]["notice"]
    assert any("no diagnosis" in each for each in answer(site, tinted("red", 5), "chest X-rays")["warnings"])


def test_what_cannot_be_learned_from_is_left_out_and_told(site: Site) -> None:
    data = tinted_zip(
        4,
        red__broken_jpg=half_of(tinted("red", 77)),
        red__text_jpg=b"hello",
        blue__twin_jpg=tinted("red", 0),
        odd__1_jpg=tinted("green", 1),
    )
    found = trained(site, data)
    reasons = {each["name"]: each["reason"] for each in found["card"]["left_out"]}
    assert (
        reasons["red/broken.jpg"]
        == reasons["red/text.jpg"]
        == "it cannot be read as a JPEG, PNG, WebP or GIF"
    )
    assert reasons["blue/twin.jpg"] == "it is the same photo as red/0.jpg, under another label"
    assert reasons["odd"] == "the label has one photo, and each needs 2"
    assert (found["rows"], found["card"]["left_out_count"]) == (8, 4)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a zip file"),
        (b"height,weight\n1,2\n", "not a zip file"),
        (zip_with_flag(0x1), "without a password"),
        (zip_of({"a/1.jpg": b"x"}), "one folder"),
    ],
)
def test_a_zip_that_cannot_be_used_is_refused_at_once(site: Site, data: bytes, words: str) -> None:
    response = send_training(site, data)
    assert response.status_code == 422
    found = problem(response)
    assert found["code"] == "bad_data"
    assert words in found["detail"]
    assert site.count("jobs") == 0


def test_a_zip_without_photos_that_can_be_read_fails_with_a_sentence(site: Site) -> None:
    job = ended(site, send_training(site, zip_of({"a/1.jpg": b"x", "a/2.jpg": b"y", "b/1.jpg": b"z"})))
    assert (job["status"], job["error"]["code"]) == ("failed", "bad_data")
    assert "at least two labels with at least 2 photos each" in job["error"]["message"]
    assert site.get("predictors/tints").status_code == 404


def test_a_zip_that_is_too_large_is_refused_while_it_comes(site: Site) -> None:
    data = zip_of({"a/1.jpg": bytes(1 << 20), "b/1.jpg": b"x"})
    # Put together by hand: the test client would leave a temporary file of its own open.
    part = b'--x\r\nContent-Disposition: form-data; name="data"; filename="a.zip"\r\n\r\n'
    body = part + data + b"\r\n--x--\r\n"
    response = site.post("predictors", data=body, content_type="multipart/form-data; boundary=x")
    assert problem(response)["code"] == "too_large"
    assert "1 MiB" in problem(response)["detail"]


def start_instead(site: Site, worker: type[WorkerServices]) -> None:
    """Stops the worker and starts one of another kind."""
    before = site.pipeline.services
    before.close()
    site.pipeline.services = worker(
        before.settings, before.unit_of_work, before.blobs, before.dispatcher, "another"
    )


class Hurried(WorkerServices):
    """A worker that gives each photo no time."""

    @cached_property
    def sandbox(self) -> Sandbox:
        return Sandbox(wall_seconds=0)


def test_photos_that_take_too_long_end_a_training_before_they_take_for_ever(site: Site) -> None:
    start_instead(site, Hurried)
    job = ended(site, send_training(site, tinted_zip(30)))
    assert job["status"] == "failed"
    assert "Several photos take too long to read, such as red/3.jpg" in job["error"]["message"]


def test_the_labels_of_the_gallery_train_a_predictor_that_names_its_photos(site: Site) -> None:
    red, blue = add_labelled(site, "red", range(5)), add_labelled(site, "blue", range(50, 55))
    add_labelled(site, "green", range(1))
    found = trained(site, None)
    assert found["rows"] == 10
    photos = found["card"]["photos"].values()
    assert {photo["image"] for photo in photos} == {*red, *blue}
    assert {photo["image"] for photo in photos if photo["label"] == "red"} == set(red)
    assert site.get(next(iter(photos))["links"]["thumbnail"]).status_code == 200
    assert found["card"]["left_out"] == [
        {"name": "green", "reason": "the label has one photo, and each needs 2"}
    ]


def test_photos_without_an_embedding_of_the_model_are_embedded_for_the_training(site: Site) -> None:
    add_labelled(site, "red", range(3))
    add_labelled(site, "blue", range(50, 53))
    with site.services.unit_of_work.begin() as transaction:
        transaction.connection.exec_driver_sql("DELETE FROM embeddings WHERE mod(image_id, 2) = 0")
    assert trained(site, None)["confusion"]["matrix"] == [[3, 0], [0, 3]]


def test_a_gallery_without_labels_fails_with_a_sentence(site: Site) -> None:
    site.add(1)
    job = ended(site, send_training(site, None))
    assert job["status"] == "failed"
    assert "Photos by label: none" in job["error"]["message"]


def test_a_photo_of_the_gallery_is_asked_about_by_its_id(site: Site) -> None:
    trained(site, tinted_zip(8))
    (image_id,) = add_labelled(site, "blue", range(7, 8))
    job = ended(site, site.post("predictors/tints/predict", json={"image": image_id}))
    assert job["result"]["prediction"] == "blue"
    assert job["result"]["inputs"][0]["value"] == "a.jpg"
    assert site.get(job["result"]["explanation"]).status_code == 200


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"image": "999"}, 404, "image_not_found"),
        ({"image": "x"}, 404, "image_not_found"),
        ({"image": 7}, 422, "bad_value"),
        ({"height": 3}, 422, "bad_value"),
        ({}, 422, "bad_value"),
    ],
)
def test_a_question_without_a_photo_is_refused(
    site: Site, values: dict[str, Any], status: int, code: str
) -> None:
    trained(site, tinted_zip(2))
    response = site.post("predictors/tints/predict", json=values)
    assert (response.status_code, problem(response)["code"]) == (status, code)


def test_a_broken_photo_fails_as_an_upload_would(site: Site) -> None:
    trained(site, tinted_zip(2))
    assert site.upload(b"hello", path="predictors/tints/predict").status_code == 415
    job = ended(site, site.upload(half_of(tinted("red", 77)), path="predictors/tints/predict"))
    assert (job["status"], job["error"]["code"]) == ("failed", "unreadable")


class OtherWeights(WorkerServices):
    """A worker that was started with other weights."""

    @cached_property
    def photo_model(self) -> PhotoModel:
        return PhotoModel(PixelEmbedder("pixels/2"), super().photo_model.feature_maps)


def test_after_a_change_of_weights_predictors_are_trained_again_and_nothing_is_mixed(site: Site) -> None:
    trained(site, tinted_zip(4))
    pipeline = site.pipeline
    start_instead(site, OtherWeights)
    job = ended(site, site.upload(tinted("red", 9), path="predictors/tints/predict"))
    assert (job["status"], job["error"]["code"]) == ("failed", "model_unusable")
    assert "other weights (pixels/1)" in job["error"]["message"]

    with pipeline.unit_of_work.begin() as transaction:
        register_model(transaction.connection, "pixels/2", "other weights")
    # The upload of the zip may have been collected since: it was kept for this.
    for info in list(pipeline.blobs.list(blob_keys.UPLOADS)):
        pipeline.blobs.delete(info.key)
    pipeline.settle()
    assert answer(site, tinted("red", 9))["version"] == 2
    assert site.get("predictors/tints").get_json()["card"]["embedding_model"] == "pixels/2"
    before = site.count("jobs")
    pipeline.sweep()
    assert site.count("jobs") == before


def test_what_to_label_next_is_without_a_label_and_what_is_least_sure(site: Site) -> None:
    trained(site, tinted_zip(8))
    add_labelled(site, "red", range(60, 62))
    sure = [site.upload(tinted("blue", seed)).get_json()["image"]["id"] for seed in range(3)]
    unsure = site.upload(tinted("green", 1)).get_json()["image"]["id"]
    site.pipeline.drain()
    response = site.post("predictors/tints/label-next?k=3")
    assert response.status_code == 202
    job = ended(site, response)
    items = job["result"]["items"]
    assert len(items) == 3
    assert items[0]["image"] == unsure
    assert {item["image"] for item in items} <= {unsure, *sure}
    assert 0 <= items[-1]["uncertainty"] <= items[0]["uncertainty"] <= 1


def test_what_comes_in_time_is_the_answer_itself(database_url: str, tmp_path: Path) -> None:
    site = Site(database_url, tmp_path)
    _ = site.pipeline.services.embedder
    trained(site, tinted_zip(4))
    unlabelled = site.upload(tinted("green", 1)).get_json()["image"]["id"]
    site.pipeline.drain()
    with working(site):
        found = site.upload(tinted("red", 50), path="predictors/tints/predict")
    assert found.status_code == 200
    check_contract(Prediction, found.get_json())
    with working(site):
        suggested = site.post("predictors/tints/label-next")
    assert suggested.status_code == 200
    check_contract(Suggestions, suggested.get_json())
    assert [item["image"]["id"] for item in suggested.get_json()["items"]] == [unlabelled]
    site.close()


def test_a_deleted_predictor_takes_its_photos_its_zip_and_its_model_with_it(site: Site) -> None:
    blobs = site.pipeline.blobs
    prefixes = (
        blob_keys.PREDICTORS,
        blob_keys.TRAINING_PHOTOS,
        blob_keys.TRAINING_ZIPS,
        blob_keys.EXPLANATIONS,
    )
    trained(site, tinted_zip(4))
    trained(site, tinted_zip(5), "kept")
    answer(site, tinted("red", 1))
    later = datetime.now(UTC) + timedelta(hours=1)
    kept = [info.key for info in blobs.list(blob_keys.TRAINING_PHOTOS)]
    collect_garbage(site.services.unit_of_work, blobs, later)
    assert [info.key for info in blobs.list(blob_keys.TRAINING_PHOTOS)] == kept

    assert site.client.delete("/api/v1/predictors/tints").status_code == 204
    collect_garbage(site.services.unit_of_work, blobs, later)
    assert (
        site.get("predictors/kept").get_json()["sha256"] in next(iter(blobs.list(blob_keys.PREDICTORS))).key
    )
    assert len(list(blobs.list(blob_keys.TRAINING_ZIPS))) == 1
    assert 0 < len(list(blobs.list(blob_keys.TRAINING_PHOTOS))) < len(kept)
    assert site.client.delete("/api/v1/predictors/kept").status_code == 204
    collect_garbage(site.services.unit_of_work, blobs, later)
    assert [info.key for prefix in prefixes for info in blobs.list(prefix)] == []


def test_a_photo_that_no_card_names_is_not_found(site: Site) -> None:
    trained(site, tinted_zip(2))
    assert problem(site.get("predictors/tints/photos/999"))["code"] == "not_found"
    assert problem(site.get("predictors/none/photos/1"))["code"] == "predictor_not_found"
