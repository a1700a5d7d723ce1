"""What a browser has to fetch for a page, before any photo."""

import re
from pathlib import Path

import pytest

import web.app
from tests.support.pipeline import picture
from tests.support.site import Site, site

__all__ = ["site"]

WEB = Path(web.app.__file__).parent
MOST_SCRIPT = 60_000
MOST_STYLE = 40_000
# Not `import(...)`, which fetches what is needed once the page is there.
_IMPORT = re.compile(r'^(?:import|export)\b[^;(]*?"(\.{1,2}/[a-z/-]+\.js)"', re.MULTILINE)


def with_imports(scripts: set[Path]) -> set[Path]:
    """The scripts and all that they import, directly or not."""
    found, waiting = set[Path](), set(scripts)
    while waiting:
        script = waiting.pop()
        found.add(script)
        imported = {(script.parent / name).resolve() for name in _IMPORT.findall(script.read_text())}
        waiting |= imported - found
    return found


def weight(files: set[Path]) -> int:
    return sum(file.stat().st_size for file in files)


@pytest.mark.parametrize(
    "address",
    ["/", "/images/1", "/upload", "/palette", "/predictors", "/predictors/new", "/jobs", "/nowhere"],
)
def test_the_scripts_and_styles_of_a_page_stay_small(site: Site, address: str) -> None:
    site.upload(picture(1))
    page = site.page(address, 404 if address == "/nowhere" else 200)
    scripts = {WEB / script["src"].lstrip("/") for script in page.find_all("script")}
    sheets = {WEB / link["href"].lstrip("/") for link in page.find_all("link", rel="stylesheet")}
    assert 0 < weight(with_imports(scripts)) <= MOST_SCRIPT
    assert 0 < weight(sheets) <= MOST_STYLE
