"""Every page, in both themes, on a desk and on a phone, before axe-core (WCAG 2.2 A and AA, and its best practices)."""

from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.support.accessibility import violations
from tests.support.browser import PHONE, WIDE, ServedSite, Visit
from tests.support.hostile_files import half_of
from tests.support.pictures import make_jpeg

pytestmark = pytest.mark.browser

# In addition to the pages in the navigation.
PAGES = {
    "gallery by colour": "/?color=%23808080",
    "gallery without a match": "/?q=nothing-like-this",
    "photo": "/images/1",
    "photo that failed": "/images/3",
    "photo that is worked on": "/images/4",
    "palette": "/palette?colors=1e90ff-ffd700-101010-fafafa-8899aa&shares=5-3-2-1-1",
    "api": "/api/docs",
    "nothing there": "/nowhere",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_on_any_page(
    chromium: Browser, site: ServedSite, scheme: Literal["light", "dark"], viewport: dict[str, int]
) -> None:
    site.add_photos(2)
    _, failed_job = site.pipeline.add(half_of(make_jpeg(400, 300)))
    site.pipeline.settle()
    site.pipeline.add(make_jpeg(320, 240, 9))
    found: dict[str, list[str]] = {}
    # Without motion nothing is caught half way in a fade.
    context = chromium.new_context(
        viewport={"width": viewport["width"], "height": viewport["height"]},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    visit = Visit(context, site.address)
    bar = site.page("/").find("nav", class_="navigation")
    listed = {link.text: link["href"] for link in bar.find_all("a")}
    for name, path in {**listed, **PAGES, "job": f"/jobs/{failed_job}"}.items():
        found[name] = violations(visit.open(path))
    context.close()
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_axe_finds_nothing_wrong_in_a_gallery_without_photos(visit: Visit) -> None:
    assert violations(visit.open("/")) == []
    assert violations(visit.open("/jobs")) == []
