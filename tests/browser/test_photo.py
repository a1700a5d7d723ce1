"""The page of a photo."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import ServedSite, Visit, layout_shift
from tests.support.pictures import make_jpeg

pytestmark = pytest.mark.browser


def test_a_click_on_a_look_alike_goes_on_to_it(site: ServedSite, visit: Visit) -> None:
    ids = site.add_photos(4)
    page = visit.open(f"/images/{ids[0]}")
    expect(page.locator(".palette .circle").first).to_be_visible()
    look_alike = page.locator(".filmstrip a").first
    assert re.fullmatch(r"[01]\.\d{3}", look_alike.locator(".number").inner_text())
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
    expect(page.locator("p[role=status]", has_text="copied")).to_have_count(1)
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


def test_the_slider_changes_the_palette_without_another_page(site: ServedSite, visit: Visit) -> None:
    ids = site.add_photos(1)
    page = visit.open(f"/images/{ids[0]}")
    slider = page.get_by_label("Number of colours")
    expect(page.locator(".palette li")).to_have_count(6)
    slider.focus()
    with page.expect_request("**/api/v1/jobs/*"):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#size output")).to_have_text("7")
    site.pipeline.drain()
    expect(page.locator(".palette li")).to_have_count(7)
    expect(slider).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".palette li")).to_have_count(6)
    expect(page.locator(".palette button").first).to_be_enabled()
    assert page.locator(".downloads a").first.get_attribute("href") == (
        f"/api/v1/images/{ids[0]}/palette?colors=6&format=json"
    )


def lit(page: Page) -> float:
    """The share of the photo that is not dimmed."""
    share: float = page.locator("canvas.highlight").evaluate(
        """canvas => {
            const copy = new OffscreenCanvas(canvas.width, canvas.height);
            const context = copy.getContext("2d", { willReadFrequently: true });
            context.drawImage(canvas, 0, 0);
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            return data.filter((value, at) => at % 4 === 3 && value === 0).length / (data.length / 4);
        }"""
    )
    return share


def test_the_pixels_of_a_swatch_light_up_while_it_is_pointed_at(site: ServedSite, visit: Visit) -> None:
    ids = site.add_photos(1)
    page = visit.open(f"/images/{ids[0]}")
    page.locator(".stage img").evaluate("image => image.decode()")
    shares = []
    for swatch in page.locator(".swatch").all():
        swatch.hover()
        expect(page.locator("canvas.highlight")).to_have_css("opacity", "1")
        shares.append(lit(page))
    assert sum(shares) == pytest.approx(1)
    assert all(share > 0 for share in shares)
    page.locator("h1").hover()
    expect(page.locator("canvas.highlight")).to_have_css("opacity", "0")
    page.locator(".swatch button").first.focus()
    expect(page.locator("canvas.highlight")).to_have_css("opacity", "1")


def test_the_photo_is_looked_at_closely_by_keyboard_alone(site: ServedSite, visit: Visit) -> None:
    ids = site.add_photos(2)
    page = visit.open(f"/images/{ids[0]}")
    page.locator(".enlarge").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    scale = dialog.locator(".scale")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(scale).to_have_text("225 %")
    before = dialog.locator("img").evaluate("image => image.style.transform")
    page.keyboard.press("ArrowRight")
    assert dialog.locator("img").evaluate("image => image.style.transform") != before
    page.keyboard.press("-")
    expect(scale).to_have_text("150 %")
    page.keyboard.press("0")
    expect(scale).to_have_text("100 %")
    for _ in range(5):
        page.keyboard.press("Tab")
        # The body has the focus when it is with the browser's own buttons.
        assert page.evaluate("document.activeElement.matches('dialog *, body')")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(f"{site.address}/images/{ids[1]}#zoom")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".enlarge")).to_be_focused()
    expect(page).to_have_url(f"{site.address}/images/{ids[1]}")


def test_arrows_walk_the_look_alikes_and_back_and_esc_leads_out(site: ServedSite, visit: Visit) -> None:
    site.add_photos(4)
    page = visit.open("/")
    page.locator(".tile").first.click()
    expect(page.locator(".filmstrip li")).to_have_count(3)
    page.wait_for_load_state()
    walk = [site.address + str(link.get_attribute("href")) for link in page.locator(".filmstrip a").all()]
    for address in walk:
        page.keyboard.press("ArrowRight")
        expect(page).to_have_url(address)
        page.wait_for_load_state()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(walk[-2])
    page.wait_for_load_state()
    page.keyboard.press("Escape")
    expect(page).to_have_url(site.address + "/")


def test_look_alikes_become_more_varied_in_place(site: ServedSite, visit: Visit) -> None:
    ids = site.add_photos(4)
    page = visit.open(f"/images/{ids[0]}")
    slider = page.get_by_label("From the most alike to the most varied")
    with page.expect_response("**/look-alikes?diversity=100") as answered:
        slider.fill("100")
    assert answered.value.status == 200
    expect(page.locator(".filmstrip li")).to_have_count(3)
    expect(slider).to_be_focused()


def test_what_is_said_about_a_photo_is_changed_in_place(site: ServedSite, visit: Visit) -> None:
    ids = site.add_photos(1)
    page = visit.open(f"/images/{ids[0]}")
    page.locator("#edit summary").click()
    caption = page.locator("#edit").get_by_label("Caption")
    expect(caption).to_be_focused()
    caption.fill("The sea")
    page.get_by_label("Tags, with commas between").fill("sea, sand")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The sea")
    expect(page.locator(".chips a")).to_have_text(["sea", "sand"])
    expect(page).to_have_title("The sea · Vitrine")
    expect(page.locator("#edit summary")).to_be_focused()
    assert site.pipeline.image(ids[0]).tags == ["sea", "sand"]
    page.locator("#edit summary").click()
    expect(caption).to_be_focused()
    page.get_by_label("Tags, with commas between").fill("x" * 65)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("at most 64 characters")
    visit.troubles.clear()  # the browser tells of the answer 400, too


def test_a_deleted_photo_is_brought_back_from_the_gallery(site: ServedSite, visit: Visit) -> None:
    ids = site.add_photos(2)
    page = visit.open(f"/images/{ids[0]}")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile")).to_have_count(2)


def test_a_palette_of_another_size_can_be_had_without_javascript(
    site: ServedSite, plain_visit: Visit
) -> None:
    ids = site.add_photos(1)
    page = plain_visit.open(f"/images/{ids[0]}?colors=4")
    site.pipeline.drain()
    page.reload()
    expect(page.locator(".palette button")).to_have_count(4)
    page.locator(".enlarge").click()
    expect(page).to_have_url(re.compile("/file$"))
    plain_visit.troubles.clear()  # what Chromium itself does to show a picture, the policy of the picture forbids


def test_style_order_and_ground_of_the_palette_change_in_place(site: ServedSite, visit: Visit) -> None:
    ids = site.add_photos(1)
    page = visit.open(f"/images/{ids[0]}")
    expect(page.locator(".palette li")).to_have_count(6)
    shown = page.locator(".palette .code").all_inner_texts()
    page.get_by_label("Order").select_option("lightness")
    expect(page.locator(".palette .code").first).not_to_have_text(shown[0])
    assert sorted(page.locator(".palette .code").all_inner_texts()) == sorted(shown)
    with page.expect_request("**/api/v1/jobs/*"):
        page.get_by_label("Style").select_option("vivid")
    site.pipeline.drain()
    download = page.locator(".downloads a").first
    expect(download).to_have_attribute("href", re.compile("style=vivid&sort=lightness"))
    expect(page.locator("#size output")).to_have_text("6")
    page.get_by_label("Leave out white").focus()
    with page.expect_request("**/api/v1/jobs/*"):
        page.keyboard.press("Space")
    site.pipeline.drain()
    expect(download).to_have_attribute("href", re.compile("ground=excluded"))
