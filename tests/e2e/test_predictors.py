"""From a table to answers, by the processes of `make run` themselves."""

import httpx

from tests.support.predictors import ANIMALS, CAT
from tests.support.services import until
from tests.support.stack import Stack, finished


def test_a_table_trains_and_answers_even_after_its_worker_was_killed(
    stack: Stack, client: httpx.Client
) -> None:
    asked = client.post(
        "/api/v1/predictors",
        data={"name": "animals", "target": "species"},
        files={"data": ("animals.csv", ANIMALS, "text/csv")},
    )
    assert asked.status_code == 202, asked.text
    job = finished(client, asked.json()["job"]["id"])
    assert job["status"] == "succeeded", job["error"]
    assert answer(client) == "cat"
    (worker,) = stack.processes("worker.app", "predict@")
    worker.kill()
    until(lambda: not worker.is_running())
    # The supervisor starts another, which finds the question in the database and the model in the store.
    assert answer(client) == "cat"
    client.delete("/api/v1/predictors/animals").raise_for_status()


def answer(client: httpx.Client) -> str:
    """The prediction, at once or once its job has ended."""
    asked = client.post("/api/v1/predictors/animals/predict", json=CAT)
    if asked.status_code == 200:
        return str(asked.json()["prediction"])
    assert asked.status_code == 202, asked.text
    job = finished(client, asked.json()["job"]["id"])
    assert job["status"] == "succeeded", job["error"]
    return str(job["result"]["prediction"])
