"""What every page of the site has in common."""

from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import PHONE, SMALL_PHONE, WIDE, ServedSite, Visit, layout_shift

pytestmark = pytest.mark.browser

EVERY_PAGE = ("/", "/?color=%23808080", "/images/1", "/upload", "/jobs", "/api/docs")
# Before compression, in bytes: what one page may load.
MOST_SCRIPT = 60_000
MOST_STYLE = 40_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways_or_troubles_the_browser(
    chromium: Browser, site: ServedSite, scheme: Literal["light", "dark"]
) -> None:
    site.add_photos(3)
    long = "a-very-long-name-without-any-break-in-it-" * 3
    site.record(1, name=f"{long}.jpg", caption=long * 3, tags=(long[:60],))
    site.use_model("resnet18/untrained-0")
    for viewport in (WIDE, PHONE, SMALL_PHONE):
        context = chromium.new_context(viewport=viewport, color_scheme=scheme)
        visit = Visit(context, site.address)
        for path in (*EVERY_PAGE, "/images/4"):
            page = visit.open(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
            assert layout_shift(page) <= 0.02, path
        context.close()
        assert visit.troubles == []


def test_the_keyboard_reaches_the_content_first_and_every_photo_after(site: ServedSite, visit: Visit) -> None:
    site.add_photos(2)
    page = visit.open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for choice in page.locator(".sorts a").all():
        expect(choice).to_be_focused()
        page.keyboard.press("Tab")
    expect(page.locator(".filters summary")).to_be_focused()
    page.keyboard.press("Tab")
    tile = page.locator(".tile").first
    expect(tile).to_be_focused()
    expect(tile.locator(".caption")).to_have_css("opacity", "1")
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox").first).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".stage img")).to_be_visible()


def test_no_page_loads_more_script_or_style_than_it_may(chromium: Browser, site: ServedSite) -> None:
    site.add_photos(2)
    for path in EVERY_PAGE:
        # A browser that has seen none of the files yet.
        context = chromium.new_context()
        page = Visit(context, site.address).open(path)
        page.wait_for_load_state("networkidle")
        loaded = page.evaluate(
            """() => {
                const sum = (kind) => performance.getEntriesByType("resource")
                    .filter((entry) => new URL(entry.name).pathname.endsWith(kind))
                    .reduce((bytes, entry) => bytes + entry.decodedBodySize, 0);
                return [sum(".js"), sum(".css")];
            }"""
        )
        assert 0 < loaded[0] <= MOST_SCRIPT, path
        assert 0 < loaded[1] <= MOST_STYLE, path
        context.close()


def test_a_colour_is_picked_in_the_search_field(site: ServedSite, visit: Visit) -> None:
    site.add_photos(2)
    page = visit.open("/upload")
    page.get_by_label("Pick the colour to look for").fill("#3366cc")
    expect(page).to_have_url(f"{site.address}/?color=%233366cc")
    expect(page.get_by_role("link", name="Nearest to")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(2)


def test_esc_closes_a_panel_and_gives_the_focus_back(site: ServedSite, visit: Visit) -> None:
    site.add_photos(1)
    page = visit.open("/")
    page.locator(".filters summary").click()
    expect(page.locator(".filters .panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".filters .panel")).to_be_hidden()
    expect(page.locator(".filters summary")).to_be_focused()
