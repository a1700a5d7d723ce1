"""Photos in, palettes and look-alikes out, through real gunicorn and Celery processes."""

import httpx
import numpy as np
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tests.support.hostile_files import png_of_sides
from tests.support.pipeline import picture
from tests.support.s3 import S3Server, new_bucket
from tests.support.services import service_folder
from tests.support.stack import Stack, database_url, finished, running_stack, settled, upload
from worker.index.store import Embeddings, read_embeddings

PHOTOS = 30


def stored_embeddings(stack: Stack, model: str) -> Embeddings:
    with create_engine(database_url(stack), poolclass=NullPool).begin() as connection:
        return read_embeddings(connection, model)


def similar_lists(client: httpx.Client, ids: list[str]) -> dict[str, list[tuple[str, float]]]:
    lists = {}
    for image_id in ids:
        answer = client.get(f"/api/v1/images/{image_id}/similar", params={"k": 50})
        assert answer.status_code == 200, answer.text
        lists[image_id] = [(item["image"]["id"], item["similarity"]) for item in answer.json()["items"]]
    return lists


def assert_exact(lists: dict[str, list[tuple[str, float]]], stored: Embeddings) -> None:
    """The lists are those of a brute-force computation over the stored embeddings."""
    similarity = stored.vectors.astype(np.float64) @ stored.vectors.astype(np.float64).T
    for row, owner in enumerate(stored.ids.tolist()):
        order = sorted(
            (at for at in range(len(stored.ids)) if at != row),
            key=lambda at: (-np.float32(similarity[row, at]), stored.ids[at]),
        )[:50]
        found = lists[str(owner)]
        assert [image_id for image_id, _ in found] == [str(stored.ids[at]) for at in order]
        assert [value for _, value in found] == pytest.approx([similarity[row, at] for at in order], abs=1e-5)


def whole_path(stack: Stack) -> None:
    """Thirty photos, a full run that changes nothing, a deletion that leaves no trace."""
    with stack.client() as client:
        answers = [upload(client, picture(seed), caption=f"number {seed}") for seed in range(PHOTOS)]
        ids = [answer["image"]["id"] for answer in answers]
        for answer in answers:
            assert finished(client, answer["job"]["id"])["status"] == "succeeded"
        for image_id in ids:
            palette = client.get(f"/api/v1/images/{image_id}/palette").json()
            assert sum(color["proportion"] for color in palette["colors"]) == pytest.approx(1, abs=1e-6)
        model = settled(client)["model"]
        lists = similar_lists(client, ids)
        assert_exact(lists, stored_embeddings(stack, model))

        run = client.post("/api/v1/index/runs", json={"mode": "full"}).json()["job"]
        assert finished(client, run["id"])["status"] == "succeeded"
        assert similar_lists(client, ids) == lists
        assert client.get("/api/v1/index").json()["last_run"]["drift"] == 0

        gone = ids.pop(7)
        assert client.delete(f"/api/v1/images/{gone}").status_code == 204
        assert client.get(f"/api/v1/images/{gone}").status_code == 404
        for found in similar_lists(client, ids).values():
            assert gone not in dict(found)
        settled(client)
        assert_exact(similar_lists(client, ids), stored_embeddings(stack, model))
        for image_id in ids:
            client.delete(f"/api/v1/images/{image_id}")


def test_thirty_photos_through_the_directory_store(stack: Stack) -> None:
    whole_path(stack)


def test_thirty_photos_through_a_real_s3_store(ministack: S3Server) -> None:
    with (
        service_folder("stack-s3") as folder,
        running_stack(folder, ministack.environ(new_bucket())) as running,
    ):
        whole_path(running)
        assert not (folder / "blobs").exists()


def test_bad_files_are_refused_with_their_code_and_the_next_upload_is_unharmed(client: httpx.Client) -> None:
    def send(data: bytes) -> httpx.Response:
        return client.post("/api/v1/images", files={"file": ("a.jpg", data, "image/jpeg")})

    for data, status, code in (
        (b"", 400, "empty_file"),
        (b"hello, I am a text", 415, "unsupported_type"),
        (png_of_sides(12_000, 12_000), 422, "too_many_pixels"),
    ):
        answer = send(data)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    photo = picture(500, (640, 480))
    half = upload(client, photo[: len(photo) // 2])
    job = finished(client, half["job"]["id"])
    assert (job["status"], job["error"]["code"]) == ("failed", "unreadable")

    whole = upload(client, photo)
    assert finished(client, whole["job"]["id"])["status"] == "succeeded"


def test_a_palette_without_a_gallery_entry_is_answered_at_once_and_keeps_nothing(
    client: httpx.Client,
) -> None:
    before = client.get("/api/v1/images").json()["total"]
    answer = client.post(
        "/api/v1/palettes",
        files={"file": ("a.jpg", picture(600), "image/jpeg")},
        data={"colors": "7"},
        headers={"Prefer": "wait=30"},
    ).json()
    job = finished(client, answer["job"]["id"])
    assert job["status"] == "succeeded"
    assert len(job["result"]["colors"]) == 7
    assert client.get("/api/v1/images").json()["total"] == before


def test_the_site_says_plainly_when_its_weights_are_untrained_and_only_then(client: httpx.Client) -> None:
    document = client.get("/api/v1/index").json()
    assert document["weights"]
    untrained = document["model"].startswith("resnet18/untrained")
    assert ("never trained" in client.get("/").text) is untrained
