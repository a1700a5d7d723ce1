"""The site as people use it."""

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.support.browser import PHONE, SMALL_PHONE, WIDE, ServedSite, Visit
from tests.support.hostile_files import half_of
from tests.support.pictures import make_jpeg
from web.pages.gallery import PAGE_SIZE

pytestmark = pytest.mark.browser

EVERY_PAGE = ("/", "/?color=%23808080", "/images/1", "/images/1/delete", "/upload", "/jobs", "/api/docs")


@pytest.fixture
def drawn(tmp_path: Path) -> list[Path]:
    """Three drawn pictures as files."""
    files = [tmp_path / f"drawn-{number}.jpg" for number in range(3)]
    for seed, file in enumerate(files):
        file.write_bytes(make_jpeg(320, 240, seed))
    return files


def row_of(page: Page, name: str) -> Locator:
    """The row of a file on the upload page."""
    return page.locator(".file", has_text=name)


def layout_shift(page: Page) -> float:
    """How much the page has moved by itself since it was opened (cumulative layout shift)."""
    shift: float = page.evaluate(
        """() => new Promise((resolve) => {
            let sum = 0;
            const add = (list) => { for (const entry of list.getEntries()) sum += entry.value; };
            const observer = new PerformanceObserver(add);
            observer.observe({ type: "layout-shift", buffered: true });
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(sum), 100)));
        })"""
    )
    return shift


def test_the_gallery_can_be_paged_without_javascript(site: ServedSite, plain_visit: Visit) -> None:
    for number in range(PAGE_SIZE + 3):
        site.record(number)
    page = plain_visit.open("/")
    expect(page.locator(".tile")).to_have_count(PAGE_SIZE)
    newest = page.locator(".caption").first.inner_text()
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".tile")).to_have_count(3)
    assert "cursor=" in page.url
    page.get_by_role("link", name="Newer").click()
    assert page.locator(".caption").first.inner_text() == newest


def test_a_photo_can_be_uploaded_without_javascript(
    site: ServedSite, plain_visit: Visit, drawn: list[Path]
) -> None:
    page = plain_visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(drawn[0])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("drawn-0.jpg")
    site.pipeline.settle()
    page.reload()
    expect(page.locator(".palette button").first).to_have_text(re.compile("#[0-9a-f]{6}"))


