"""What people see when something is not as it should be."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from shared.settings import Settings
from tests.support.browser import ServedSite, Visit
from tests.support.services import PostgresServer
from web.app import create_app

pytestmark = pytest.mark.browser


def test_a_wrong_address_leads_to_the_page_that_was_meant(visit: Visit) -> None:
    page = visit.open("/palete")
    expect(page.get_by_text("/palete")).to_be_visible()
    page.get_by_role("navigation", name="Where to go next").get_by_role("link", name="Palette").click()
    expect(page).to_have_url(re.compile("/palette$"))
    assert all("404" in trouble for trouble in visit.troubles)
    visit.troubles.clear()


def test_a_page_that_could_not_be_shown_reloads_by_itself(
    postgres_server: PostgresServer, site: ServedSite, visit: Visit, tmp_path: Path
) -> None:
    settings = Settings(database_url=postgres_server.url("nowhere"), storage_dir=tmp_path)
    unavailable = create_app(settings).test_client().get("/").text

    def answer(route: Route) -> None:
        route.fulfill(status=503, body=unavailable, content_type="text/html")

    visit.page.route(site.address + "/", answer, times=1)
    page = visit.open("/")
    expect(page.get_by_role("heading", name="Vitrine is not ready")).to_be_visible()
    expect(page.get_by_text("This page reloads")).to_be_visible()
    expect(page.get_by_role("heading", name="The gallery is empty")).to_be_visible()
    assert all("503" in trouble for trouble in visit.troubles)
    visit.troubles.clear()


def test_a_browser_without_a_connection_says_so_and_keeps_what_is_there(
    site: ServedSite, visit: Visit
) -> None:
    site.add_photos(1)
    page = visit.open("/")
    context: BrowserContext = page.context
    context.set_offline(True)
    expect(page.get_by_text("You are offline")).to_be_visible()
    expect(page.locator(".tile").first).to_be_visible()
    context.set_offline(False)
    expect(page.get_by_text("You are offline")).to_be_hidden()
    # What the page asked for meanwhile failed, and the browser said so.
    visit.troubles[:] = [text for text in visit.troubles if "ERR_INTERNET_DISCONNECTED" not in text]
