"""The site under a path of its own, in a browser: no script asks for anything outside of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.browser import ServedSite, Visit
from tests.support.predictor_pages import train_zoo
from tests.support.web import working

pytestmark = pytest.mark.browser

ROOT = "/deep/photos"


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[ServedSite]:
    made = ServedSite(database_url, tmp_path, ROOT)
    yield made
    made.close()
    assert made.outside == []


def stored(page: Page) -> list[str]:
    """Names under which the site keeps something in the browser."""
    names: list[str] = page.evaluate(
        "async () => [...Object.keys(sessionStorage), ...(await indexedDB.databases()).map(({ name }) => name)]"
    )
    return names


def test_photos_are_uploaded_followed_and_walked_through(
    site: ServedSite, visit: Visit, drawn: list[Path]
) -> None:
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(drawn)
    expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(3)
    # From page to page, where the pictures of the files are thumbnails.
    page.get_by_role("link", name="Jobs").click()
    site.pipeline.settle()
    expect(page.locator('#tray [data-stage="neighbours"][data-state="done"]')).to_have_count(3)
    assert all(name.endswith(f":{ROOT}/") for name in stored(page))
    page.get_by_role("link", name="Gallery").click()
    expect(page.locator(".tile")).to_have_count(3)
    page.locator(".tile").first.click()
    expect(page.locator(".filmstrip li")).to_have_count(2)
    page.wait_for_load_state()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(rf"{ROOT}/images/\d+$"))
    page.wait_for_load_state()
    page.keyboard.press("Escape")
    expect(page).to_have_url(site.address + "/")


def test_photos_come_into_the_open_gallery_and_a_colour_is_picked(
    site: ServedSite, visit: Visit, drawn: list[Path]
) -> None:
    site.add_photos(1)
    page = visit.open("/")
    with page.expect_request(f"**{ROOT}/?ids=*"):
        page.get_by_role("link", name="Upload", exact=True).click()
        page.get_by_label("Photos to upload").set_input_files(drawn[:1])
        expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(1)
        page.get_by_role("link", name="Gallery").click()
    site.pipeline.settle()
    expect(page.locator('[data-live="working"]')).to_have_count(0)
    page.get_by_label("Pick the colour to look for").evaluate(
        "input => { input.value = '#112233'; input.dispatchEvent(new Event('change')); }"
    )
    expect(page).to_have_url(site.address + "/?color=%23112233")


def test_palettes_of_other_sizes_come_in_place_on_both_pages(
    site: ServedSite, visit: Visit, drawn: list[Path]
) -> None:
    (image,) = site.add_photos(1)
    with working(site):
        page = visit.open(f"/images/{image}")
        page.get_by_label("Number of colours").fill("4")
        expect(page.locator("#palette-body li")).to_have_count(4)
        page = visit.open("/palette")
        page.get_by_label("Photo", exact=True).set_input_files(drawn[0])
        expect(page.locator("#swatches li").first).to_be_visible()
        expect(page).to_have_url(re.compile(rf"{ROOT}/palette/[0-9a-f-]{{36}}\?colors=6$"))
        page.get_by_role("slider", name="How many colours").fill("3")
        expect(page.locator("#swatches li")).to_have_count(3)


def test_a_predictor_answers_in_place(site: ServedSite, visit: Visit) -> None:
    train_zoo(site)
    page = visit.open("/predictors")
    page.get_by_role("link", name="zoo").click()
    with working(site):
        page.get_by_role("button", name="Predict").click()
        expect(page.locator(".prediction")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"{ROOT}/predictors/zoo/answers/"))


def test_a_page_that_could_not_be_shown_asks_under_the_path_whether_it_can(
    site: ServedSite, visit: Visit
) -> None:
    unavailable = site.client.get(f"{ROOT}/nothing").text
    script = f'<script type="module" src="{ROOT}/static/js/layout/reconnect.js"></script><p id="reconnect" hidden>Soon</p>'

    def answer(route: Route) -> None:
        # Without the policy of the page, which lets in no script of a test.
        body = unavailable.replace("</main>", f"{script}</main>")
        route.fulfill(status=503, body=body, content_type="text/html")

    visit.page.route(site.address + "/", answer, times=1)
    with visit.page.expect_response(f"**{ROOT}/readyz") as asked:
        visit.open("/")
    assert asked.value.ok
    expect(visit.page.get_by_role("heading", name="The gallery is empty")).to_be_visible()
    visit.troubles.clear()
