"""The site under a path of its own, however the proxy before it passes that on: every address begins with it."""

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from shared.errors import BadSetting
from shared.settings import load_settings
from tests.support.html import Element, parse_page
from tests.support.labelled_photos import tinted, tinted_zip
from tests.support.pipeline import picture
from tests.support.predictors import ANIMALS
from tests.support.site import Site
from web.app import create_app

ROOT = "/deep/photos"
# Of attributes that may hold anything, and of those some that do.
NO_ADDRESSES = {"d", "title", "placeholder", "value", "pattern", "content"}
ADDRESS = re.compile(r"(?:^|[\s,])(/[^\s,]*)")
FOLLOWED = {"href", "src", "srcset", "data-fragment", "data-overview"}
CAT = {"height (cm)": 24, "weight (kg)": 4, "fur": "long"}


class Visitor:
    """Asks for public addresses, which reach the site in one of three ways."""

    def __init__(self, site: Site, way: str) -> None:
        self.site = site
        self.way = way
        self.seen: set[str] = set()

    def open(self, address: str, method: str = "GET", **options: Any) -> TestResponse:
        """address: as the site gave it out."""
        assert address.startswith(f"{ROOT}/"), address
        if self.way != "path is passed on":
            address = address.removeprefix(ROOT)
        if self.way == "server knows":
            options["environ_overrides"] = {"SCRIPT_NAME": ROOT}
        return self.site.client.open(address, method=method, **options)

    def post(self, path: str, **options: Any) -> Any:
        """What the API answers, once its job has ended."""
        response = self.open(f"{ROOT}/api/v1/{path}", "POST", **options)
        assert response.status_code == 202, response.text
        self.site.pipeline.drain()
        return self.open(response.headers["Location"]).get_json()

    def crawl(self, address: str) -> None:
        """Follows every address from here on, once for each kind of page."""
        waiting = [address]
        while waiting:
            address = waiting.pop()
            kind = re.sub(r"[0-9a-f-]{36}|\d+|=[^&]*", "*", address.partition("#")[0])
            if kind in self.seen:
                continue
            self.seen.add(kind)
            response = self.open(address.partition("#")[0])
            # 405: of the API, to be sent to.
            assert response.status_code in {200, 202, 302, 405}, (address, response.text)
            if "Location" in response.headers:
                waiting.append(response.headers["Location"])
            if response.mimetype == "text/html":
                waiting += addresses_in_page(response.text)
            elif response.mimetype == "application/json" and not address.endswith("openapi.json"):
                waiting += addresses_in_document(response.get_json())


def addresses_in_page(html: str) -> list[str]:
    """What a reader can follow. Asserts that every address, of forms and scripts too, is one of the site."""
    found = []
    for element in everything(parse_page(html) if "<html" in html else parse_page(f"<div>{html}</div>")):
        for name, value in element.attributes.items():
            if name in NO_ADDRESSES:
                assert "://localhost" not in (value or "") or f"://localhost{ROOT}/" in (value or "")
                continue
            for address in ADDRESS.findall(value or ""):
                assert address.startswith(f"{ROOT}/"), (element.tag, name, value)
                found += [address] if name in FOLLOWED else []
    return found


def everything(element: Element) -> Iterator[Element]:
    for child in element.children:
        yield child
        yield from everything(child)


def addresses_in_document(document: Any) -> list[str]:
    """All there are, to be asked for. Asserts that every one is of the site."""
    if isinstance(document, dict):
        # Those are for POST.
        return [
            each
            for name, value in document.items()
            if name not in {"cancel", "retry"}
            for each in addresses_in_document(value)
        ]
    if isinstance(document, list):
        return [each for value in document for each in addresses_in_document(value)]
    if isinstance(document, str) and document.startswith("/"):
        assert document.startswith(f"{ROOT}/"), document
        return [document]
    return []


WAYS = ("path is passed on", "proxy takes it off", "server knows")


@pytest.fixture(params=WAYS)
def visitor(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Visitor]:
    prefix = "" if request.param == "server knows" else ROOT
    site = Site(database_url, tmp_path, prefix=prefix)
    yield Visitor(site, request.param)
    site.close()


# Once is enough: how the path comes makes no difference to what is made of it.
@pytest.mark.parametrize("visitor", WAYS[:1], indirect=True)
def test_every_address_of_pages_and_documents_leads_somewhere_under_the_path(visitor: Visitor) -> None:
    for seed in range(26):
        visitor.post("images", json={"image": picture_text(seed), "tags": ["red"], "label": "low"})
    visitor.site.pipeline.settle()
    visitor.post("palettes", json={"image": picture_text(99)})
    visitor.post(
        "predictors",
        data={
            "name": "animals",
            "target": "species",
            "model": "gaussian-naive-bayes",
            "data": (io.BytesIO(ANIMALS), "a.csv"),
        },
    )
    visitor.post(
        "predictors",
        data={"name": "tints", "task": "image-classification", "data": (io.BytesIO(tinted_zip(8)), "a.zip")},
    )
    visitor.post("predictors/animals/predict-batch", data={"data": (io.BytesIO(ANIMALS), "a.csv")})
    visitor.open(f"{ROOT}/api/v1/predictors/animals/predict", "POST", json=CAT)
    visitor.open(
        f"{ROOT}/api/v1/predictors/tints/predict",
        "POST",
        data={"file": (io.BytesIO(tinted("red", 1)), "a.jpg")},
    )
    visitor.site.pipeline.drain()
    for kind in ("", "palette", "predict", "predict-batch", "train-predictor", "analyse-image"):
        jobs = visitor.open(f"{ROOT}/api/v1/jobs" + (f"?kind={kind}" if kind else "")).get_json()["items"]
        for job in jobs:
            for address in addresses_in_document(job):
                if "/events" not in address:
                    visitor.crawl(address)
            visitor.crawl(f"{ROOT}/jobs/{job['id']}")
    for path in (
        "/",
        "/upload",
        "/palette",
        "/jobs",
        "/predictors",
        "/predictors/new",
        "/api/docs",
        "/api/v1/images",
        "/api/v1/predictors",
    ):
        visitor.crawl(ROOT + path)
    # The crawl has been everywhere that a page or a document leads to.
    assert len(visitor.seen) > 60
    assert any("explanation" in each for each in visitor.seen)
    assert any("cursor" in each for each in visitor.seen)


