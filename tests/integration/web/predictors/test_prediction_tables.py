"""Tables of predictions over HTTP."""

import csv
import io
from typing import Any

import pytest

from shared.storage import keys as blob_keys
from tests.support.predictors import CAT, predicted, zoo
from tests.support.web import Site, problem

__all__ = ["zoo"]


def batch(site: Site, name: str, table: str) -> tuple[dict[str, Any], list[list[str]]]:
    """The result of predicting for a table, and the rows of the download."""
    form = {"data": (io.BytesIO(table.encode()), "t.csv")}
    response = site.post(f"predictors/{name}/predict-batch", data=form, content_type="multipart/form-data")
    assert response.status_code == 202, response.text
    site.pipeline.drain()
    job = site.get(response.headers["Location"]).get_json()
    assert job["status"] == "succeeded", job
    download = site.get(job["result"]["links"]["csv"])
    assert download.mimetype == "text/csv"
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in download.headers["Content-Security-Policy"]
    return job["result"], list(csv.reader(io.StringIO(download.data.decode("utf-8-sig"))))


def test_a_table_is_answered_row_by_row(zoo: Site) -> None:
    table = "note,fur,weight (kg),height (cm)\n=1+1,long,4,24\nb,blue,4,24\nc,short,,55\nd,short,25,999\n"
    result, (header, *rows) = batch(zoo, "animals", table)
    assert (result["rows"], result["failed"], result["warned"]) == (4, 2, 1)
    assert result["ignored_columns"] == ["note"]
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert [each["prediction"] for each in found] == ["cat", "", "", "dog"]
    assert found[0]["note"] == "'=1+1"
    assert float(found[0]["probability"]) == float(found[0]["probability of cat"])
    assert found[1]["error"].startswith("fur must be one of short, long")
    assert found[2]["error"].startswith("weight (kg) is empty")
    assert "far outside" in found[3]["warnings"]


def test_a_batch_says_what_single_answers_say(zoo: Site) -> None:
    _, (header, row) = batch(zoo, "houses", "beds,area (sqft)\n2,1000\n")
    found = dict(zip(header, row, strict=True))
    answer = predicted(zoo, "houses", {"beds": 2, "area (sqft)": 1000}).get_json()
    assert float(found["prediction"]) == answer["prediction"]
    assert [float(found["lowest"]), float(found["highest"])] == answer["interval"]


@pytest.mark.parametrize("table", [b"", b"beds\n1\n", b"beds,area (sqft)\n", b"beds,area (sqft)\n1\n"])
def test_a_table_that_cannot_be_answered_is_refused(zoo: Site, table: bytes) -> None:
    form = {"data": (io.BytesIO(table), "t.csv")}
    response = zoo.post("predictors/houses/predict-batch", data=form, content_type="multipart/form-data")
    assert (response.status_code, problem(response)["code"]) == (422, "bad_data")


def test_only_a_batch_that_has_succeeded_can_be_downloaded(zoo: Site) -> None:
    answer = predicted(zoo, "animals", CAT).get_json()
    assert zoo.get(f"jobs/{answer['job']}/predictions").status_code == 404
    result, _ = batch(zoo, "houses", "beds,area (sqft)\n2,1000\n")
    job_id = result["links"]["csv"].split("/")[-2]
    (key,) = (key for key in zoo.pipeline.blobs.keys(blob_keys.PREDICTIONS) if job_id in key)
    zoo.pipeline.blobs.delete(key)
    gone = zoo.get(result["links"]["csv"])
    assert "no longer kept" in problem(gone)["detail"]
    assert "Retry-After" not in gone.headers


def test_a_download_is_worth_asking_for_again_only_while_its_job_is_unfinished(zoo: Site) -> None:
    form = {"data": (io.BytesIO(b"beds,area (sqft)\n2,1000\n"), "t.csv")}
    sent = zoo.post("predictors/houses/predict-batch", data=form, content_type="multipart/form-data")
    job = sent.get_json()["job"]["id"]
    waiting = zoo.get(f"jobs/{job}/predictions")
    assert (waiting.status_code, problem(waiting)["code"], waiting.headers["Retry-After"]) == (
        404,
        "not_ready",
        "1",
    )
    zoo.post(f"jobs/{job}/cancel")
    ended = zoo.get(f"jobs/{job}/predictions")
    assert (ended.status_code, "cancelled" in problem(ended)["detail"]) == (409, True)
    assert "Retry-After" not in ended.headers
