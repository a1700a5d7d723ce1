"""Uploading, on the page for it and from every other."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.browser import ServedSite, Visit
from tests.support.hostile_files import half_of
from tests.support.pictures import make_jpeg

pytestmark = pytest.mark.browser


def row_of(page: Page, name: str) -> Locator:
    """The row of a file on the upload page."""
    return page.locator("#files .file", has_text=name)


def test_rows_of_uploads_advance_until_all_is_done(site: ServedSite, visit: Visit, drawn: list[Path]) -> None:
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(drawn)
    expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(3)
    site.pipeline.settle()
    expect(page.locator('.file [data-stage="neighbours"][data-state="done"]')).to_have_count(3)
    expect(page.locator("#summary")).to_have_text("3 of 3 done")
    row_of(page, "drawn-1.jpg").get_by_role("link", name="Open").click()
    expect(page.locator(".filmstrip li")).to_have_count(2)


def test_a_file_that_is_chosen_before_the_scripts_have_come_is_sent_by_them(
    site: ServedSite, visit: Visit, drawn: list[Path]
) -> None:
    page = visit.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/uploads/page.js", hold)
    with page.expect_request("**/uploads/page.js"):
        page.goto(f"{site.address}/upload", wait_until="commit")
    page.get_by_label("Photos to upload").set_input_files(drawn[0])
    (script,) = held
    script.continue_()
    expect(row_of(page, "drawn-0.jpg").locator('[data-stage="stored"]')).to_have_attribute(
        "data-state", "done"
    )


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
    expect(row_of(page, "half.jpg")).to_contain_text("of the picture is missing")
    expect(row_of(page, "drawn-0.jpg").locator(".words")).to_have_text("Done")
    expect(page.locator("#summary")).to_have_text("1 of 4 done, 3 failed")


def test_a_photo_that_is_known_is_not_added_again(visit: Visit, drawn: list[Path]) -> None:
    page = visit.open("/upload")
    for _ in range(2):
        page.get_by_label("Photos to upload").set_input_files(drawn[0])
        expect(page.locator("progress:visible")).to_have_count(0)
    expect(page.locator(".file")).to_have_count(2)
    expect(page.locator("#files .file").last).to_contain_text("in the gallery already")


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
            document.querySelector("#drop-zone").dispatchEvent(drop);
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


def test_an_upload_that_broke_off_is_sent_again(visit: Visit, drawn: list[Path]) -> None:
    refuse_first(visit, status=None)
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(drawn[0])
    row = row_of(page, "drawn-0.jpg")
    expect(row.locator('[data-stage="stored"]')).to_have_attribute("data-state", "done")
    assert all("ERR_FAILED" in trouble for trouble in visit.troubles)
    visit.troubles.clear()


@pytest.mark.parametrize("status", [502, 503, 504])
def test_uploading_waits_while_the_server_is_away(visit: Visit, drawn: list[Path], status: int) -> None:
    asked = refuse_first(visit, status=status, retry_after="1", times=7)
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(drawn[0])
    expect(row_of(page, "drawn-0.jpg").locator('[data-stage="stored"]')).to_have_attribute(
        "data-state", "done"
    )
    assert len(asked) == 8
    visit.troubles.clear()


def test_uploads_wait_for_the_network_and_go_on_by_themselves(visit: Visit, drawn: list[Path]) -> None:
    page = visit.open("/upload")
    expect(page.locator("#summary")).to_be_hidden()
    page.context.set_offline(True)
    page.get_by_label("Photos to upload").set_input_files(drawn)
    expect(page.locator(".file .words")).to_have_text(["Waiting for the connection"] * 3)
    expect(page.locator("#summary")).to_have_text("0 of 3 done")
    page.context.set_offline(False)
    expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(3)
    visit.troubles.clear()


def test_a_photo_that_breaks_the_connection_each_time_fails_alone(visit: Visit, drawn: list[Path]) -> None:
    page = visit.open("/upload")
    page.clock.install()
    page.route("**/api/v1/images", break_off("drawn-1.jpg"))
    page.get_by_label("Photos to upload").set_input_files(drawn)
    row = row_of(page, "drawn-1.jpg")
    expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(2)
    for _ in range(20):
        page.clock.run_for(1000)
    expect(row.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator("#files .file").first).to_contain_text("drawn-1.jpg")
    expect(page.locator("#summary")).to_contain_text("1 failed")
    page.unroute("**/api/v1/images")
    row.get_by_role("button", name="Try again").click()
    expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(3)
    visit.troubles.clear()


def break_off(name: str) -> Callable[[Route], None]:
    """Breaks the connection off whenever the file of that name is sent."""

    def answer(route: Route) -> None:
        if name.encode() in (route.request.post_data_buffer or b""):
            route.abort()
        else:
            route.continue_()

    return answer


def test_all_that_failed_is_tried_again_by_one_button(visit: Visit, drawn: list[Path]) -> None:
    refuse_first(visit, status=500, times=3)
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(drawn)
    expect(page.locator("#summary")).to_have_text("0 of 3 done, 3 failed")
    page.get_by_role("button", name="Try all again").click()
    expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(3)
    expect(page.get_by_role("button", name="Try all again")).to_be_hidden()
    visit.troubles.clear()


def test_a_photo_that_cannot_be_read_can_be_deleted_where_it_says_so(
    site: ServedSite, visit: Visit, drawn: list[Path], tmp_path: Path
) -> None:
    half = tmp_path / "half.jpg"
    half.write_bytes(half_of(make_jpeg(400, 300)))
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files([drawn[0], half])
    expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(2)
    site.pipeline.settle()
    expect(page.locator("#summary")).to_have_text("1 of 2 done, 1 failed")
    expect(page.locator("#files .file").first).to_contain_text("half.jpg")
    row_of(page, "half.jpg").get_by_role("button", name="Delete").click()
    expect(page.locator("#summary")).to_have_text("1 of 1 done")
    page.get_by_role("link", name="Gallery").click()
    expect(page.locator(".tile")).to_have_count(1)


def test_what_a_closed_tab_had_not_sent_is_sent_by_the_next(visit: Visit, drawn: list[Path]) -> None:
    page = visit.open("/upload")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/v1/images", hold)
    page.get_by_label("Photos to upload").set_input_files(drawn)
    page.wait_for_function(FILES_KEPT, arg=3)
    next_page = page.context.new_page()
    next_page.goto(page.url)
    # As long as the first tab is open, the uploads are its own.
    expect(next_page.locator("#summary")).to_be_hidden()
    page.close()
    expect(next_page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(3)
    next_page.wait_for_function(FILES_KEPT, arg=0)


# Whether the browser keeps as many files that are not sent yet.
FILES_KEPT = """async (expected) => {
    const open = indexedDB.open("vitrine");
    await new Promise((resolve) => (open.onsuccess = resolve));
    const count = open.result.transaction("files").objectStore("files").count();
    await new Promise((resolve) => (count.onsuccess = resolve));
    open.result.close();
    return count.result === expected;
}"""


def refuse_first(visit: Visit, status: int | None, retry_after: str = "", times: int = 1) -> list[str]:
    """Has the first uploads answered with the status, or broken off; the requests are listed as they come."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > times:
            route.continue_()
        elif status is None:
            route.abort()
        else:
            route.fulfill(status=status, headers={"Retry-After": retry_after}, json={"detail": "Too much."})

    visit.page.route("**/api/v1/images", answer)
    return asked


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


