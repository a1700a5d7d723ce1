"""What an import finds in a folder or a CSV file."""

import os
from pathlib import Path

import pytest

from shared.errors import BadInput
from web.photos.bulk_import import ImportEntry, import_source, readable
from web.photos.folder import in_words


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_a_folder_gives_its_photos_with_caption_and_label(tmp_path: Path) -> None:
    touch(tmp_path, "a_b-01.JPG", "sea_side/beach--two.png", "sea_side/deep/x.webp", "notes.txt", "c.gif")
    assert import_source(tmp_path).entries == [
        ImportEntry(tmp_path / "a_b-01.JPG", caption="a b 01"),
        ImportEntry(tmp_path / "c.gif", caption="c"),
        ImportEntry(tmp_path / "sea_side/beach--two.png", caption="beach two", label="sea side"),
        ImportEntry(tmp_path / "sea_side/deep/x.webp", caption="x", label="deep"),
    ]


def test_a_folder_called_like_a_photo_is_not_one(tmp_path: Path) -> None:
    (tmp_path / "album.jpg").mkdir()
    assert import_source(tmp_path).entries == []


def test_a_name_of_separators_alone_is_no_caption() -> None:
    assert readable("__--") is None


def test_a_csv_file_names_photos_relative_to_itself(tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text(
        '\ufefffile,caption,tags,label\nin/a.jpg,"Käse, alt","one, two",thing\nb.jpg,,,\n,,,\n', "utf-8"
    )
    assert import_source(table).entries == [
        ImportEntry(tmp_path / "in/a.jpg", caption="Käse, alt", tags=("one", "two"), label="thing"),
        ImportEntry(tmp_path / "b.jpg"),
    ]


def test_a_csv_file_needs_only_the_column_file(tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("file\na.jpg\n")
    assert import_source(table).entries == [ImportEntry(tmp_path / "a.jpg")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "column named file"),
        (b"path,caption\na.jpg,x\n", "column named file"),
        (b"file\n\xff.jpg\n", "not a CSV file"),
        (b'file\n"a.jpg\n', "not a CSV file"),
        (b"file,caption\na.jpg,x\x01y\n", "Line 2"),
        (b"file,tags\na.jpg,red\nb.jpg,red,round\n", "Line 3 has more fields"),
        (b'file,tags\na.jpg,"[""red"", ""round""]"\n', "Line 2: tags takes no list in brackets"),
    ],
)
def test_a_csv_file_that_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, message: str
) -> None:
    table = tmp_path / "photos.csv"
    table.write_bytes(content)
    with pytest.raises(BadInput, match=message):
        import_source(table)


def test_what_is_passed_over_in_a_folder_is_counted_by_what_it_is(tmp_path: Path) -> None:
    touch(
        tmp_path, "a.jpg", "b.TXT", "c.txt", "README", ".DS_Store", "in/._d.jpg", ".git/e.jpg", "in/.f/g.jpg"
    )
    (tmp_path / "to-nothing.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "to-photo.jpg").symlink_to(tmp_path / "a.jpg")
    (tmp_path / "to-folder").symlink_to(tmp_path / "in")
    os.mkfifo(tmp_path / "pipe.jpg")
    found = import_source(tmp_path)
    assert [entry.path.name for entry in found.entries] == ["a.jpg", "to-photo.jpg"]
    assert in_words(found.passed_over) == (
        "4 hidden, 2 .txt, 1 link to a folder, 1 link to nothing, 1 no file, 1 without an ending"
    )


def test_what_is_passed_over_in_a_csv_file_is_counted_by_what_it_is(tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("file,tag,width\na.jpg,red,1\n,blue,2\n,,\n")
    assert in_words(import_source(table).passed_over) == "2 row without a file, 1 column tag, 1 column width"
