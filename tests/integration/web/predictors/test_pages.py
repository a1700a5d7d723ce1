"""Predictors as a browser without JavaScript meets them: the list, the form, the answer, a whole table."""

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.support.html import Element
from tests.support.labelled_photos import tinted
from tests.support.predictor_pages import ZOO, copy_predictor, shelf, train_tints, train_zoo
from tests.support.site import Site, page_of, site
from tests.support.web import working
from web.http.waiting import Waiters
from web.predictors.pages import overview as predictors
from web.predictors.view_models.head import NOTICE

__all__ = ["shelf", "site"]

CAT = {"height (cm)": "24", "weight (kg)": "4", "fur": "long", "tame": "true"}


def ask(site: Site, name: str, values: Any) -> TestResponse:
    """Sends the form of a predictor, with a worker at hand."""
    with working(site):
        return site.client.post(f"/predictors/{quote(name)}", data=values)


def answer(site: Site, name: str, values: Any) -> Element:
    """The page that the form leads to."""
    response = ask(site, name, values)
    assert response.status_code == 303, page_of(response, response.status_code).text
    return site.page(response.location)


def value_of(page: Element, name: str) -> str:
    return page.find("input", name=name)["value"]


def problem_at(page: Element, name: str) -> str:
    """What is said under a field, which must be marked for it."""
    field = page.find("input", name=name)
    assert field["aria-invalid"] == "true"
    ids = field["aria-describedby"].split()
    return next(page.find("p", id=each).text for each in ids if each.endswith("problem"))


# --- the list -----------------------------------------------------------------------------------------------------


def test_without_predictors_the_page_says_in_three_steps_how_to_get_one(site: Site) -> None:
    page = site.page("/predictors")
    assert len(page.find("ol", class_="steps").find_all("li")) == 3
    assert "demo-predictors" in page.text
    assert page.find_all("a", href="/predictors/new")
    assert page.find("nav", class_="navigation").find("a", href="/predictors")["aria-current"] == "page"


def test_a_card_says_what_goes_in_what_comes_out_and_how_good_it_is(shelf: Site) -> None:
    cards = {
        card.find("h2").find("a").text: card
        for card in shelf.page("/predictors").find_all("li", class_="predictor")
    }
    assert set(cards) == {"species", "house-price", "zoo", "tints"}
    assert "height (cm), weight (kg), fur, tame" in cards["zoo"].text
    assert "species: cat or dog" in cards["zoo"].text
    assert "50 % by always answering the most common" in cards["zoo"].text
    assert "From 40 rows" in cards["zoo"].text
    assert "estimates a number" in cards["house-price"].text
    assert "by always answering the mean" in cards["house-price"].text
    assert "a photo" in cards["tints"].text
    assert "tint: blue or red" in cards["tints"].text
    assert cards["zoo"].find("h2").find("a")["href"] == "/predictors/zoo"


def test_the_list_goes_on_on_another_page(site: Site) -> None:
    train_zoo(site)
    names = [f"copy {number:02}" for number in range(predictors.PAGE_SIZE)]
    copy_predictor(site, "zoo", names)
    first = site.page("/predictors")
    second = site.page(first.find("a", rel="next")["href"])
    shown = [
        [card.find("h2").find("a").text for card in page.find_all("li", class_="predictor")]
        for page in (first, second)
    ]
    assert shown == [names, ["zoo"]]
    assert second.find("a", rel="prev")["href"] == "/predictors"
    assert site.client.get("/predictors?cursor=nonsense").status_code == 400


# --- the form -----------------------------------------------------------------------------------------------------


def test_the_form_asks_for_each_feature_and_is_filled_with_what_is_usual(shelf: Site) -> None:
    page = shelf.page("/predictors/zoo")
    form = page.find("form", id="ask")
    height = form.find("input", name="height (cm)")
    assert (height["value"], height["inputmode"]) == ("40", "decimal")
    assert "required" in height.attributes
    weight = form.find("input", name="weight (kg)")
    assert "required" not in weight.attributes
    helps = [each.text for each in form.find_all("p", class_="help")]
    assert helps[0] == "22 to 58 cm in training, typically 40."
    assert helps[1].endswith("May be left empty, as in 4 rows there.")
    assert [option.text for option in form.find("select", name="fur").find_all("option")] == ["long", "short"]
    assert [radio["value"] for radio in form.find_all("input", name="tame")] == ["true", "false"]
    assert "checked" in form.find_all("input", name="tame")[0].attributes
    labels = {label["for"]: label.text for label in form.find_all("label") if "for" in label.attributes}
    assert labels[height["id"]] == "height cm"


