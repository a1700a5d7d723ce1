"""The gallery."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests.support.browser import PHONE, ServedSite, Visit
from web.photos.pages.gallery import PAGE_SIZE

pytestmark = pytest.mark.browser


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


@pytest.mark.parametrize("javascript", [True, False])
def test_the_gallery_is_sorted_and_narrowed_by_name_and_by_days(
    site: ServedSite, visit: Visit, plain_visit: Visit, *, javascript: bool
) -> None:
    for number, (name, taken_at) in enumerate(
        {"b.jpg": "2024-07-01T23:59:00Z", "A.jpg": None, "c.jpg": "2025-01-01T00:00:00Z"}.items()
    ):
        image_id = site.record(number, name=name, tags=("sea",))
        with site.pipeline.unit_of_work.begin() as transaction:
            statement = text("UPDATE images SET taken_at = :taken_at WHERE id = :id")
            transaction.connection.execute(statement, {"id": image_id, "taken_at": taken_at})
    page = (visit if javascript else plain_visit).open("/?tag=sea")
    captions = page.locator(".caption")
    sorts = page.get_by_role("navigation", name="Sort by")
    sorts.get_by_role("link", name="Name").click()
    expect(captions).to_have_text(["A.jpg", "b.jpg", "c.jpg"])
    sorts.get_by_role("link", name="Taken").click()
    expect(captions).to_have_text(["c.jpg", "b.jpg", "A.jpg"])
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("From").fill("2024-07-01")
    page.get_by_label("until").fill("2024-07-01")
    page.get_by_role("button", name="Show these").click()
    expect(captions).to_have_text(["b.jpg"])
    page.get_by_role("link", name="Taken until 1 July 2024").click()
    expect(captions).to_have_text(["c.jpg", "b.jpg"])
    assert "tag=sea" in page.url


def record_pages(site: ServedSite, pages: int) -> None:
    """So many full pages of photos and one photo more."""
    for number in range(pages * PAGE_SIZE + 1):
        site.record(number)


def test_older_photos_come_in_below_and_the_address_follows_what_is_seen(
    site: ServedSite, visit: Visit
) -> None:
    record_pages(site, 2)
    page = visit.open("/")
    more = page.get_by_role("link", name="Older")
    more.click()
    expect(page.locator(".tile")).to_have_count(2 * PAGE_SIZE)
    more.click()
    expect(page.locator(".tile")).to_have_count(2 * PAGE_SIZE + 1)
    expect(more).to_have_count(0)
    page.evaluate("scrollTo(0, 0)")
    expect(page).to_have_url(site.address + "/")
    page.locator(".rows li").nth(PAGE_SIZE + 6).evaluate("tile => tile.scrollIntoView({ block: 'center' })")
    expect(page).to_have_url(re.compile("cursor="))
    page.reload()
    expect(page.locator(".caption").first).to_have_text(f"photo-{PAGE_SIZE}.jpg")
    page.get_by_role("link", name="Newer").click()
    expect(page.locator(".caption").first).to_have_text(f"photo-{2 * PAGE_SIZE}.jpg")


def choose(page: Page, *places: int) -> None:
    for place in places:
        page.locator(".rows li").nth(place).hover()
        page.get_by_role("checkbox").nth(place).check()


def test_chosen_photos_are_deleted_and_brought_back(site: ServedSite, visit: Visit) -> None:
    site.add_photos(4)
    page = visit.open("/")
    bar = page.locator("#selection")
    expect(bar).to_be_hidden()
    choose(page, 0, 2)
    expect(bar).to_be_visible()
    expect(bar.get_by_role("status")).to_have_accessible_name("2 chosen")
    bar.get_by_role("button", name="Delete").click()
    expect(page.locator(".tile")).to_have_count(2)
    expect(page).to_have_url(site.address + "/")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile")).to_have_count(4)
    expect(page.get_by_text("2 photos are back in the gallery.")).to_be_visible()


def test_enter_in_the_field_for_tags_adds_them_and_deletes_nothing(site: ServedSite, visit: Visit) -> None:
    ids = site.add_photos(2)
    page = visit.open("/")
    choose(page, 0, 1)
    page.locator(".describe summary").click()
    page.get_by_label("Tags to add").fill("sea")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 photos were changed.")).to_be_visible()
    assert [site.pipeline.image(each).tags for each in ids] == [["sea"], ["sea"]]
    page.locator(".filters summary").click()
    page.locator(".filters").get_by_role("link", name="sea").click()
    expect(page.locator(".tile")).to_have_count(2)


def test_keys_choose_several_photos_at_once(site: ServedSite, visit: Visit) -> None:
    site.add_photos(4)
    page = visit.open("/")
    choose(page, 0)
    page.locator(".rows li").nth(2).hover()
    page.get_by_role("checkbox").nth(2).click(modifiers=["Shift"])
    expect(page.locator(".rows :checked")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.locator(".rows :checked")).to_have_count(0)
    expect(page.locator("#selection")).to_be_hidden()


def test_a_swatch_under_a_photo_leads_to_photos_near_to_it(site: ServedSite, visit: Visit) -> None:
    site.add_photos(3)
    page = visit.open("/")
    tile = page.locator(".rows li").first
    tile.hover()
    expect(tile.locator(".strip")).to_have_css("height", "24px")
    swatch = tile.locator(".strip a").first
    color = str(swatch.get_attribute("title"))
    swatch.click()
    expect(page).to_have_url(f"{site.address}/?color=%23{color[1:]}")
    expect(page.locator("a.chip", has_text=color)).to_be_visible()


def test_esc_on_a_photo_leads_back_to_the_very_place(site: ServedSite, visit: Visit) -> None:
    record_pages(site, 1)
    page = visit.open("/")
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".tile")).to_have_count(PAGE_SIZE + 1)
    page.locator(".tile").last.click()
    page.wait_for_load_state()
    expect(page.locator(".stage")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".tile").last).to_be_in_viewport()
    assert page.locator(".caption").last.inner_text() == "photo-0.jpg"


def test_the_demo_pictures_come_in_by_themselves(site: ServedSite, visit: Visit) -> None:
    page = visit.open("/")
    page.get_by_role("button", name="Fill it with demo pictures").click()
    expect(page.locator("#demo-progress")).to_contain_text("Drawing the demo pictures")
    site.record(1)
    expect(page.locator(".tile")).to_have_count(1)
    site.record(2)
    expect(page.locator(".tile")).to_have_count(2)
    expect(page.locator("#demo-progress")).to_be_visible()


def test_photos_are_filtered_chosen_and_brought_back_without_javascript(
    site: ServedSite, plain_visit: Visit
) -> None:
    for number in range(3):
        site.record(number, tags=("sea",) if number else ())
    page = plain_visit.open("/")
    page.locator(".filters summary").click()
    page.locator(".filters").get_by_role("link", name="sea").click()
    expect(page.locator(".tile")).to_have_count(2)
    choose(page, 0)
    expect(page.locator("#selection")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile")).to_have_count(2)


def test_photos_that_are_dropped_on_the_gallery_come_in_at_its_top(site: ServedSite, visit: Visit) -> None:
    site.add_photos(1)
    page = visit.open("/")
    page.wait_for_load_state()
    page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(40, 30);
            canvas.getContext("2d").fillRect(0, 0, 20, 20);
            const blob = await canvas.convertToBlob({ type: "image/png" });
            const files = new DataTransfer();
            files.items.add(new File([blob], "dropped.png", { type: "image/png" }));
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
        }"""
    )
    expect(page.locator(".caption")).to_have_text(["dropped.png", "a.jpg"])
    expect(page.get_by_role("heading", level=1)).to_have_text("2 photos")
    site.pipeline.settle()
    expect(page.locator(".tile img")).to_have_count(2)
    expect(page.locator("[data-live]")).to_have_count(0)


def test_photos_below_the_first_page_are_painted_by_need_and_take_their_place_all_the_same(
    site: ServedSite, visit: Visit
) -> None:
    record_pages(site, 2)
    visit.page.set_viewport_size(PHONE)
    page = visit.open("/")
    page.get_by_role("link", name="Older").click()
    tiles = page.locator(".rows > li")
    expect(tiles).to_have_count(2 * PAGE_SIZE)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(200)
    painted = "tile => tile.firstElementChild.checkVisibility({ contentVisibilityAuto: true })"
    assert tiles.nth(PAGE_SIZE - 1).evaluate(painted)
    assert not tiles.last.evaluate(painted)
    assert len({round(tile.evaluate("tile => tile.offsetHeight")) for tile in tiles.all()}) == 1
    tiles.last.scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    assert tiles.last.evaluate(painted)
