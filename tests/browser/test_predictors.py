"""Predictors in a browser: asked, trained and looked at, with JavaScript and without, on a desk and on a phone."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.accessibility import violations
from tests.support.browser import PHONE, WIDE, ServedSite, Visit, layout_shift
from tests.support.labelled_photos import tinted, tinted_zip
from tests.support.predictor_pages import ZOO, train_demos, train_tints, train_zoo
from tests.support.web import working

pytestmark = pytest.mark.browser


@pytest.fixture
def at_work(site: ServedSite) -> Iterator[ServedSite]:
    """The site with a worker that takes jobs as they come."""
    with working(site):
        yield site


@pytest.fixture
def red(tmp_path: Path) -> Path:
    file = tmp_path / "red.jpg"
    file.write_bytes(tinted("red", 77))
    return file


def table(tmp_path: Path, data: bytes = ZOO) -> Path:
    file = tmp_path / "my zoo.csv"
    file.write_bytes(data)
    return file


def prediction(page: Page) -> str:
    """The answer, once it is there."""
    expect(page.locator(".prediction")).to_be_visible()
    return page.locator(".prediction").inner_text()


# --- asking -------------------------------------------------------------------------------------------------------


def test_the_species_is_told_without_leaving_the_page(site: ServedSite, visit: Visit) -> None:
    train_demos(site)
    page = visit.open("/predictors/species")
    page.evaluate("window.stayed = true")
    with working(site):
        page.get_by_role("button", name="Predict").click()
        first = prediction(page)
        assert "/predictors/species/answers/" in page.url
        height = page.get_by_label(re.compile("height"))
        help_text = page.locator(f"#{height.get_attribute('id')}-help")
        height.fill("1000")
        expect(help_text).to_have_class(re.compile("outside"))
        page.get_by_role("button", name="Predict").click()
        expect(page.locator(".warnings")).to_contain_text("far outside of the")
    assert first
    assert page.evaluate("window.stayed")
    assert layout_shift(page) <= 0.02


def test_an_answer_has_an_address_that_can_be_opened_again(site: ServedSite, visit: Visit) -> None:
    train_zoo(site)
    page = visit.open("/predictors/zoo")
    with working(site):
        page.get_by_label("height cm").fill("23")
        page.get_by_role("button", name="Predict").click()
        before = prediction(page)
    page.reload()
    assert prediction(page) == before
    expect(page.get_by_label("height cm")).to_have_value("23")


def test_the_price_of_a_house_is_told_without_javascript(at_work: ServedSite, plain_visit: Visit) -> None:
    train_demos(at_work)
    page = plain_visit.open("/predictors/house-price")
    page.get_by_role("button", name="Predict").click()
    assert prediction(page).endswith("$")
    expect(page.locator(".interval")).to_be_visible()
    expect(page.locator(".inputs")).to_contain_text("beds")


def test_without_javascript_the_page_asks_again_until_the_worker_is_done(
    site: ServedSite, plain_visit: Visit
) -> None:
    train_zoo(site)
    page = plain_visit.open("/predictors/zoo")
    # Nobody works yet, so that the form is answered with a page that waits.
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#result")).to_contain_text("Waiting for a worker")
    site.pipeline.drain()
    assert prediction(page) in {"cat", "dog"}


def test_what_is_wrong_is_said_at_the_field_and_goes_when_it_is_mended(
    at_work: ServedSite, visit: Visit
) -> None:
    train_zoo(at_work)
    page = visit.open("/predictors/zoo")
    height = page.get_by_label("height cm")
    height.fill("tall")
    page.get_by_role("button", name="Predict").click()
    # The browser itself stops what is no number; the server says so to those that do not.
    assert page.evaluate("!document.getElementById('ask').checkValidity()")
    page.evaluate("document.getElementById('ask').noValidate = true")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator(".field .error:visible")).to_have_text(re.compile(r"height \(cm\) must be a number"))
    expect(height).to_be_focused()
    height.fill("24")
    page.get_by_role("button", name="Predict").click()
    assert prediction(page) == "cat"
    expect(page.locator(".field .error:visible")).to_have_count(0)
    assert all("422" in trouble for trouble in visit.troubles)
    visit.troubles.clear()


def test_a_form_is_filled_in_by_keyboard_alone(at_work: ServedSite, visit: Visit) -> None:
    train_zoo(at_work)
    page = visit.open("/predictors/zoo")
    page.get_by_label("height cm").focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_label("fur")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("no", exact=True)).to_be_checked()
    page.keyboard.press("Enter")
    assert prediction(page) in {"cat", "dog"}
    expect(page.locator(".inputs")).to_contain_text("no")


# --- photos -------------------------------------------------------------------------------------------------------


def test_a_chosen_photo_is_shown_whole_under_its_evidence(
    at_work: ServedSite, visit: Visit, red: Path
) -> None:
    train_tints(at_work)
    page = visit.open("/predictors/tints")
    page.get_by_label("A photo of yours").set_input_files(red)
    assert prediction(page) == "red"
    expect(page.locator(".bars li")).to_have_count(2)
    photo, overlay = page.locator(".stack img").all()
    assert photo.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [64, 48]
    expect(overlay).to_have_js_property("complete", value=True)
    assert overlay.evaluate("image => image.naturalWidth") > 0


def test_a_photo_of_the_gallery_is_asked_about_with_a_click(site: ServedSite, visit: Visit) -> None:
    train_tints(site)
    site.upload(tinted("blue", 5))
    site.pipeline.settle()
    page = visit.open("/predictors/tints")
    with working(site):
        page.locator(".pick-photo").click()
        assert prediction(page) == "blue"
    overlay = page.locator(".stack .overlay")
    expect(overlay).to_be_visible()
    page.get_by_label("Evidence over the photo").uncheck()
    expect(overlay).to_be_hidden()


def test_a_dropped_photo_is_asked_about_and_not_uploaded(at_work: ServedSite, visit: Visit) -> None:
    train_tints(at_work)
    page = visit.open("/predictors/tints")
    data = json.dumps(list(tinted("blue", 9)))
    page.evaluate(
        f"""() => {{
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array({data})], "blue.jpg", {{ type: "image/jpeg" }}));
            const drop = new DragEvent("drop", {{ dataTransfer: files, bubbles: true, cancelable: true }});
            document.querySelector("main").dispatchEvent(drop);
        }}"""
    )
    assert prediction(page) == "blue"
    assert at_work.count("images") == 0


def test_a_photo_is_asked_about_without_javascript(
    at_work: ServedSite, plain_visit: Visit, red: Path
) -> None:
    train_tints(at_work)
    page = plain_visit.open("/predictors/tints")
    page.get_by_label("A photo of yours").set_input_files(red)
    page.get_by_role("button", name="Predict").click()
    assert prediction(page) == "red"
    expect(page.locator(".evidence .blended")).to_be_visible()


# --- training -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("at_work")
def test_a_column_is_chosen_from_those_of_the_table(visit: Visit, tmp_path: Path) -> None:
    page = visit.open("/predictors/new")
    page.get_by_label("Table", exact=True).set_input_files(table(tmp_path))
    target = page.get_by_label("Column to predict")
    expect(target).to_have_value("species")
    assert target.locator("option").all_inner_texts() == [
        "height (cm)",
        "weight (kg)",
        "fur",
        "tame",
        "species",
    ]
    expect(page.locator("#preview tbody tr")).to_have_count(3)
    expect(page.get_by_label("Name of the predictor")).to_have_value("my zoo")
    page.get_by_text("Task and model are chosen").click()
    page.get_by_label("Gaussian naive Bayes").check()
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("link", name="Use it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("my zoo")


def test_a_quoted_header_is_read_as_the_server_reads_it(visit: Visit, tmp_path: Path) -> None:
    page = visit.open("/predictors/new")
    odd = '\ufeff"a ""b"", c"; ;d \n1;2;3\n"x\ny";5;6\n'.encode()
    page.get_by_label("Table", exact=True).set_input_files(table(tmp_path, odd))
    options = page.get_by_label("Column to predict").locator("option")
    expect(options).to_have_count(3)
    assert options.all_inner_texts() == ['a "b", c', "column 2", "d"]
    expect(page.locator("#preview tbody tr")).to_have_count(2)


def test_the_chosen_file_stays_when_something_else_is_wrong(visit: Visit, tmp_path: Path) -> None:
    page = visit.open("/predictors/new")
    page.get_by_label("Table", exact=True).set_input_files(table(tmp_path))
    page.get_by_label("Name of the predictor").fill("../up")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator("#name-problem")).to_contain_text("name must be 1 to 64 letters")
    expect(page.get_by_label("Name of the predictor")).to_be_focused()
    assert page.evaluate("document.getElementById('data').files[0].name") == "my zoo.csv"
    assert all("400" in trouble for trouble in visit.troubles)
    visit.troubles.clear()


@pytest.mark.usefixtures("at_work")
def test_a_table_is_learned_from_without_javascript(plain_visit: Visit, tmp_path: Path) -> None:
    page = plain_visit.open("/predictors/new")
    page.get_by_label("Table", exact=True).set_input_files(table(tmp_path))
    page.get_by_label("Column to predict").fill("species")
    page.get_by_label("Name of the predictor").fill("zoo")
    page.get_by_text("Task and model are chosen").click()
    page.get_by_label("Gaussian naive Bayes").check()
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("link", name="Use it").click()
    expect(page.get_by_label("height cm")).to_be_visible()


@pytest.mark.usefixtures("at_work")
def test_photos_in_a_zip_are_learned_from(visit: Visit, tmp_path: Path) -> None:
    photos = tmp_path / "tints.zip"
    photos.write_bytes(tinted_zip(6))
    page = visit.open("/predictors/new?source=photos")
    page.get_by_label("Zip of photos").set_input_files(photos)
    page.get_by_label("Name of the predictor").fill("tints")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("link", name="Use it").click()
    expect(page.locator(".io")).to_contain_text("blue or red")


def test_a_table_of_questions_is_answered_and_downloaded(
    at_work: ServedSite, visit: Visit, tmp_path: Path
) -> None:
    train_zoo(at_work)
    page = visit.open("/predictors/zoo/tables")
    page.get_by_label("Table", exact=True).set_input_files(table(tmp_path))
    page.get_by_role("button", name="Predict every row").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the table").click()
    assert (
        download.value.path().read_text("utf-8-sig").startswith("height (cm),weight (kg),fur,tame,species,")
    )


# --- how the pages are made ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["desk", "phone"])
def test_no_page_of_predictors_has_faults_or_scrolls_sideways(
    chromium: Browser, site: ServedSite, scheme: Literal["light", "dark"], viewport: dict[str, int], red: Path
) -> None:
    width, height = viewport["width"], viewport["height"]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    visit = Visit(context, site.address)
    found = {"none": violations(visit.open("/predictors"))}
    train_demos(site)
    train_zoo(site)
    train_tints(site, "x-rays", target="pneumonia")
    site.upload(tinted("blue", 5))
    site.pipeline.settle()
    asked = {}
    with working(site):
        for name in ("zoo", "house-price"):
            page = visit.open(f"/predictors/{name}")
            page.get_by_role("textbox").nth(1).fill("77")
            page.get_by_role("button", name="Predict").click()
            prediction(page)
            asked[f"answer of {name}"] = page.url.removeprefix(site.address)
        page = visit.open("/predictors/x-rays")
        page.get_by_label("A photo of yours").set_input_files(red)
        prediction(page)
        asked["answer about a photo"] = page.url.removeprefix(site.address)
        page = visit.open("/predictors/x-rays/label-next")
        page.get_by_role("button", name="Find photos to label").click()
        expect(page.locator(".suggestions")).to_be_visible()
        asked["label next"] = page.url.removeprefix(site.address)
    pages = {
        **asked,
        "all": "/predictors",
        "card": "/predictors/zoo/card",
        "card of numbers": "/predictors/house-price/card",
        "card of photos": "/predictors/x-rays/card?cell=1-1",
        "tables": "/predictors/zoo/tables",
        "new": "/predictors/new",
        "new from photos": "/predictors/new?source=photos",
        "delete": "/predictors/zoo/delete",
    }
    for name, path in pages.items():
        page = visit.open(path)
        found[name] = violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert layout_shift(page) <= 0.02, name
    context.close()
    assert visit.troubles == []
    assert {name: lines for name, lines in found.items() if lines} == {}