def test_the_form_as_it_comes_has_an_answer(shelf: Site) -> None:
    for name in ("species", "house-price", "zoo"):
        page = shelf.page(f"/predictors/{name}")
        form = page.find("form", id="ask")
        values = {
            field["name"]: field["value"]
            for field in form.find_all("input")
            if field["type"] != "radio" or "checked" in field.attributes
        }
        for select in form.find_all("select"):
            values[select["name"]] = next(
                option["value"] for option in select.find_all("option") if "selected" in option.attributes
            )
        assert answer(shelf, name, values).find("p", class_="prediction").text


def test_an_answer_shows_probabilities_reasons_and_what_was_asked(shelf: Site) -> None:
    page = answer(shelf, "zoo", CAT)
    result = page.find("section", id="result")
    assert result.find("p", class_="prediction").text == "cat"
    bars = result.find("ul", class_="bars").find_all("li")
    assert [bar.find("span", class_="label").text for bar in bars] == ["cat", "dog"]
    assert "in place of" in result.find("section", class_="reasons").text
    asked = result.find("section", class_="inputs").text
    assert "height 24 cm" in asked
    assert "tame yes" in asked
    assert value_of(page, "height (cm)") == "24"
    assert not page.find_all("meta", **{"http-equiv": "refresh"})


def test_a_number_comes_with_its_interval(shelf: Site) -> None:
    page = shelf.page("/predictors/house-price")
    values = {field["name"]: field["value"] for field in page.find("form", id="ask").find_all("input")}
    result = answer(shelf, "house-price", values).find("section", id="result")
    assert result.find("p", class_="prediction").text.endswith("$")
    assert result.find("div", class_="interval")["style"].startswith("--left: ")
    assert "probably" in result.text


def test_an_answer_beyond_the_training_data_comes_with_a_warning(shelf: Site) -> None:
    page = answer(shelf, "zoo", CAT | {"height (cm)": "900", "weight (kg)": ""})
    warnings = page.find("ul", class_="warnings").text
    assert "height (cm) is 900 cm" in warnings
    assert "weight (kg) was left empty" in warnings
    assert "40 rows, which is few" in warnings
    assert value_of(page, "weight (kg)") == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("height (cm)", "tall"),
        ("height (cm)", ""),
        ("height (cm)", "1e999"),
        ("height (cm)", "nan"),
        ("weight (kg)", "4,5"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_at_its_field_and_shown_back(
    shelf: Site, field: str, value: str
) -> None:
    page = page_of(ask(shelf, "zoo", CAT | {field: value}), 422)
    assert field in problem_at(page, field)
    assert value_of(page, field) == value
    assert "checked" in page.find_all("input", name="tame")[0].attributes


def test_fields_that_the_form_does_not_have_are_told_above_it(shelf: Site) -> None:
    page = page_of(ask(shelf, "zoo", CAT | {"wings": "2"}), 422)
    assert "wings is not a feature" in page.find("p", id="problem").text


@pytest.mark.parametrize("wrong", ["parrot", ""])
def test_a_choice_that_is_none_is_told_at_its_field(shelf: Site, wrong: str) -> None:
    page = page_of(ask(shelf, "zoo", CAT | {"fur": wrong}), 422)
    assert page.find("select", name="fur")["aria-invalid"] == "true"


def test_what_people_type_is_never_taken_for_markup(shelf: Site) -> None:
    hostile = '"><script>alert(1)</script>'
    response = ask(shelf, "zoo", CAT | {"height (cm)": hostile, hostile: "1"})
    page = page_of(response, 422)
    assert value_of(page, "height (cm)") == hostile
    assert all("src" in script.attributes for script in page.find_all("script"))


TEXT = st.text(max_size=40) | st.sampled_from(
    ["", " ", "1", "-0", "1e308", "１２", "true", "long", "\0", "\ud7ff"]
)
NAMES = st.sampled_from([*CAT, "file", "image", "wings", ""]) | st.text(max_size=20)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.lists(st.tuples(NAMES, TEXT), max_size=8), keep=st.booleans())
def test_no_input_of_the_form_gives_anything_but_an_answer_or_a_sentence(
    shelf: Site, fields: list[tuple[str, str]], keep: bool
) -> None:
    values = MultiDict(list(CAT.items()) if keep else [])
    for name, value in fields:
        values[name] = value
    for name in ("zoo", "tints"):
        response = ask(shelf, name, values)
        assert response.status_code in {303, 400, 404, 413, 415, 422}, response.text
        if response.status_code == 303:
            assert shelf.page(response.location).find("section", id="result").text
        else:
            assert page_of(response, response.status_code).text


