"""The `flask` commands."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import URL, create_engine, inspect, make_url
from sqlalchemy.pool import NullPool

from tests.support.hostile_files import half_of
from tests.support.labelled_photos import tinted
from tests.support.pipeline import picture
from tests.support.services import PostgresServer
from tests.support.web import Site, site, working

__all__ = ["site"]


def run(site: Site, *args: str, **options: Any) -> Result:
    return site.app.test_cli_runner().invoke(args=list(args), **options)


def tables(url: str) -> set[str]:
    return set(inspect(create_engine(url, poolclass=NullPool)).get_table_names())


def test_create_db_makes_a_missing_database_with_its_tables_and_may_be_repeated(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    url = postgres_server.url("made by-us")
    site = Site(url, tmp_path)
    for _ in range(2):
        result = run(site, "create-db")
        assert result.exit_code == 0, result.output
    assert {"images", "jobs", "alembic_version"} <= tables(url)
    assert site.get("images").get_json()["total"] == 0
    site.close()
    postgres_server.drop_database(url)


def test_create_db_fills_an_empty_database(postgres_server: PostgresServer, tmp_path: Path) -> None:
    url = postgres_server.create_database()
    site = Site(url, tmp_path)
    assert run(site, "create-db").exit_code == 0
    assert "images" in tables(url)
    site.close()
    postgres_server.drop_database(url)


def test_create_db_says_in_a_sentence_that_the_server_is_away(tmp_path: Path) -> None:
    site = Site("postgresql+psycopg2://nobody@127.0.0.1:1/nothing", tmp_path)
    result = run(site, "create-db")
    assert result.exit_code == 1
    assert result.output.startswith("Error: The database does not answer.")
    assert "Connection refused" in result.output
    site.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.set(password="wrong"), "password authentication failed"),
        (lambda url: url.update_query_dict({"sslmode": "bogus"}), 'invalid sslmode value: "bogus"'),
    ],
)
def test_create_db_says_why_the_server_does_not_let_it_in(
    postgres_server: PostgresServer, tmp_path: Path, change: Callable[[URL], URL], said: str
) -> None:
    url = change(make_url(postgres_server.url("vitrine")))
    site = Site(url.render_as_string(hide_password=False), tmp_path)
    result = run(site, "create-db")
    assert result.exit_code == 1
    assert said in result.output
    assert "wrong" not in result.output
    site.close()


def test_drop_db_asks_first(site: Site) -> None:
    site.add(1)
    refused = run(site, "drop-db", input="n\n")
    assert refused.exit_code == 1
    assert site.count("images") == 1
    assert run(site, "drop-db", input="y\n").exit_code == 0
    assert "images" not in tables(site.services.settings.database_url)


def test_drop_db_does_not_ask_when_told_so(site: Site) -> None:
    assert run(site, "drop-db", "--yes").exit_code == 0
    assert "images" not in tables(site.services.settings.database_url)
    assert run(site, "create-db").exit_code == 0
    assert site.count("images") == 0


@pytest.fixture
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "the_sea").mkdir()
    (folder / "the_sea" / "high-tide_01.jpg").write_bytes(picture(1))
    (folder / "the_sea" / "low-tide.jpg").write_bytes(picture(2))
    (folder / "copy.jpg").write_bytes(picture(1))
    (folder / "text.jpg").write_bytes(b"not a photo")
    (folder / "half.jpg").write_bytes(half_of(picture(3, (400, 300))))
    (folder / "readme.txt").write_bytes(b"not to be looked at")
    return folder


def test_a_folder_is_imported_in_spite_of_bad_files(site: Site, photos: Path) -> None:
    result = run(site, "import", str(photos))
    assert result.exit_code == 1
    assert "3 added, 1 duplicate, 1 refused." in result.output
    assert "Of the duplicates, 1 got tags, a caption or a label that they had not." in result.output
    assert "Passed over: 1 .txt." in result.output
    assert "text.jpg: This file is" in result.output
    found = {
        (image["name"], image["caption"], image["label"]) for image in site.get("images").get_json()["items"]
    }
    assert found == {
        # It came first; its label is that of the second copy.
        ("copy.jpg", "copy", "the sea"),
        ("half.jpg", "half", None),
        ("low-tide.jpg", "low tide", "the sea"),
    }


def test_names_from_before_utf_8_are_imported_as_they_read(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "photos" / os.fsdecode(b"Fr\xfchling")
    folder.mkdir(parents=True)
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(picture(1))
    (folder / os.fsdecode(b"text\xe9.jpg")).write_bytes(b"not a photo")
    result = run(site, "import", str(folder.parent))
    assert "1 added, 0 duplicate, 1 refused." in result.output
    (image,) = site.get("images").get_json()["items"]
    assert (image["name"], image["caption"], image["label"]) == ("café.jpg", "café", "Frühling")


def test_importing_again_adds_nothing(site: Site, photos: Path) -> None:
    (photos / "text.jpg").unlink()
    assert run(site, "import", str(photos)).exit_code == 0
    again = run(site, "import", str(photos))
    assert again.exit_code == 0
    assert "0 added, 4 duplicate, 0 refused." in again.output
    assert "Of the duplicates" not in again.output


def test_a_csv_file_is_imported_with_what_it_says(site: Site, photos: Path) -> None:
    table = photos / "photos.csv"
    table.write_text(
        'file,caption,tags,label\nthe_sea/low-tide.jpg,At ebb,"sea,grey",water\nmissing.jpg,,,\n'
    )
    result = run(site, "import", str(table))
    assert result.exit_code == 1
    assert "1 added, 0 duplicate, 1 refused." in result.output
    assert "missing.jpg: It cannot be read" in result.output
    (image,) = site.get("images").get_json()["items"]
    assert (image["caption"], image["tags"], image["label"]) == ("At ebb", ["sea", "grey"], "water")


def test_a_table_that_cannot_be_used_is_refused_in_a_sentence(site: Site, tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("path\na.jpg\n")
    result = run(site, "import", str(table))
    assert result.exit_code == 1
    assert "needs a column named file" in result.output


@pytest.mark.parametrize(("options", "kind"), [((), "index-full"), (("--incremental",), "index-incremental")])
def test_reindex_starts_a_run_and_prints_its_id(site: Site, options: tuple[str, ...], kind: str) -> None:
    result = run(site, "reindex", *options)
    assert result.exit_code == 0
    assert site.job_row(result.output.strip()).kind.value == kind


def test_reindex_waits_for_the_end_and_tells_it(site: Site) -> None:
    _ = site.pipeline.services.embedder
    with working(site):
        result = run(site, "reindex", "--wait")
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "succeeded"


def test_train_images_trains_a_predictor_from_a_folder_and_says_how_good_it_is(
    site: Site, tmp_path: Path
) -> None:
    for label in ("red", "blue"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for seed in range(3):
            (tmp_path / "photos" / label / f"{seed}.jpg").write_bytes(tinted(label, seed))
    (tmp_path / "photos" / "stray.jpg").write_bytes(tinted("red", 9))
    (tmp_path / "photos" / "red" / "notes.txt").write_text("red")
    with working(site):
        result = run(site, "train-images", "tints", str(tmp_path / "photos"))
    assert result.exit_code == 0, result.output
    assert "Passed over: 1 .txt, 1 photo in no folder of a label." in result.output
    assert "balanced accuracy 1.000, where guessing has 0.500" in result.output
    assert site.get("predictors/tints").get_json()["rows"] == 6


def test_train_images_says_in_a_sentence_what_is_wrong_with_a_folder(site: Site, tmp_path: Path) -> None:
    result = run(site, "train-images", "tints", str(tmp_path))
    assert result.exit_code == 1
    assert "Put a folder of photos for each label" in result.output
    assert run(site, "train-images", "../x", str(tmp_path)).exit_code == 1


def test_the_demo_command_fills_the_gallery_and_waits_for_the_look_alikes(site: Site) -> None:
    with working(site, beat=True):
        result = run(site, "demo")
    assert result.exit_code == 0, result.output
    assert "12 pictures added." in result.output
    assert site.get("images").get_json()["total"] == 12
    assert site.pipeline.similar(1)


def test_the_demo_command_run_again_adds_nothing(site: Site) -> None:
    for expected in (12, 0):
        with working(site, beat=True):
            assert f"{expected} pictures added." in run(site, "demo").output
    assert site.count("images") == 12


def test_the_demo_command_without_a_worker_says_what_may_be_missing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.cli._LONGEST_STANDSTILL_SECONDS", 0)
    result = run(site, "demo")
    assert result.exit_code == 1
    assert "do a worker and beat run?" in result.output


def test_the_demo_predictors_are_trained_from_their_invented_tables(site: Site) -> None:
    with working(site):
        result = run(site, "demo-predictors")
    assert result.exit_code == 0, result.output
    # The worker logs to the same terminal here.
    assert {"species: succeeded", "house-price: succeeded"} <= set(result.output.splitlines())
    species, price = (site.get(f"predictors/{name}").get_json() for name in ("species", "house-price"))
    assert (species["model"], species["rows"]) == ("gaussian-naive-bayes", 12)
    assert (price["model"], price["features"][2]["unit"]) == ("linear-regression", "sqft")
    assert price["metrics"]["r2"] > 0.9


def test_a_demo_without_a_worker_says_that_it_waits(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.cli._LONGEST_TRAINING_SECONDS", 0)
    result = run(site, "demo-predictors")
    assert (result.exit_code, result.output) == (1, "species: queued\nhouse-price: queued\n")


def test_reanalyse_starts_a_job_where_a_photo_lacks_the_fact(site: Site) -> None:
    assert run(site, "reanalyse", "--fact", "perceptual_hash").output == "No photo needs it.\n"
    site.upload(picture(1))
    site.pipeline.drain()
    result = run(site, "reanalyse")
    assert result.exit_code == 0
    assert site.get(f"jobs/{result.output.strip()}").get_json()["kind"] == "reanalyse"
    refused = run(site, "reanalyse", "--fact", "sha256")
    assert refused.exit_code == 1
    assert "no fact of that name" in refused.output
