"""Predictors of tables over HTTP."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.jobs.kinds import JobKind
from shared.storage import keys as blob_keys
from tests.support.predictors import ANIMALS, CAT, predicted, send, trained, zoo
from tests.support.web import Site, check_contract, problem, site, working
from web.jobs.documents import Job, Started
from web.predictors.documents import Models, Prediction, PredictorCard, PredictorPage
from worker.upkeep.garbage import collect_garbage

__all__ = ["site", "zoo"]


def test_a_table_becomes_a_predictor(site: Site) -> None:
    asked = send(site, "My animals")
    assert asked.status_code == 202
    check_contract(Started, asked.get_json())
    assert site.get("predictors/My animals").status_code == 404
    site.pipeline.drain()
    job = site.get(asked.headers["Location"]).get_json()
    check_contract(Job, job)
    assert (job["kind"], job["status"], job["progress"]) == ("train-predictor", "succeeded", 1)
    predictor = site.get(job["result"]["links"]["predictor"]).get_json()
    assert (predictor["name"], predictor["task"], predictor["rows"]) == ("My animals", "classification", 40)


def test_a_predictor_is_as_the_contract_says(zoo: Site) -> None:
    for name in ("animals", "houses"):
        document = zoo.get(f"predictors/{name}").get_json()
        check_contract(PredictorCard, document)
        baseline = document["metrics"]["baseline"]
        loss = "log_loss" if document["confusion"] else "rmse"
        assert document["metrics"][loss] < baseline[loss]
        assert document["libraries"].keys() >= {"scikit-learn", "numpy"}
    animals = zoo.get("predictors/animals").get_json()
    assert [(each["name"], each["type"], each["unit"]) for each in animals["features"]] == [
        ("height (cm)", "number", "cm"),
        ("weight (kg)", "number", "kg"),
        ("fur", "category", None),
    ]
    assert animals["confusion"] == {"labels": ["cat", "dog"], "matrix": [[20, 0], [0, 20]]}
    assert "40 rows, which is few" in animals["card"]["warnings"][0]


@pytest.mark.parametrize("name", ["nobody", "a%00b", "%00", "%F0%9F%98%80", "%FF"])
def test_a_name_that_names_nothing_is_not_found(site: Site, name: str) -> None:
    for asked in (
        site.get(f"predictors/{name}"),
        site.client.delete(f"/api/v1/predictors/{name}"),
        site.client.delete(f"/api/v1/predictors/{name}?version=1"),
        site.client.patch(f"/api/v1/predictors/{name}", json={"version": 1}),
        site.client.post(f"/api/v1/predictors/{name}/predict", json={"x": 1}),
    ):
        assert (asked.status_code, problem(asked)["code"]) == (404, "predictor_not_found")
    for page in (f"/predictors/{name}", f"/predictors/{name}/card"):
        assert site.client.get(page).status_code == 404


def test_predictors_are_listed_by_name_page_by_page(zoo: Site) -> None:
    first = zoo.get("predictors?limit=1").get_json()
    check_contract(PredictorPage, first)
    assert ([each["name"] for each in first["items"]], first["total"]) == (["animals"], 2)
    second = zoo.get(f"predictors?limit=1&cursor={first['next']}").get_json()
    assert ([each["name"] for each in second["items"]], second["next"]) == (["houses"], None)
    assert zoo.get("predictors?cursor=abc").status_code == 400


def test_the_models_that_can_be_asked_for_are_listed(zoo: Site) -> None:
    models = zoo.get("predictors/models").get_json()
    check_contract(Models, models)
    assert {"gaussian-naive-bayes", "linear-regression"} <= {model["name"] for model in models["items"]}


def test_a_class_is_answered_with_probabilities_and_reasons(zoo: Site) -> None:
    response = predicted(zoo, "animals", CAT)
    assert response.status_code == 200
    answer = response.get_json()
    check_contract(Prediction, answer)
    assert (answer["prediction"], answer["interval"], answer["warnings"]) == ("cat", None, [])
    assert sum(answer["probabilities"].values()) == pytest.approx(1)
    assert {each["name"]: each["value"] for each in answer["inputs"]} == CAT
    assert answer["reasons"]
    # A later look at the job tells the same.
    assert zoo.get(f"jobs/{answer['job']}").get_json()["result"] == answer


def test_a_number_is_answered_with_an_interval(zoo: Site) -> None:
    answer = predicted(zoo, "houses", {"beds": 2, "area (sqft)": 1000}).get_json()
    low, high = answer["interval"]
    assert low <= answer["prediction"] <= high
    assert answer["prediction"] == pytest.approx(200_000, rel=0.02)
    assert answer["probabilities"] is None
    assert answer["reasons"][0]["name"] == "area (sqft)"
    assert answer["reasons"][0]["effect"] < 0


def test_forms_are_read_as_json_is(zoo: Site) -> None:
    values = {"beds": "2", "area (sqft)": "1000"}
    with working(zoo):
        plain = zoo.post("predictors/houses/predict", data=values)
        multipart = zoo.post("predictors/houses/predict", data=values, content_type="multipart/form-data")
    assert plain.status_code == multipart.status_code == 200
    expected = predicted(zoo, "houses", {"beds": 2, "area (sqft)": 1000}).get_json()["prediction"]
    assert plain.get_json()["prediction"] == multipart.get_json()["prediction"] == expected


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({**CAT, "height (cm)": "tall"}, {"height (cm)"}),
        ({**CAT, "height (cm)": None}, {"height (cm)"}),
        ({**CAT, "fur": "blue"}, {"fur"}),
        ({**CAT, "tail": 1}, {"tail"}),
        ({**CAT, "species": "cat"}, {"species"}),
        ({"fur": "long"}, {"height (cm)", "weight (kg)"}),
        ({}, set(CAT)),
    ],
)
def test_values_that_cannot_be_used_are_named(zoo: Site, values: dict[str, Any], fields: set[str]) -> None:
    jobs = zoo.count("jobs")
    response = zoo.post("predictors/animals/predict", json=values)
    assert response.status_code == 422
    document = problem(response)
    assert document["code"] == "bad_value"
    assert {each["field"] for each in document["errors"]} == fields
    assert zoo.count("jobs") == jobs


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": b"{", "content_type": "application/json"}, 400),
        ({"data": b'{"beds": NaN, "area (sqft)": 900}', "content_type": "application/json"}, 422),
        ({"data": b'{"beds": 1e999, "area (sqft)": -Infinity}', "content_type": "application/json"}, 422),
        ({"data": b"[]", "content_type": "application/json"}, 400),
        ({"data": b"beds=1&beds=2&area (sqft)=3"}, 415),
        ({"data": b"beds=1&beds=2", "content_type": "application/x-www-form-urlencoded"}, 422),
        ({"data": {"file": (io.BytesIO(b"x"), "a.jpg")}, "content_type": "multipart/form-data"}, 422),
        ({"data": b"x", "content_type": "text/plain"}, 415),
    ],
)
def test_bodies_that_are_no_values_are_refused(zoo: Site, options: dict[str, Any], status: int) -> None:
    assert zoo.post("predictors/houses/predict", **options).status_code == status


FIELDS = {
    "height (cm)": st.floats() | st.integers() | st.text(max_size=30) | st.none() | st.booleans(),
    "weight (kg)": st.floats(allow_nan=False, allow_infinity=False) | st.just("9e999"),
    "fur": st.sampled_from(["long", "short", "", "blue"]) | st.text(max_size=5),
    "tail": st.text(max_size=3),
}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.fixed_dictionaries({}, optional=FIELDS), form=st.booleans())
def test_whatever_a_form_holds_is_answered_or_refused_by_field(
    zoo: Site, values: dict[str, Any], form: bool
) -> None:
    if form:
        # What a browser makes of it; an urlencoded form cannot hold half a character.
        text = {name: str(value).encode(errors="replace").decode() for name, value in values.items()}
        options: dict[str, Any] = {"data": text, "content_type": "application/x-www-form-urlencoded"}
    else:
        options = {"data": json.dumps(values), "content_type": "application/json"}
    with working(zoo):
        response = zoo.post("predictors/animals/predict", **options)
    if response.status_code == 200:
        answer = response.get_json()
        assert answer["prediction"] in {"cat", "dog"}
        assert sum(answer["probabilities"].values()) == pytest.approx(1)
        return
    document = problem(response)
    assert document["code"] in {"bad_value", "bad_json"}
    if document["code"] == "bad_value":
        assert {each["field"] for each in document["errors"]} <= FIELDS.keys()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(area=st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_gets_a_finite_answer(zoo: Site, area: float) -> None:
    response = predicted(zoo, "houses", {"beds": 2, "area (sqft)": area})
    assert response.status_code == 200
    low, high = response.get_json()["interval"]
    assert low <= response.get_json()["prediction"] <= high
    if not 0 < area < 4000:
        assert "outside" in response.get_json()["warnings"][0]


def test_a_prediction_that_takes_too_long_is_a_job_to_ask_about(zoo: Site, monkeypatch: Any) -> None:
    monkeypatch.setattr("web.predictors.api.PREDICTION_SECONDS", 0)
    response = zoo.post("predictors/animals/predict", json=CAT)
    assert response.status_code == 202
    check_contract(Started, response.get_json())
    zoo.pipeline.drain()
    job = zoo.get(response.headers["Location"]).get_json()
    assert job["result"]["prediction"] == "cat"


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"name": ""}, 400, "name"),
        ({"name": "../etc"}, 400, "name"),
        ({"name": "x" * 65}, 400, "name"),
        ({"name": "models"}, 400, "name"),
        ({"task": "magic"}, 400, "task"),
        ({"model": "magic"}, 400, "model"),
        ({"model": "linear-regression", "task": "classification"}, 400, "model"),
        ({"target": ""}, 422, "target"),
        ({"target": "colour"}, 422, "target"),
        ({"task": "regression"}, 422, "target"),
        ({"from_labels": "true"}, 400, "from_labels"),
        ({"from_labels": "perhaps"}, 400, "from_labels"),
    ],
)
def test_a_training_that_cannot_be_is_refused_by_field(
    site: Site, fields: dict[str, str], status: int, field: str
) -> None:
    asked = {"name": "animals", **fields}
    response = send(site, asked.pop("name"), ANIMALS, **asked)
    assert response.status_code == status
    assert [each["field"] for each in problem(response)["errors"]] == [field]
    assert site.count("jobs") == 0
    assert not list(site.pipeline.blobs.keys())


def test_a_training_needs_data_as_a_form(site: Site) -> None:
    assert problem(send(site, "animals", None))["errors"][0]["field"] == "data"
    assert site.post("predictors", json={"name": "animals"}).status_code == 415


@pytest.mark.parametrize("data", [b"", b"a,b\n1\n", "é".encode("latin-1"), b"x" * 300_000, b"," * 20_000])
def test_a_table_that_cannot_be_read_is_refused_before_it_is_kept(site: Site, data: bytes) -> None:
    response = send(site, "animals", data)
    assert response.status_code == 422
    assert problem(response)["code"] == "bad_data"
    assert not list(site.pipeline.blobs.keys())


def test_a_table_over_the_upload_limit_is_refused(site: Site) -> None:
    # A zip of photos may be larger, so the whole form is read before it shows which of the two this is.
    fields = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n"
        for name, value in ((b"name", b"animals"), (b"target", b"species"))
    )
    head = b'--x\r\nContent-Disposition: form-data; name="data"; filename="a.csv"\r\n\r\na,species\n'
    body = fields + head + b"1,cat\n" * 4_000_000 + b"\r\n--x--\r\n"
    response = site.post("predictors", data=body, content_type="multipart/form-data; boundary=x")
    assert response.status_code == 413
    assert problem(response)["code"] == "too_large"


def test_what_only_training_finds_out_fails_its_job_in_a_sentence(site: Site) -> None:
    response = send(site, "animals", b"a,species\n1,cat\n2,cat\n4,dog\n8,cat\n9,cat\n")
    site.pipeline.drain()
    job = site.get(response.headers["Location"]).get_json()
    assert (job["status"], job["error"]["code"]) == ("failed", "bad_data")
    assert job["error"]["message"].startswith("species is dog in one row only.")
    assert site.count("predictors") == 0


def test_an_impatient_click_trains_once(site: Site) -> None:
    first, second, other = (
        send(site, "animals"),
        send(site, "animals"),
        send(site, "animals", model="random-forest"),
    )
    ids = [response.get_json()["job"]["id"] for response in (first, second, other)]
    assert ids[0] == ids[1] != ids[2]


def test_training_again_makes_a_version_and_old_ones_stay(site: Site) -> None:
    trained(site, "animals", model="gaussian-naive-bayes")
    newer = trained(site, "animals", model="logistic-regression")
    assert (newer["version"], newer["current"], newer["model"]) == (2, True, "logistic-regression")
    assert [(each["version"], each["current"]) for each in newer["versions"]] == [(2, True), (1, False)]
    for query, model in (("", "logistic-regression"), ("?version=1", "gaussian-naive-bayes")):
        answer = predicted(site, "animals", CAT, query).get_json()
        assert (answer["prediction"], answer["model"]) == ("cat", model)
    back = site.client.patch("/api/v1/predictors/animals", json={"version": 1})
    assert (back.status_code, back.get_json()["version"]) == (200, 1)
    assert predicted(site, "animals", CAT).get_json()["version"] == 1
    assert site.client.patch("/api/v1/predictors/animals", json={"version": 3}).status_code == 404
    assert site.client.patch("/api/v1/predictors/animals", json={"version": "1"}).status_code == 400
    assert site.get("predictors/animals?version=3").status_code == 404


def test_an_old_version_can_be_deleted_and_its_number_is_not_given_again(site: Site) -> None:
    first, _, last = (
        trained(site, "animals", model=model)
        for model in ("gaussian-naive-bayes", "logistic-regression", "random-forest")
    )
    here = "/api/v1/predictors/animals"
    current = site.client.delete(f"{here}?version=3")
    assert (current.status_code, current.get_json()["code"]) == (409, "conflict")
    assert site.client.patch(here, json={"version": 1}).status_code == 200
    assert [site.client.delete(f"{here}?version=3").status_code for _ in range(2)] == [204, 404]
    assert site.client.delete("/api/v1/predictors/plants?version=1").status_code == 404
    assert [each["version"] for each in site.get("predictors/animals").get_json()["versions"]] == [2, 1]
    assert predicted(site, "animals", CAT, "?version=3").status_code == 404
    assert trained(site, "animals", model="random-forest")["version"] == 4
    collect_garbage(site.pipeline.unit_of_work, site.pipeline.blobs, datetime.now(UTC) + timedelta(seconds=1))
    kept = [site.pipeline.blobs.exists(blob_keys.predictor(each["sha256"])) for each in (first, last)]
    assert kept == [True, False]


def test_a_deleted_predictor_is_gone_with_its_models(site: Site) -> None:
    document = trained(site, "animals", model="gaussian-naive-bayes")
    key = blob_keys.predictor(document["sha256"])
    assert site.pipeline.blobs.exists(key)
    underway = send(site, "animals", model="logistic-regression").headers["Location"]
    assert site.client.delete("/api/v1/predictors/animals").status_code == 204
    assert site.client.delete("/api/v1/predictors/animals").status_code == 404
    site.pipeline.drain()
    # A training that was under way does not bring it back.
    assert site.get(underway).get_json()["status"] == "cancelled"
    assert site.get("predictors/animals").status_code == 404
    assert site.post("predictors/animals/predict", json=CAT).status_code == 404
    collect_garbage(site.pipeline.unit_of_work, site.pipeline.blobs, datetime.now(UTC) + timedelta(seconds=1))
    assert not list(site.pipeline.blobs.keys())


def test_a_model_that_is_in_use_is_no_garbage(site: Site) -> None:
    document = trained(site, "animals", model="gaussian-naive-bayes")
    collect_garbage(site.pipeline.unit_of_work, site.pipeline.blobs, datetime.now(UTC) + timedelta(seconds=1))
    assert list(site.pipeline.blobs.keys()) == [blob_keys.predictor(document["sha256"])]


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_model_that_is_not_what_was_stored_is_not_used(site: Site, damage: str) -> None:
    document = trained(site, "animals", model="gaussian-naive-bayes")
    key = blob_keys.predictor(document["sha256"])
    if damage == "gone":
        site.pipeline.blobs.delete(key)
    else:
        site.pipeline.blobs.put(key, site.pipeline.blobs.get(key) + b"\0", "application/octet-stream")
    response = predicted(site, "animals", CAT)
    assert response.status_code == 409
    assert problem(response)["code"] == "model_unusable"
    assert "Train the predictor again" in problem(response)["detail"]


def test_a_question_whose_predictor_is_deleted_meanwhile_ends(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(site, "animals", model="gaussian-naive-bayes")
    monkeypatch.setattr("web.predictors.api.PREDICTION_SECONDS", 0)
    asked = site.post("predictors/animals/predict", json=CAT)
    site.client.delete("/api/v1/predictors/animals")
    site.pipeline.drain()
    job = site.get(asked.headers["Location"]).get_json()
    assert (job["status"], job["error"]["code"]) == ("failed", "model_unusable")


def test_a_model_of_another_release_of_scikit_learn_is_not_used(site: Site) -> None:
    trained(site, "animals", model="gaussian-naive-bayes")
    with site.pipeline.unit_of_work.begin() as transaction:
        transaction.connection.exec_driver_sql(
            'UPDATE predictor_versions SET libraries = libraries || \'{"scikit-learn": "0.1.0"}\''
        )
    assert "scikit-learn 0.1.0" in problem(predicted(site, "animals", CAT))["detail"]


def test_data_that_are_no_longer_kept_fail_the_training_in_a_sentence(site: Site) -> None:
    response = send(site, "animals")
    for key in list(site.pipeline.blobs.keys()):
        site.pipeline.blobs.delete(key)
    site.pipeline.drain()
    assert "no longer kept" in site.get(response.headers["Location"]).get_json()["error"]["message"]


def test_a_table_is_kept_for_training_only(site: Site) -> None:
    trained(site, "animals", ANIMALS, model="gaussian-naive-bayes")
    assert [key.split("/")[0] for key in sorted(site.pipeline.blobs.keys())] == ["predictors", "uploads"]


def test_jobs_of_predictors_are_listed_like_others(zoo: Site) -> None:
    found = zoo.get(f"jobs?kind={JobKind.TRAIN_PREDICTOR}").get_json()
    assert found["total"] == 2
    for job in found["items"]:
        check_contract(Job, job)
    assert zoo.client.get("/jobs").status_code == 200
