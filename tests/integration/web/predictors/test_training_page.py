"""Training a predictor by the page's form, without JavaScript."""

import io
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.html import Element
from tests.support.labelled_photos import tinted, tinted_zip
from tests.support.predictor_pages import ZOO, train_zoo
from tests.support.site import Site, page_of, site

__all__ = ["site"]


def send(site: Site, data: bytes | None, **fields: str) -> TestResponse:
    """Sends the form, with these bytes as the chosen file or with none chosen."""
    file = (io.BytesIO(data or b""), "" if data is None else "data")
    form: dict[str, Any] = {"data": file, "name": "zoo", "model": "gaussian-naive-bayes", **fields}
    source = "photos" if fields.get("task") == "image-classification" else "table"
    return site.client.post(f"/predictors/new?source={source}", data=form)


def send_photos(site: Site, data: bytes | None, **fields: str) -> TestResponse:
    return send(site, data, **({"task": "image-classification", "model": "auto"} | fields))


def problem_at(page: Element, field: str) -> str:
    return page.find("p", id=f"{field}-problem").text


def test_a_table_is_learned_from_while_a_page_tells_how_far_it_is(site: Site) -> None:
    response = send(site, ZOO, target="species")
    assert response.status_code == 303
    page = site.page(response.location)
    assert "Waiting for a worker" in page.text
    assert page.find_all("meta", **{"http-equiv": "refresh"})
    assert page.find("div", id="training")["data-live"] == "working"
    assert "is being trained" in site.page("/predictors").find("ul", class_="trainings").text
    site.pipeline.drain()
    page = site.page(response.location)
    assert "with Gaussian naive Bayes" in page.text
    assert not page.find_all("meta", **{"http-equiv": "refresh"})
    assert not site.page("/predictors").find_all("ul", class_="trainings")
    assert site.page(page.find("a", class_="strong")["href"]).find("form", id="ask")


@pytest.mark.parametrize(
    ("data", "fields", "field", "words"),
    [
        (ZOO, {"target": "wings"}, "target", "The table has no column called wings."),
        (ZOO, {"target": ""}, "target", "Name the column to predict"),
        (ZOO, {"target": "species", "name": "../up"}, "name", "name must be 1 to 64 letters"),
        (ZOO, {"target": "species", "name": "new"}, "name", "cannot be called new"),
        (ZOO, {"target": "species", "task": "guess"}, "task", "task must be one of"),
        (None, {"target": "species"}, "data", "Choose a CSV file."),
        (b"", {"target": "species"}, "data", "The table is empty."),
        (b"a,b\n1\n", {"target": "b"}, "data", "Line 2 has 1 cell"),
        (b"PK\x03\x04", {"target": "b"}, "data", "a workbook or a zip"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_what_was_said_is_shown_back(
    site: Site, data: bytes | None, fields: dict[str, str], field: str, words: str
) -> None:
    response = send(site, data, **fields)
    assert response.status_code in {400, 422}
    page = page_of(response, response.status_code)
    assert words in problem_at(page, field)
    assert page.find("input", name="target")["value"] == fields["target"]
    assert page.find("input", name="name")["value"] == fields.get("name", "zoo")
    chosen = [
        radio["value"] for radio in page.find_all("input", name="model") if "checked" in radio.attributes
    ]
    assert chosen == ["gaussian-naive-bayes"]
    assert site.count("jobs") == 0


def test_a_table_that_shows_only_later_that_it_cannot_be_learned_from_says_why(site: Site) -> None:
    response = send(site, ZOO + b"25,4,long,yes,parrot\n", target="species")
    site.pipeline.drain()
    page = site.page(response.location)
    assert "species is parrot in one row only" in page.find("p", role="alert").text
    again = site.page(page.find("a", class_="strong")["href"])
    assert again.find("input", name="target")["value"] == "species"


def test_a_body_that_is_no_form_is_refused_in_words(site: Site) -> None:
    page = page_of(site.client.post("/predictors/new", data={"name": "a"}), 415)
    assert "multipart/form-data" in problem_at(page, "data")


def test_data_that_are_too_large_are_told_at_the_field(site: Site) -> None:
    for path in ("/predictors/new", "/predictors/new?source=photos"):
        response = site.client.post(
            path,
            data=b"--x",
            content_type="multipart/form-data; boundary=x",
            environ_overrides={"CONTENT_LENGTH": str(10**9)},
        )
        assert "larger than Vitrine takes" in problem_at(page_of(response, 413), "data")


def test_photos_in_a_zip_are_learned_from(site: Site) -> None:
    response = send_photos(site, tinted_zip(6), target="tint", name="tints")
    site.pipeline.drain()
    assert "It has learned." in site.page(response.location).text
    assert "tint: blue or red" in site.page("/predictors").text


def test_the_labels_of_the_gallery_are_offered_once_there_are_two(site: Site) -> None:
    assert not site.page("/predictors/new?source=photos").find_all("input", name="from_labels")
    for label in ("red", "blue"):
        for seed in range(3):
            site.upload(tinted(label, seed), label=label)
    site.pipeline.drain()
    page = site.page("/predictors/new?source=photos")
    assert "blue (3), red (3)" in page.find("form", id="train").text
    response = send_photos(site, None, from_labels="true", name="tints")
    site.pipeline.drain()
    assert "It has learned." in site.page(response.location).text


def test_photos_that_cannot_be_learned_from_are_told_on_the_form_for_photos(site: Site) -> None:
    page = page_of(send_photos(site, None), 400)
    assert problem_at(page, "data") == "Choose a zip of photos."
    assert page.find("input", name="task")["value"] == "image-classification"
    page = page_of(send_photos(site, b"no zip at all"), 422)
    assert "This is not a zip file." in problem_at(page, "data")


def test_a_name_that_exists_gets_a_new_version(site: Site) -> None:
    train_zoo(site)
    send(site, ZOO, target="fur")
    site.pipeline.drain()
    assert "fur: long or short" in site.page("/predictors").text
    assert "species: cat or dog" in site.page("/predictors/zoo?version=1").text


def test_a_training_is_found_by_its_own_id_alone(site: Site) -> None:
    assert site.client.get("/predictors/new/nonsense").status_code == 404
    image = site.upload(tinted("red", 1)).get_json()
    assert site.client.get(f"/predictors/new/{image['job']['id']}").status_code == 404
