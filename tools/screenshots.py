"""Pictures of every page for the documentation: `python -m tools.screenshots`, which `make screenshots` calls.

Starts a Vitrine of its own over a temporary folder, fills it with the demo pictures, and opens each page in Chromium on a
desktop and on a phone, in light and in dark. The pictures go to docs/screenshots in place of those that are there.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import httpx
from playwright.sync_api import Browser, FilePayload, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, PATIENCE_MS, find_chromium
from tests.support.browser import PHONE, WIDE
from tests.support.html import parse_page
from tests.support.stack import finished, running_stack

FOLDER: Final = Path(__file__).parents[1] / "docs" / "screenshots"
# Together about a megabyte: quality gives way in pictures that are full of detail.
MOST_BYTES: Final = 48_000
QUALITIES: Final = (80, 65, 50, 38, 28)
THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Shot:
    """A page by the name of its picture. photo: what is handed to the studio there."""

    name: str
    path: str
    photo: bytes | None = None


def main() -> int:
    """Takes the pictures. Returns an exit status."""
    chromium = find_chromium()
    if chromium is None:
        sys.stderr.write("There is no Chromium to look at pages with: install one as chromium.\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="vitrine-screenshots-") as folder:
        Path(folder).chmod(0o711)
        with running_stack(Path(folder)) as stack, launched(chromium) as browser:
            # As `make demo` does.
            fill = '. "$1/environment" && exec "$2" -m flask --app web.app demo'
            subprocess.run(["sh", "-c", fill, "sh", folder, sys.executable], check=True)  # noqa: S603, S607
            FOLDER.mkdir(exist_ok=True)
            for old in FOLDER.glob("*.jpg"):
                old.unlink()
            for shot in pages(stack.client()):
                for viewport in (WIDE, PHONE):
                    for theme in THEMES:
                        context = browser.new_context(
                            viewport=viewport, color_scheme=theme, reduced_motion="reduce"
                        )
                        page = context.new_page()
                        page.set_default_timeout(PATIENCE_MS)
                        look(page, stack.url, shot)
                        suffix = "" if theme == "light" else "-dark"
                        save(page, FOLDER / f"{shot.name}-{viewport['width']}{suffix}.jpg")
                        context.close()
    size = sum(file.stat().st_size for file in FOLDER.glob("*.jpg"))
    sys.stdout.write(f"{len(list(FOLDER.glob('*.jpg')))} pictures, {size / 1e6:.2f} MB, in {FOLDER}\n")
    return 0


@contextmanager
def launched(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


def pages(client: httpx.Client) -> list[Shot]:
    """Every page, with something on it: a photo that is whole, a job that failed, an address with nothing there."""
    shown = client.get("/api/v1/images", params={"tag": "landscape"}).json()["items"][1]
    photo = client.get(shown["links"]["file"]).content
    broken = client.post(
        "/api/v1/images", files={"file": ("half-a-photo.jpg", photo[: len(photo) // 2])}
    ).json()
    job = finished(client, broken["job"]["id"])
    return [
        Shot("gallery", "/?tag=landscape"),
        Shot("photo", shown["links"]["self"].removeprefix("/api/v1")),
        Shot("upload", "/upload"),
        Shot("studio", "/palette", photo),
        Shot("jobs", "/jobs"),
        Shot("job", f"/jobs/{job['id']}"),
        Shot("nothing", "/palete"),
        *other_pages(client),
    ]


def other_pages(client: httpx.Client) -> list[Shot]:
    """The pages in the navigation that have no picture above."""
    bar = parse_page(client.get("/").text).find("nav", class_="navigation")
    paths = [link["href"] for link in bar.find_all("a")]
    return [
        Shot(path.strip("/"), path) for path in paths if path not in {"/", "/upload", "/palette", "/jobs"}
    ]


def look(page: Page, url: str, shot: Shot) -> None:
    """Opens the page and waits until all of it is there."""
    page.goto(url + shot.path, wait_until="networkidle" if shot.path != "/jobs" else "load")
    if shot.photo is not None:
        file = FilePayload(name="photo", mimeType="image/jpeg", buffer=shot.photo)
        page.get_by_label("Photo", exact=True).set_input_files(file)
        page.locator("#swatches li").first.wait_for()
    page.evaluate(
        "() => Promise.all([document.fonts.ready, ...[...document.images]"
        ".filter((image) => image.loading !== 'lazy').map((image) => image.decode().catch(() => {}))])"
    )
    page.wait_for_timeout(400)


def save(page: Page, file: Path) -> None:
    """What the window shows, in the best quality that is small enough."""
    for quality in QUALITIES:
        picture = page.screenshot(type="jpeg", quality=quality)
        if len(picture) <= MOST_BYTES:
            break
    file.write_bytes(picture)


if __name__ == "__main__":
    sys.exit(main())
