"""A real Chromium in front of the site, which runs in the test's own process together with its worker."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.browser import WIDE, ServedSite, Visit
from tests.support.database import database_template, database_url
from tests.support.pictures import make_jpeg

__all__ = ["database_template", "database_url"]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# A page that polls pauses for up to ten seconds; a busy machine takes its time besides.
PATIENCE_MS = 30_000
# Nothing of the browser's own may go out: the tests speak to this machine only.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """The path of a Chromium on this machine."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A Chromium for the whole run; without one the test is skipped."""
    found = find_chromium()
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(CHROMIUM)} is in PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[ServedSite]:
    made = ServedSite(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def visit(chromium: Browser, site: ServedSite) -> Iterator[Visit]:
    """A window of a desktop browser. The test fails if the browser complains about anything."""
    context = chromium.new_context(viewport=WIDE, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(PATIENCE_MS)
    visit = Visit(context, site.address)
    yield visit
    context.close()
    assert visit.troubles == []


@pytest.fixture
def plain_visit(chromium: Browser, site: ServedSite) -> Iterator[Visit]:
    """A window of a browser without JavaScript."""
    context = chromium.new_context(viewport=WIDE, java_script_enabled=False)
    visit = Visit(context, site.address)
    yield visit
    context.close()
    assert visit.troubles == []


@pytest.fixture
def drawn(tmp_path: Path) -> list[Path]:
    """Three drawn pictures as files."""
    files = [tmp_path / f"drawn-{number}.jpg" for number in range(3)]
    for seed, file in enumerate(files):
        file.write_bytes(make_jpeg(320, 240, seed))
    return files