def paste(page: Page, *names: str) -> None:
    """Pastes a small picture under each name, as if they had been copied in another program."""
    page.evaluate(
        """async (names) => {
            const files = new DataTransfer();
            for (const [place, name] of names.entries()) {
                const canvas = new OffscreenCanvas(40, 30);
                canvas.getContext("2d").fillRect(0, 0, 10 + place, 20);
                const blob = await canvas.convertToBlob({ type: "image/png" });
                files.items.add(new File([blob], name, { type: "image/png" }));
            }
            dispatchEvent(new ClipboardEvent("paste", { clipboardData: files }));
        }""",
        names,
    )


def test_photos_pasted_on_any_page_are_followed_by_the_tray_from_page_to_page(
    site: ServedSite, visit: Visit
) -> None:
    page = visit.open("/jobs")
    tray = page.locator("#tray")
    expect(tray).to_be_hidden()
    paste(page, "pasted.png")
    expect(tray).to_be_visible()
    expect(tray.locator(".file")).to_contain_text("pasted.png")
    expect(tray.locator('[data-stage="stored"]')).to_have_attribute("data-state", "done")
    page.get_by_role("link", name="Gallery").click()
    expect(tray.locator(".file")).to_contain_text("pasted.png")
    site.pipeline.settle()
    expect(tray.locator(".summary")).to_have_text("1 of 1 done")
    expect(tray).to_be_hidden()
    page.reload()
    expect(page.locator(".tile")).to_have_count(1)
    expect(tray).to_be_hidden()