def test_forms_lead_back_to_pages_under_the_path(visitor: Visitor) -> None:
    image = visitor.post("images", json={"image": picture_text(1)})["image"]
    visitor.site.pipeline.settle()
    for path, data in (
        (f"/images/{image}/edit", {"caption": "x"}),
        ("/selection/describe", {"id": image, "label": "x", "back": "tag=red"}),
        ("/selection/palette", {"id": image}),
        ("/jobs/index-runs", {"mode": "full"}),
        ("/upload", {"file": (io.BytesIO(picture(2)), "a.jpg")}),
        ("/palette", {"file": (io.BytesIO(picture(3)), "a.jpg")}),
        ("/demo", {}),
        (f"/images/{image}/delete", {}),
    ):
        with_no_wait = visitor.open(ROOT + path, "POST", data=data)
        assert with_no_wait.status_code == 303, (path, with_no_wait.text)
        assert visitor.open(with_no_wait.location).status_code == 200


def test_events_and_errors_name_addresses_under_the_path(visitor: Visitor) -> None:
    upload = visitor.open(f"{ROOT}/api/v1/images", "POST", json={"image": picture_text(1)})
    visitor.site.pipeline.settle()
    events = visitor.open(f"{upload.headers['Location']}/events").text
    documents = [
        json.loads(line.removeprefix("data: ")) for line in events.splitlines() if line.startswith("data: ")
    ]
    assert documents
    for document in documents:
        assert len(addresses_in_document(document)) >= 3
    problem = visitor.open(f"{ROOT}/api/v1/images/0").get_json()
    assert problem["type"] == f"{ROOT}/api/docs#image_not_found"
    page = visitor.open(f"{ROOT}/palete?x=1")
    assert page.status_code == 404
    assert f"{ROOT}/palete" in page.text
    assert f"{ROOT}/palette" in addresses_in_page(page.text)
    again = visitor.open(f"{ROOT}/jobs?status=nothing")
    assert (again.status_code, addresses_in_page(again.text) != []) == (400, True)


def test_the_description_of_the_api_says_where_it_is_served(visitor: Visitor) -> None:
    document = visitor.open(f"{ROOT}/api/v1/openapi.json").get_json()
    assert document["servers"] == [{"url": ROOT}]
    assert "/api/v1/images" in document["paths"]


def test_without_a_path_of_its_own_the_site_has_all_of_its_host(database_url: str, tmp_path: Path) -> None:
    site = Site(database_url, tmp_path)
    assert "servers" not in site.get("openapi.json").get_json()
    assert site.get("images/0").get_json()["type"] == "/api/docs#image_not_found"
    assert site.client.get("/").status_code == 200
    site.close()


@pytest.mark.parametrize("path", ["", "/"])
def test_the_gallery_is_at_the_path_itself_with_a_slash_or_without(
    database_url: str, tmp_path: Path, path: str
) -> None:
    site = Site(database_url, tmp_path, prefix=ROOT)
    assert site.client.get(ROOT + path).status_code == 200
    # Who looks after the process asks it directly.
    assert site.client.get("/readyz").status_code == 200
    site.close()


@pytest.mark.parametrize(
    ("raw", "read"), [("/photos", "/photos"), ("/a/b-c.d/", "/a/b-c.d"), ("/", ""), ("", "")]
)
def test_a_prefix_is_a_path_without_a_slash_at_its_end(raw: str, read: str) -> None:
    assert load_settings({"VITRINE_PREFIX": raw}).prefix == read


@pytest.mark.parametrize(
    "raw", ["photos", "https://example.org/photos", "//photos", "/a b", "/../x", "/a/./b", "/ä", "/a?b"]
)
def test_what_is_no_plain_path_is_refused_as_a_prefix(raw: str) -> None:
    with pytest.raises(BadSetting, match="VITRINE_PREFIX must be a path such as /photos"):
        load_settings({"VITRINE_PREFIX": raw})


def test_a_prefix_under_which_addresses_would_be_ambiguous_is_refused() -> None:
    with pytest.raises(BadSetting, match="must not begin with /images"):
        create_app(load_settings({"VITRINE_PREFIX": "/images/all"}))


def picture_text(seed: int) -> str:
    """A photo as JSON has it."""
    return base64.b64encode(picture(seed)).decode()
