"""The site served to a real browser by the test's own process, and windows that look at it."""

from collections.abc import Iterable
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from playwright.sync_api import BrowserContext, Page, ViewportSize
from werkzeug.serving import make_server

from tests.support.pipeline import picture
from tests.support.site import Site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WIDE: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALL_PHONE: ViewportSize = {"width": 320, "height": 640}


class ServedSite(Site):
    """A site that a browser can open. address: where."""

    def __init__(self, database_url: str, folder: Path, prefix: str = "") -> None:
        super().__init__(database_url, folder, prefix=prefix)
        self.outside: list[str] = []
        self._server = make_server("127.0.0.1", 0, self._note_outside, threaded=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}{prefix}"
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def _note_outside(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Notes what is asked for outside of the prefix, where another site of the host would be."""
        if not f"{environ['PATH_INFO']}/".startswith(f"{self.services.settings.prefix}/"):
            self.outside.append(environ["PATH_INFO"])
        return self.app(environ, start_response)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        super().close()

    def add_photos(self, count: int) -> list[int]:
        """Photos with palettes and look-alikes."""
        ids = [self.pipeline.add(picture(seed, (480, 320)))[0] for seed in range(count)]
        self.pipeline.settle()
        return ids


class Visit:
    """Pages opened in one browser window. troubles: whatever the browser complained about."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page = context.new_page()
        self.troubles: list[str] = []
        self._address = address
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self._note("error", str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(self._address + path)
        return self.page

    def _note(self, kind: str, text: str) -> None:
        # Chromium reports what the security policy stops as an error, too. A fade from page to page that it gives up
        # (on a machine that is busy, or when the next page is asked for at once) is no trouble.
        if kind in {"error", "warning"} and not text.startswith("Transition was "):
            self.troubles.append(text)


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