def test_a_body_that_is_no_form_is_refused_in_words(shelf: Site) -> None:
    response = shelf.client.post("/predictors/zoo", data=b"\xff\xfe", content_type="application/octet-stream")
    assert "Send the values as JSON or as a form." in page_of(response, 415).text


# --- waiting ------------------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site on which no request waits for a worker."""
    made = Site(database_url, tmp_path_factory.mktemp("impatient"))
    object.__setattr__(made.services, "waiters", Waiters(places=0))
    yield made
    made.close()


def test_an_answer_that_takes_long_is_a_page_that_asks_again_until_it_is_there(impatient: Site) -> None:
    train_zoo(impatient)
    response = impatient.client.post("/predictors/zoo", data=CAT)
    page = impatient.page(response.location)
    assert "Waiting for a worker" in page.find("section", id="result").text
    assert page.find("meta", **{"http-equiv": "refresh"})["content"] == "2"
    assert value_of(page, "height (cm)") == "24"
    impatient.pipeline.drain()
    page = impatient.page(response.location)
    assert page.find("p", class_="prediction").text == "cat"
    assert not page.find_all("meta", **{"http-equiv": "refresh"})


def test_an_answer_that_could_not_be_had_says_why(impatient: Site) -> None:
    found = train_zoo(impatient)
    impatient.pipeline.blobs.delete(f"predictors/{found['sha256'][:2]}/{found['sha256']}")
    response = impatient.client.post("/predictors/zoo", data=CAT)
    impatient.pipeline.drain()
    assert "The file of the model is gone" in impatient.page(response.location).find("p", role="alert").text


def test_an_answer_is_found_under_its_own_predictor_alone(shelf: Site) -> None:
    address = ask(shelf, "zoo", CAT).location
    assert shelf.client.get(address.replace("/zoo/", "/species/")).status_code == 404
    assert shelf.client.get("/predictors/zoo/answers/nonsense").status_code == 404
    assert shelf.client.get("/predictors/nobody").status_code == 404
    assert shelf.client.get("/predictors/zoo?version=7").status_code == 404
    assert shelf.client.get("/predictors/zoo?version=x").status_code == 400


# --- photos -------------------------------------------------------------------------------------------------------


def photo_form(data: bytes | None, **fields: str) -> dict[str, Any]:
    return {"file": (io.BytesIO(data or b""), "a.jpg" if data else ""), **fields}


def test_a_photo_is_answered_with_a_picture_of_the_evidence(shelf: Site) -> None:
    page = answer(shelf, "tints", photo_form(tinted("red", 77)))
    assert page.find("p", class_="prediction").text == "red"
    picture = page.find("figure", class_="evidence").find("img", class_="blended")
    with shelf.client.get(picture["src"]) as file:
        assert (file.status_code, file.mimetype) == (200, "image/png")


def test_a_photo_of_the_gallery_is_picked_and_shown_under_its_evidence(site: Site) -> None:
    train_tints(site)
    image = site.upload(tinted("blue", 5)).get_json()["image"]["id"]
    site.pipeline.settle()
    offered = site.page(f"/predictors/tints?image={image}").find("input", name="image")
    assert (offered["value"], "checked" in offered.attributes) == (image, True)
    page = answer(site, "tints", photo_form(None, image=image))
    assert page.find("p", class_="prediction").text == "blue"
    shown, overlay = page.find("div", class_="stack").find_all("img")
    assert shown["src"].startswith(f"/api/v1/images/{image}/")
    assert overlay["src"].endswith("/explanation?layer=overlay")
    assert "checked" in page.find("input", name="image").attributes


