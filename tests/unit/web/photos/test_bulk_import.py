"""What an import finds in a folder or a CSV file."""

from pathlib import Path

import pytest

from shared.errors import BadInput
from web.photos.bulk_import import ImportEntry, entries_of, readable


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_a_folder_gives_its_photos_with_caption_and_label(tmp_path: Path) -> None:
    touch(tmp_path, "a_b-01.JPG", "sea_side/beach--two.png", "sea_side/deep/x.webp", "notes.txt", "c.gif")
    assert entries_of(tmp_path) == [
        ImportEntry(tmp_path / "a_b-01.JPG", caption="a b 01"),
        ImportEntry(tmp_path / "c.gif", caption="c"),
        ImportEntry(tmp_path / "sea_side/beach--two.png", caption="beach two", label="sea side"),
        ImportEntry(tmp_path / "sea_side/deep/x.webp", caption="x", label="deep"),
    ]


def test_a_folder_called_like_a_photo_is_not_one(tmp_path: Path) -> None:
    (tmp_path / "album.jpg").mkdir()
    assert entries_of(tmp_path) == []


def test_a_name_of_separators_alone_is_no_caption() -> None:
    assert readable("__--") is None


def test_a_csv_file_names_photos_relative_to_itself(tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text(
        '\ufefffile,caption,tags,label\nin/a.jpg,"Käse, alt","one, two",thing\nb.jpg,,,\n,,,\n', "utf-8"
    )
    assert entries_of(table) == [
        ImportEntry(tmp_path / "in/a.jpg", caption="Käse, alt", tags=("one", "two"), label="thing"),
        ImportEntry(tmp_path / "b.jpg"),
    ]


def test_a_csv_file_needs_only_the_column_file(tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("file\na.jpg\n")
    assert entries_of(table) == [ImportEntry(tmp_path / "a.jpg")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "column named file"),
        (b"path,caption\na.jpg,x\n", "column named file"),
        (b"file\n\xff.jpg\n", "not a CSV file"),
        (b'file\n"a.jpg\n', "not a CSV file"),
        (b"file,caption\na.jpg,x\x01y\n", "Line 2"),
    ],
)
def test_a_csv_file_that_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, message: str
) -> None:
    table = tmp_path / "photos.csv"
    table.write_bytes(content)
    with pytest.raises(BadInput, match=message):
        entries_of(table)