def test_the_tray_stays_while_something_failed(visit: Visit, tmp_path: Path) -> None:
    text = tmp_path / "notes.pdf"
    text.write_bytes(b"%PDF-1.7 not a photo")
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(text)
    expect(row_of(page, "notes.pdf")).to_contain_text("This file is a PDF.")
    page.get_by_role("link", name="Jobs").click()
    tray = page.locator("#tray")
    expect(tray.locator(".summary")).to_have_text("0 of 1 done, 1 failed")
    tray.get_by_role("button", name="Close").click()
    expect(tray).to_be_hidden()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(tray).to_be_hidden()


def test_files_that_were_not_sent_yet_are_sent_from_the_next_page(
    site: ServedSite, visit: Visit, drawn: list[Path]
) -> None:
    def hold(_route: Route) -> None:
        """Lets no file through, and says nothing about it."""

    visit.page.route("**/api/v1/images", hold)
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(drawn)
    expect(page.locator(".file")).to_have_count(3)
    page.wait_for_function(FILES_KEPT, arg=3)
    page.unroute("**/api/v1/images")
    page.get_by_role("link", name="Jobs").click()
    expect(page.locator('#tray [data-stage="stored"][data-state="done"]')).to_have_count(3)
    site.pipeline.settle()
    page.get_by_role("link", name="Upload", exact=True).click()
    expect(page.locator("#files .file .words")).to_have_text(["Done"] * 3)


def test_rows_are_there_again_when_one_comes_back(site: ServedSite, visit: Visit, drawn: list[Path]) -> None:
    page = visit.open("/upload")
    page.get_by_label("Photos to upload").set_input_files(drawn[:2])
    expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(2)
    page.get_by_role("link", name="Gallery").click()
    expect(page.locator(".tile")).to_have_count(2)
    page.get_by_role("link", name="Upload", exact=True).click()
    expect(page.locator("#files .file")).to_have_count(2)
    site.pipeline.settle()
    expect(page.locator("#summary")).to_have_text("2 of 2 done")


def test_a_folder_is_uploaded_without_what_is_no_photo_in_it(visit: Visit, drawn: list[Path]) -> None:
    folder = drawn[0].parent / "folder"
    (folder / "inside").mkdir(parents=True)
    drawn[0].rename(folder / "one.jpg")
    drawn[1].rename(folder / "inside" / "two.jpg")
    (folder / "notes.txt").write_text("not a photo")
    page = visit.open("/upload")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(folder)
    expect(page.locator(".file .name")).to_have_text([re.compile("one|two")] * 2)
    expect(page.locator("#skipped")).to_have_text("One file that is no photo was left out.")
    expect(page.locator('.file [data-stage="stored"][data-state="done"]')).to_have_count(2)