@pytest.mark.parametrize(
    ("photo", "fields", "status", "words"),
    [
        (None, {}, 422, "Choose a photo, or pick one of the gallery."),
        (b"not a photo", {}, 415, "This file is a text file. Vitrine reads JPEG, PNG, WebP and GIF."),
        (None, {"image": "99999"}, 404, "There is no such image"),
    ],
)
def test_a_photo_that_cannot_be_asked_about_is_told_in_words(
    shelf: Site, photo: bytes | None, fields: dict[str, str], status: int, words: str
) -> None:
    page = page_of(ask(shelf, "tints", photo_form(photo, **fields)), status)
    assert words in page.find("p", id="problem").text


def test_the_notice_stands_on_every_page_and_is_plainer_where_it_sounds_medical(site: Site) -> None:
    train_tints(site)
    train_tints(site, "x-rays", target="pneumonia")
    for page in ("", "/card", "/label-next"):
        assert NOTICE in site.page(f"/predictors/tints{page}").find("p", class_="health").text
        assert "no medical device" in site.page(f"/predictors/x-rays{page}").find("p", class_="medical").text


def test_photos_to_label_next_get_their_labels(site: Site) -> None:
    train_tints(site)
    ids = [site.upload(tinted("red", seed)).get_json()["image"]["id"] for seed in range(50, 53)]
    site.pipeline.settle()
    with working(site):
        chosen = site.client.post("/predictors/tints/label-next").location
    page = site.page(chosen)
    assert {select["name"] for select in page.find("ul", class_="suggestions").find_all("select")} == set(ids)
    site.client.post(chosen, data={ids[0]: "red", ids[1]: "", ids[2]: "no such label"})
    assert [site.image_row(each).label for each in ids] == ["red", None, None]
    assert site.client.get("/predictors/new?source=photos").status_code == 200


def test_labels_are_asked_for_of_predictors_of_photos_only(shelf: Site) -> None:
    assert shelf.client.get("/predictors/zoo/label-next").status_code == 404
    assert shelf.client.post("/predictors/zoo/label-next").status_code == 404


# --- a whole table ------------------------------------------------------------------------------------------------


def table(data: bytes) -> dict[str, Any]:
    return {"data": (io.BytesIO(data), "many.csv")}


def test_a_table_is_answered_row_by_row_and_downloaded(site: Site) -> None:
    train_zoo(site)
    rows = b"height (cm),weight (kg),fur,tame,who\n24,4,long,yes,Tom\ntall,4,long,yes,Rex\n"
    response = site.client.post("/predictors/zoo/tables", data=table(rows))
    assert response.status_code == 303
    waiting = site.page(response.location)
    assert "Waiting for a worker" in waiting.text
    assert waiting.find_all("meta", **{"http-equiv": "refresh"})
    site.pipeline.drain()
    page = site.page(response.location)
    outcome = page.find("div", class_="outcome")
    text = outcome.text
    assert "1 row has an answer. 1 row has none: its last column says why." in text
    assert "Columns that it does not know were left as they are: who." in text
    with site.client.get(outcome.find("a")["href"]) as file:
        lines = file.get_data(as_text=True).splitlines()
    assert lines[1].startswith("24,4,long,yes,Tom,cat,")
    assert "must be a number" in lines[2]


def test_a_table_without_a_column_is_told_at_the_field(shelf: Site) -> None:
    page = page_of(shelf.client.post("/predictors/zoo/tables", data=table(b"fur\nlong\n")), 422)
    assert "The table has no column called height (cm)" in page.find("p", id="data-problem").text
    page = page_of(shelf.client.post("/predictors/zoo/tables", data=table(b"")), 422)
    assert "The table is empty" in page.find("p", id="data-problem").text
    nothing = {"data": (io.BytesIO(b""), "")}
    page = page_of(shelf.client.post("/predictors/zoo/tables", data=nothing), 400)
    assert page.find("p", id="data-problem").text == "Choose a CSV file."


def test_the_training_table_itself_may_be_sent(shelf: Site) -> None:
    response = shelf.client.post("/predictors/zoo/tables", data=table(ZOO))
    shelf.pipeline.drain()
    assert "40 rows have an answer." in shelf.page(response.location).text
