"""The jobs page as people use it."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import PHONE, ServedSite, Visit
from tests.support.hostile_files import half_of
from tests.support.pictures import make_jpeg

pytestmark = pytest.mark.browser


def test_the_overview_follows_the_work_by_itself(site: ServedSite, visit: Visit) -> None:
    site.pipeline.add(make_jpeg(320, 240, 1))
    page = visit.open("/jobs")
    expect(page.locator("#jobs-head")).to_contain_text("1 waiting")
    expect(page.locator("#jobs-wrong")).to_be_hidden()
    job = page.locator(".every .job").first
    expect(job).to_contain_text("Waiting")
    page.get_by_role("button", name="Start from scratch").focus()
    site.pipeline.add(half_of(make_jpeg(400, 300)))
    site.pipeline.settle()
    expect(page.locator("#jobs-wrong")).to_contain_text("of the picture is missing")
    expect(page.locator("#jobs-charts strong").first).to_have_text("3")
    expect(page.locator("#jobs-queues")).to_contain_text("1 failed")
    expect(job).to_contain_text("Done in")
    expect(page.get_by_role("button", name="Start from scratch")).to_be_focused()


def test_a_job_leads_to_its_story_which_follows_it_to_its_end(site: ServedSite, visit: Visit) -> None:
    site.pipeline.add(make_jpeg(320, 240, 1))
    page = visit.open("/jobs")
    page.get_by_role("link", name=re.compile("Story of: Palette and embedding")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Palette and embedding of a.jpg")
    expect(page.locator(".verdict")).to_have_text("Waiting")
    site.pipeline.settle()
    expect(page.locator(".verdict")).to_contain_text("Done in")
    expect(page.locator('.steps li[data-state="done"]')).to_have_count(2)


def test_work_can_be_stopped_and_taken_up_again_from_the_page(site: ServedSite, visit: Visit) -> None:
    site.pipeline.add(make_jpeg(320, 240, 1))
    page = visit.open("/jobs")
    page.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(page.locator(".every .job").first).to_contain_text("Cancelled")
    page.get_by_role("button", name=re.compile("^Try again")).click()
    site.pipeline.settle()
    expect(page.locator('.every .job [data-state="done"]').first).to_be_visible()


def test_the_index_can_be_made_anew_from_the_page(site: ServedSite, visit: Visit) -> None:
    site.add_photos(2)
    page = visit.open("/jobs")
    page.get_by_role("button", name="Start from scratch").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Look-alikes of every photo")
    site.pipeline.settle()
    expect(page.locator(".verdict")).to_contain_text("Done in")


def test_on_a_phone_what_went_wrong_comes_first(chromium: Browser, site: ServedSite) -> None:
    site.pipeline.add(half_of(make_jpeg(400, 300)))
    site.pipeline.settle()
    context = chromium.new_context(viewport=PHONE, color_scheme="dark")
    visit = Visit(context, site.address)
    page = visit.open("/jobs")
    tops = [
        page.locator(part).bounding_box() or {"y": -1}
        for part in ("#jobs-wrong", "#jobs-charts", "#jobs-queues", "#jobs-index", "#jobs-workers", ".every")
    ]
    heights = [box["y"] for box in tops]
    assert heights == sorted(heights)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()
    assert visit.troubles == []