def test_a_click_on_a_look_alike_goes_on_to_it(site: ServedSite, visit: Visit) -> None:
    ids = site.add_photos(4)
    page = visit.open(f"/images/{ids[0]}")
    expect(page.locator(".palette .circle").first).to_be_visible()
    look_alike = page.locator(".filmstrip a").first
    assert re.fullmatch(r"[01]\.\d{3}", look_alike.locator(".similarity").inner_text())
    target = look_alike.get_attribute("href")
    look_alike.click()
    expect(page).to_have_url(site.address + str(target))
    expect(page.locator(".stage img")).to_be_visible()
    assert page.locator(".stage img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_a_click_on_a_swatch_copies_its_code(site: ServedSite, visit: Visit) -> None:
    ids = site.add_photos(1)
    page = visit.open(f"/images/{ids[0]}")
    swatch = page.locator(".palette button").first
    swatch.click()
    expect(page.locator("p[role=status]")).to_have_text(re.compile("copied"))
    assert page.evaluate("navigator.clipboard.readText()") == swatch.get_attribute("data-copy")


def test_the_page_of_an_unfinished_photo_fills_in_by_itself(site: ServedSite, visit: Visit) -> None:
    site.add_photos(2)
    image_id, _ = site.pipeline.add(make_jpeg(600, 400, 7))
    page = visit.open(f"/images/{image_id}")
    expect(page.locator(".film-place")).to_be_visible()
    site.pipeline.settle()
    expect(page.locator(".palette button").first).to_be_enabled()
    expect(page.locator(".filmstrip li")).to_have_count(2)
    expect(page.locator(".stage img")).to_be_visible()
    assert page.locator("[data-live]").count() == 0
    assert layout_shift(page) <= 0.02


def test_rows_of_uploads_advance_until_all_is_done(site: ServedSite, visit: Visit, drawn: list[Path]) -> None:
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(drawn)
    expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(3)
    site.pipeline.settle()
    expect(page.locator('.file [data-stage="neighbours"][data-state="done"]')).to_have_count(3)
    expect(page.locator("#summary")).to_have_text("3 of 3 done")
    row_of(page, "drawn-1.jpg").get_by_role("link", name="Open").click()
    expect(page.locator(".filmstrip li")).to_have_count(2)


def test_a_file_that_fails_says_why_beside_those_that_do_not(
    site: ServedSite, visit: Visit, drawn: list[Path], tmp_path: Path
) -> None:
    half, empty, text = (tmp_path / name for name in ("half.jpg", "empty.png", "notes.txt"))
    half.write_bytes(half_of(make_jpeg(400, 300)))
    empty.write_bytes(b"")
    text.write_text("not a photo")
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files([drawn[0], half, empty, text])
    expect(row_of(page, "empty.png")).to_contain_text("empty")
    expect(row_of(page, "notes.txt")).to_contain_text("Vitrine reads JPEG, PNG, WebP and GIF")
    expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(2)
    site.pipeline.settle()
    expect(row_of(page, "half.jpg")).to_contain_text("Try to open it and save it again")
    expect(row_of(page, "drawn-0.jpg").locator(".words")).to_have_text("Done")
    expect(page.locator("#summary")).to_have_text("1 of 4 done, 3 failed")


def test_a_photo_that_is_known_is_not_added_again(visit: Visit, drawn: list[Path]) -> None:
    page = visit.open("/upload")
    for _ in range(2):
        page.get_by_label("Photos to upload").set_input_files(drawn[0])
        expect(page.locator("progress:visible")).to_have_count(0)
    expect(page.locator(".file")).to_have_count(2)
    expect(page.locator(".file").last).to_contain_text("in the gallery already")


def test_photos_can_be_dropped_on_the_page(visit: Visit) -> None:
    page = visit.open("/upload")
    page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(40, 30);
            canvas.getContext("2d").fillRect(0, 0, 20, 20);
            const blob = await canvas.convertToBlob({ type: "image/png" });
            const files = new DataTransfer();
            files.items.add(new File([blob], "dropped.png", { type: "image/png" }));
            const drop = new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true });
            document.querySelector("#drop").dispatchEvent(drop);
        }"""
    )
    expect(row_of(page, "dropped.png").locator('[data-stage="stored"]')).to_have_attribute(
        "data-state", "done"
    )


def test_uploading_pauses_when_the_server_asks_for_it(visit: Visit, drawn: list[Path]) -> None:
    asked = refuse_first(visit, status=429, retry_after="2")
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(drawn[0])
    expect(row_of(page, "drawn-0.jpg")).to_contain_text("asks for a pause")
    expect(row_of(page, "drawn-0.jpg").locator('[data-stage="stored"]')).to_have_attribute(
        "data-state", "done"
    )
    assert len(asked) == 2
    assert all("429" in trouble for trouble in visit.troubles)
    visit.troubles.clear()


def test_an_upload_that_broke_off_can_be_tried_again(visit: Visit, drawn: list[Path]) -> None:
    refuse_first(visit, status=None)
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(drawn[0])
    row = row_of(page, "drawn-0.jpg")
    expect(row).to_contain_text("The connection broke off")
    row.get_by_role("button", name="Try again").click()
    expect(row.locator('[data-stage="stored"]')).to_have_attribute("data-state", "done")
    assert all("ERR_FAILED" in trouble for trouble in visit.troubles)
    visit.troubles.clear()


def refuse_first(visit: Visit, status: int | None, retry_after: str = "") -> list[str]:
    """Has the first upload answered with the status, or broken off; the requests are listed as they come."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            route.continue_()
        elif status is None:
            route.abort()
        else:
            route.fulfill(status=status, headers={"Retry-After": retry_after}, json={"detail": "Too much."})

    visit.page.route("**/api/v1/images", answer)
    return asked


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
    tile = page.locator(".tile").first
    expect(tile).to_be_focused()
    expect(tile.locator(".caption")).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    expect(page.locator(".stage img")).to_be_visible()
