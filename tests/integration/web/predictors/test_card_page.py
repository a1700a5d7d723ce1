"""Model cards without JavaScript: figures, plots, what is behind the counts, and the history."""

import pytest

from tests.support.html import Element
from tests.support.predictor_pages import shelf, train_zoo
from tests.support.site import Site, page_of, site

__all__ = ["shelf", "site"]


def section(page: Element, heading: str) -> Element:
    """The section under that heading."""
    return next(
        each for each in page.find_all("section") if any(h.text == heading for h in each.find_all("h2"))
    )


def test_a_card_of_classes_has_figures_beside_the_baseline_and_both_curves(shelf: Site) -> None:
    page = shelf.page("/predictors/zoo/card")
    assert "40 rows with 4 features" in section(page, "What it is").text
    assert "40 rows, which is few" in page.find("ul", class_="warnings").text
    accuracy = section(page, "How good it is").find("tbody").find_all("tr")[0]
    assert accuracy.text.startswith("Accuracy")
    assert accuracy.find_all("td")[1].text == "50.0 %"
    plots = section(page, "Curves").find_all("figure")
    assert [plot.find("figcaption").text for plot in plots] == ["Calibration", "dog"]
    assert all(plot.find("svg")["aria-label"] for plot in plots)
    assert plots[1].find("polyline", class_="line")["points"].count(",") >= 3


def test_a_card_of_numbers_shows_its_errors(shelf: Site) -> None:
    page = shelf.page("/predictors/house-price/card")
    plots = section(page, "Errors").find_all("figure")
    assert [plot.find("figcaption").text for plot in plots] == ["Predicted against true", "Residuals"]
    assert all(len(plot.find_all("circle")) > 5 for plot in plots)
    assert "Range in training" in section(page, "What it is").text


def test_every_feature_has_its_histogram_and_importance(shelf: Site) -> None:
    rows = section(shelf.page("/predictors/zoo/card"), "What goes in").find("tbody").find_all("tr")
    by_name = {row.find("th").text: row for row in rows}
    assert set(by_name) == {"height cm", "weight kg", "fur", "tame"}
    assert by_name["height cm"].find("svg")["aria-label"].startswith("From 22 to 58, most often between")
    assert "empty in 4 rows" in by_name["weight kg"].text
    assert "long 26, short 14" in by_name["fur"].text
    assert all(row.find("svg").find_all("rect") for row in rows)


def test_the_counts_of_a_table_lead_nowhere_and_those_of_photos_to_the_photos(shelf: Site) -> None:
    table = shelf.page("/predictors/zoo/card").find("table", class_="confusion")
    assert [head.text for head in table.find("thead").find_all("th")] == ["cat", "dog"]
    assert not table.find_all("a")
    page = shelf.page("/predictors/tints/card")
    counts = page.find("table", class_="confusion").find_all("a")
    assert [count["aria-label"] for count in counts] == [
        "8 photos rightly told to be blue",
        "8 photos rightly told to be red",
    ]
    learned = section(page, "What it learned from")
    assert [heading.text for heading in learned.find_all("h3")] == ["blue 8 photos", "red 8 photos"]
    assert learned.find_all("img")
    opened = shelf.page(counts[1]["href"].partition("#")[0])
    behind = opened.find("div", class_="behind")
    assert behind.find("h3").text == "8 photos rightly told to be red"
    photos = behind.find("ul").find_all("img")
    assert photos
    for photo in photos:
        assert photo["alt"].startswith("red/")
        with shelf.client.get(photo["src"]) as file:
            assert (file.status_code, file.mimetype) == (200, "image/webp")


@pytest.mark.parametrize("cell", ["0-1", "7-7", "0", "x-y", "999-0", "0-0-0"])
def test_a_cell_that_is_none_opens_nothing(shelf: Site, cell: str) -> None:
    for name in ("tints", "zoo"):
        assert not shelf.page(f"/predictors/{name}/card?cell={cell}").find_all("div", class_="behind")


def test_an_older_version_stays_usable_and_can_be_made_current_again(site: Site) -> None:
    train_zoo(site)
    train_zoo(site, target="fur")
    page = site.page("/predictors/zoo/card")
    lines = section(page, "Versions").find("tbody").find_all("tr")
    assert [line.find("th").find("a").text for line in lines] == ["2", "1"]
    assert "current" in lines[0].find("th").text
    old = site.page("/predictors/zoo?version=1")
    assert "This is version 1, not the current one." in old.text
    assert old.find("form", id="ask")["action"] == "/predictors/zoo?version=1"
    form = lines[1].find("form")
    version = {each["name"]: each["value"] for each in form.find_all("input")}
    response = site.client.post(form["action"], data=version)
    assert response.location == "/predictors/zoo/card#versions"
    assert "species: cat or dog" in site.page("/predictors").text


@pytest.mark.parametrize(
    ("version", "status"), [("9", 404), ("x", 400), ("", 400), ("-1", 400), ("2147483648", 400)]
)
def test_a_version_that_is_none_cannot_be_made_current(shelf: Site, version: str, status: int) -> None:
    response = shelf.client.post("/predictors/zoo/current", data={"version": version})
    assert page_of(response, status).find("h1").text


def test_the_story_of_a_training_leads_to_the_card(shelf: Site) -> None:
    items = shelf.get("jobs?kind=train-predictor").get_json()["items"]
    zoo = next(each["id"] for each in items if each["result"]["predictor"] == "zoo")
    assert "See zoo" in [
        link.text for link in shelf.page(f"/jobs/{zoo}").find_all("a", href="/predictors/zoo/card")
    ]


def test_an_older_version_is_deleted_after_a_question(site: Site) -> None:
    train_zoo(site)
    train_zoo(site, target="fur")
    asked = "/predictors/zoo/delete?version=1"
    assert section(site.page("/predictors/zoo/card"), "Versions").find("a", href=asked)
    page = site.page(asked)
    assert "Delete version 1 of “zoo”?" in page.text
    assert page.find("a", href="/predictors/zoo/card?version=1").text == "Keep it"
    assert site.client.post(asked).location == "/predictors/zoo/card#versions"
    assert page_of(site.client.get("/predictors/zoo?version=1"), 404)
    assert page_of(site.client.post("/predictors/zoo/delete?version=2"), 409)
    assert len(section(site.page("/predictors/zoo/card"), "Versions").find("tbody").find_all("tr")) == 1


def test_a_predictor_is_deleted_after_a_question(site: Site) -> None:
    train_zoo(site)
    page = site.page("/predictors/zoo/delete")
    assert "It goes for good" in page.text
    assert site.client.post("/predictors/zoo/delete").location == "/predictors"
    assert site.client.get("/predictors/zoo").status_code == 404
    assert site.client.post("/predictors/zoo/delete").status_code == 404
    assert "Collect examples." in site.page("/predictors").text
