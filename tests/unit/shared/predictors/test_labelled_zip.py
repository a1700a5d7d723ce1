"""Zips of photos from strangers: read where they are plain, refused with a sentence where they are built to hurt."""

import io
import zipfile
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import BadData
from shared.predictors.labelled_zip import DEFAULT_LIMITS, Limits, label_of, open_labelled_zip, shown_name
from tests.support.zips import (
    zip_of,
    zip_that_says,
    zip_with_flag,
    zip_with_link,
    zip_with_twins,
    zip_with_wrong_size,
)

PLAIN = {"cat/1.jpg": b"one", "cat/2.PNG": b"two", "dog/1.webp": b"three"}


def read_all(data: bytes, limits: Limits = DEFAULT_LIMITS) -> None:
    with open_labelled_zip(io.BytesIO(data), limits) as archive:
        for photo in archive.photos:
            archive.read(photo)


def refusal(data: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    with pytest.raises(BadData) as refused:
        read_all(data, limits)
    assert refused.value.field == "data"
    return refused.value.message


def labels_and_names(files: dict[str, bytes]) -> list[tuple[str, str]]:
    with open_labelled_zip(io.BytesIO(zip_of(files))) as archive:
        return [(photo.label, photo.name) for photo in archive.photos]


def test_folders_are_labels_and_photos_are_read() -> None:
    with open_labelled_zip(io.BytesIO(zip_of(PLAIN, zipfile.ZIP_DEFLATED))) as archive:
        found = [(photo.label, photo.name, archive.read(photo)) for photo in archive.photos]
    assert found == [
        ("cat", "cat/1.jpg", b"one"),
        ("cat", "cat/2.PNG", b"two"),
        ("dog", "dog/1.webp", b"three"),
    ]


def test_names_in_utf_8_that_do_not_say_so_are_read_as_such() -> None:
    data = zip_of({"K__se/1.jpg": b"one", "dog/1.jpg": b"two"}).replace(b"K__se", "Käse".encode())
    with open_labelled_zip(io.BytesIO(data)) as archive:
        found = [(photo.label, photo.name, archive.read(photo)) for photo in archive.photos]
    assert found == [("Käse", "Käse/1.jpg", b"one"), ("dog", "dog/1.jpg", b"two")]


def test_names_in_an_old_code_page_are_read_as_that() -> None:
    data = zip_of({"K_se/1.jpg": b"one", "dog/1.jpg": b"two"}).replace(b"K_se", "Käse".encode("cp437"))
    with open_labelled_zip(io.BytesIO(data)) as archive:
        assert [photo.label for photo in archive.photos] == ["Käse", "dog"]


def test_only_the_innermost_folder_is_the_label() -> None:
    found = labels_and_names(
        {"set/train/cat/1.jpg": b"1", "set/test/cat/2.jpg": b"2", "set/train/dog/1.jpg": b"3"}
    )
    assert [label for label, _ in found] == ["cat", "cat", "dog"]


def test_what_systems_put_beside_photos_is_passed_over_in_silence() -> None:
    files = PLAIN | {
        "__MACOSX/cat/._1.jpg": b"x",
        "cat/.DS_Store": b"x",
        "dog/Thumbs.db": b"x",
        ".git/dog/1.jpg": b"x",
    }
    with open_labelled_zip(io.BytesIO(zip_of(files))) as archive:
        assert len(archive.photos) == 3
        assert archive.left_out == []


def test_what_is_no_photo_or_has_no_label_is_left_out_and_told() -> None:
    files = PLAIN | {"readme.txt": b"x", "cat/notes.pdf": b"x", "loose.jpg": b"x", "cat/old/": b""}
    with open_labelled_zip(io.BytesIO(zip_of(files))) as archive:
        assert len(archive.photos) == 3
        assert {each.name: each.reason for each in archive.left_out} == {
            "readme.txt": "it is no photo that Vitrine reads",
            "cat/notes.pdf": "it is no photo that Vitrine reads",
            "loose.jpg": "it lies in no folder, so it has no label",
        }


@pytest.mark.parametrize(
    "name",
    [
        "../a/1.jpg",
        "a/../../1.jpg",
        "/a/1.jpg",
        "\\a\\1.jpg",
        "C:\\a\\1.jpg",
        "a\\..\\..\\1.jpg",
        "c:a/1.jpg",
    ],
)
def test_paths_that_lead_out_of_the_zip_are_refused(name: str) -> None:
    assert "points outside of the zip" in refusal(zip_of(PLAIN | {name: b"x"}))


def test_a_file_that_unfolds_beyond_all_measure_is_refused() -> None:
    bomb = zip_of(PLAIN | {"cat/3.jpg": bytes(8 << 20)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 20_000
    assert "unfolds to more than 100 times" in refusal(bomb)


def test_files_that_are_too_large_together_are_refused() -> None:
    limits = replace(DEFAULT_LIMITS, max_total_bytes=10)
    assert "unfolds to" in refusal(zip_of(PLAIN | {"cat/3.jpg": bytes(20)}), limits)


def test_a_photo_that_is_too_large_by_itself_is_refused_and_named() -> None:
    limits = replace(DEFAULT_LIMITS, max_photo_bytes=1 << 20)
    assert "cat/3.jpg has" in refusal(zip_of(PLAIN | {"cat/3.jpg": bytes((1 << 20) + 1)}), limits)


@pytest.mark.parametrize("says", [10, 6_000])
def test_a_file_that_is_not_as_long_as_it_says_is_refused(says: int) -> None:
    assert "is damaged" in refusal(zip_with_wrong_size("cat/1.jpg", says))


@pytest.mark.parametrize("name", ["cat/more.zip", "more.ZIP", "a/b.tar.gz", "x.7z"])
def test_an_archive_in_the_zip_is_refused(name: str) -> None:
    assert "another archive" in refusal(zip_of(PLAIN | {name: b"x"}))


def test_encrypted_files_are_refused() -> None:
    assert "without a password" in refusal(zip_with_flag(0x1))


def test_links_are_refused() -> None:
    assert "b/2.jpg is a symbolic link" in refusal(zip_with_link())


def test_two_files_of_one_name_are_refused() -> None:
    assert "two files of the name a/1.jpg" in refusal(zip_with_twins())


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_methods_are_refused(method: int) -> None:
    assert "usual method" in refusal(zip_of(PLAIN, method))


@pytest.mark.parametrize(("entries", "directory_bytes"), [(10_001, 100), (65_535, 100), (2, 1 << 30)])
def test_a_directory_that_is_too_long_is_refused_before_it_is_read(
    entries: int, directory_bytes: int
) -> None:
    assert "more files than Vitrine takes" in refusal(zip_that_says(entries, directory_bytes))


def test_a_hundred_thousand_files_are_refused() -> None:
    files = {f"{at % 2}/{at}.jpg": b"" for at in range(100_000)}
    assert "ZIP64" in refusal(zip_of(files))


def test_more_photos_or_labels_than_are_taken_are_refused() -> None:
    assert "has 3 photos. Keep to 2" in refusal(zip_of(PLAIN), replace(DEFAULT_LIMITS, max_photos=2))
    assert "has 2 folders" in refusal(zip_of(PLAIN), replace(DEFAULT_LIMITS, max_labels=1))
    assert "name that is too long" in refusal(zip_of(PLAIN | {"x" * 65 + "/1.jpg": b"x"}))


def test_a_file_without_a_name_is_refused() -> None:
    plain = zip_of({"x": b"x"} | PLAIN)
    # The second length in the directory's record of x: that of its name.
    at = plain.find(b"PK\1\2") + 28
    nameless = plain[:at] + b"\0\0\1\0" + plain[at + 4 :]
    assert "without a name" in refusal(nameless)


def test_too_few_labels_are_refused() -> None:
    assert "no photo in a folder" in refusal(zip_of({"a.jpg": b"x", "b/c.txt": b"x"}))
    assert "one folder, cat" in refusal(zip_of({"cat/1.jpg": b"x", "cat/2.jpg": b"x"}))
    assert "no photo in a folder" in refusal(zip_of({}))


@pytest.mark.parametrize("data", [b"", b"PK", b"hello" * 100, b"PK\5\6" + bytes(10), zip_of(PLAIN)[:-30]])
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    assert refusal(data).startswith("This is not a zip file")


def test_labels_are_cleaned_of_what_cannot_be_seen() -> None:
    assert label_of("  sea\u202e \u0000 side\u200b ") == "sea side"
    assert label_of("گل\u200cها 👩\u200d🌾") == "گل\u200cها 👩\u200d🌾"
    assert label_of("e\u0301te\u0301") == "\u00e9t\u00e9"
    assert label_of("\u200b") == ""
    assert shown_name("a" * 100) == "…" + "a" * 80


EDITS = st.lists(st.tuples(st.integers(0, 399), st.binary(min_size=1, max_size=6)), max_size=5)


@settings(max_examples=500, deadline=None)
@given(EDITS, st.integers(0, 30))
def test_whatever_is_sent_is_read_or_refused(edits: list[tuple[int, bytes]], cut: int) -> None:
    """Zips with noise written over them here and there, and cut off: never anything but BadData."""
    data = bytearray(zip_of(PLAIN, zipfile.ZIP_DEFLATED))
    for at, noise in edits:
        data[at : at + len(noise)] = noise
    with suppress(BadData):
        read_all(bytes(data[: len(data) - cut]))
