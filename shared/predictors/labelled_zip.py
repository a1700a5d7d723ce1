"""Zip files of photos in folders that are named by label, as strangers send them.

The front end looks at the directory before it keeps the file, the worker reads photo by photo; nothing is ever unpacked
to disk. Whatever is built to hurt refuses the whole file with a sentence; what is merely no photo is left out, and told.
"""

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from shared.errors import BadData
from shared.file_types import PHOTO_EXTENSIONS
from shared.limits import MAX_FILE_BYTES, MEBIBYTE
from shared.predictors.cards import LeftOut
from shared.visible_text import visible


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a zip of photos, each with its reason."""

    # Far more than training needs; each costs a decode of some milliseconds in the worker.
    max_photos: int = 5_000
    # Files beside the photos, such as notes and previews that programs leave in folders.
    max_entries: int = 10_000
    # The directory is read whole: 10,000 entries of 400 bytes, and at most half a second of reading.
    max_directory_bytes: int = 4 * MEBIBYTE
    # The same as for an upload by itself.
    max_photo_bytes: int = MAX_FILE_BYTES
    # 5,000 photos of 200 kB; they are decoded one by one, but somebody has to read them.
    max_total_bytes: int = 1024 * MEBIBYTE
    # Photos are compressed already and hardly shrink; drawings as PNG do by a tenth. Bombs shrink a thousandfold.
    max_ratio: int = 100
    # Small files may shrink more: a note of nothing but blanks hurts nobody.
    ratio_counts_from_bytes: int = MEBIBYTE
    # Each needs photos of its own, and a row and a column in the confusion matrix.
    max_labels: int = 100
    # A label stands in a table's head and in a form.
    max_label_characters: int = 64


DEFAULT_LIMITS: Final = Limits()

_ARCHIVE_SUFFIXES: Final = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".jar"})
# What operating systems put beside photos unasked; not worth telling.
_CLUTTER: Final = frozenset({"thumbs.db", "desktop.ini"})
_CLUTTER_FOLDER: Final = "__MACOSX"

_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 0x1
_SAYS_UTF8: Final = 0x800
_END: Final = struct.Struct("<4s4H2LH")
_END_SIGNATURE: Final = b"PK\5\6"
_ZIP64_LOCATOR: Final = b"PK\6\7"
_LOCATOR_BYTES: Final = 20
_LONGEST_COMMENT: Final = 65_535
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_BLANKS: Final = re.compile(r"\s+")

# What the library raises on files that are damaged on purpose.
_ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)

# Names are shown in refusals: long ones would fill the page.
_SHOWN_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo in the zip. name: with its folders, as it is shown."""

    label: str
    name: str
    _info: zipfile.ZipInfo


class LabelledZip:
    """An open zip whose directory has been looked at."""

    def __init__(self, archive: zipfile.ZipFile, photos: list[Photo], left_out: list[LeftOut]) -> None:
        self._archive = archive
        self.photos = photos
        self.left_out = left_out

    def read(self, photo: Photo) -> bytes:
        """The file of a photo, exactly as long as the directory says. Raises BadData where it is damaged."""
        info = photo._info  # noqa: SLF001 - our own, kept from everybody else
        try:
            with self._archive.open(info) as file:
                data = file.read()
        except _ZIP_ERRORS as error:
            raise _damaged(photo) from error
        if len(data) != info.file_size:
            raise _damaged(photo)
        return data


@contextmanager
def open_labelled_zip(file: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Iterator[LabelledZip]:
    """The zip in a seekable file. Raises BadData with a sentence that says what to change."""
    _check_directory_size(file, limits)
    try:
        archive = zipfile.ZipFile(file)
    except _ZIP_ERRORS as error:
        raise _refusal("This is not a zip file that Vitrine can read. Make it again.") from error
    with archive:
        _read_names_as_utf8(archive.infolist())
        _check_entries(archive.infolist(), limits)
        photos, left_out = _sort(archive.infolist())
        _check_photos(photos, limits)
        yield LabelledZip(archive, photos, left_out)


def _check_directory_size(file: BinaryIO, limits: Limits) -> None:
    """Looks at the end of the file alone, since the library reads the whole directory before it can be asked."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LONGEST_COMMENT - _END.size - _LOCATOR_BYTES))
    tail = file.read()
    file.seek(0)
    # The library, too, takes the record at the very end where there is one, and else the last that it finds.
    at = len(tail) - _END.size
    if at < 0 or tail[at : at + 4] != _END_SIGNATURE or tail[-2:] != b"\0\0":
        at = tail.rfind(_END_SIGNATURE)
    if at < 0 or at + _END.size > len(tail):
        raise _refusal("This is not a zip file. Send a zip with a folder of photos for each label.")
    if tail[max(0, at - _LOCATOR_BYTES) :].startswith(_ZIP64_LOCATOR):
        raise _refusal("The zip is built for huge archives (ZIP64). Make a plain one, with fewer files.")
    _, _, _, _, entries, directory_bytes, _, _ = _END.unpack_from(tail, at)
    if entries > limits.max_entries or directory_bytes > limits.max_directory_bytes:
        raise _too_many_entries(limits)


def _read_names_as_utf8(entries: list[zipfile.ZipInfo]) -> None:
    """Names that are in UTF-8 but do not say so, as macOS writes them: the library has read them in code page 437."""
    for entry in entries:
        if not entry.flag_bits & _SAYS_UTF8:
            with suppress(UnicodeError):
                entry.filename = entry.filename.encode("cp437").decode()


def _check_entries(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Raises BadData for anything that no program makes of a folder of photos."""
    if len(entries) > limits.max_entries:
        raise _too_many_entries(limits)
    seen = set()
    for entry in entries:
        name = shown_name(entry.filename)
        if entry.filename in seen:
            raise _refusal(f"The zip has two files of the name {name}. Make it again, with one of each name.")
        seen.add(entry.filename)
        _check_path(entry.filename, name)
        _check_build(entry, name, limits)
    total = sum(entry.file_size for entry in entries)
    if total > limits.max_total_bytes:
        raise _refusal(
            f"The zip unfolds to {total / 1e6:,.0f} MB. Keep it within {limits.max_total_bytes // MEBIBYTE:,} MiB, "
            "for example by scaling the photos down."
        )


def _check_path(path: str, name: str) -> None:
    if not path:
        raise _refusal("The zip has a file without a name. Make it again from a plain folder.")
    parts = PurePosixPath(path.replace("\\", "/")).parts
    if path.startswith(("/", "\\")) or _DRIVE.match(path) or ".." in parts:
        raise _refusal(f"{name} points outside of the zip. Make it again from a plain folder.")


def _check_build(entry: zipfile.ZipInfo, name: str, limits: Limits) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise _refusal(f"{name} is encrypted. Make the zip without a password.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise _refusal(f"{name} is a symbolic link. Put the photo itself into the zip.")
    if PurePosixPath(entry.filename.lower()).suffix in _ARCHIVE_SUFFIXES:
        raise _refusal(f"The zip holds another archive, {name}. Unpack it first: photos lie in folders only.")
    if entry.compress_type not in _METHODS:
        raise _refusal(f"{name} is packed in an unusual way. Make the zip with the usual method (Deflate).")
    if entry.file_size > limits.max_photo_bytes:
        raise _refusal(
            f"{name} has {entry.file_size / 1e6:,.0f} MB. "
            f"Keep each photo within {limits.max_photo_bytes // MEBIBYTE} MiB."
        )
    small = entry.file_size < limits.ratio_counts_from_bytes
    if not small and entry.file_size > limits.max_ratio * max(1, entry.compress_size):
        raise _refusal(f"{name} unfolds to more than {limits.max_ratio} times its size, as no photo does.")


def _sort(entries: list[zipfile.ZipInfo]) -> tuple[list[Photo], list[LeftOut]]:
    """Photos, and what is left out because it is none by its name. Whether photos are photos shows when they are read."""
    photos, left_out = [], []
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        name = shown_name(entry.filename)
        if entry.is_dir() or _is_clutter(path):
            continue
        label = label_of(path.parent.name)
        if path.suffix.lower() not in PHOTO_EXTENSIONS:
            left_out.append(LeftOut(name, "it is no photo that Vitrine reads"))
        elif not label:
            left_out.append(LeftOut(name, "it lies in no folder, so it has no label"))
        else:
            photos.append(Photo(label, name, entry))
    return photos, left_out


def _is_clutter(path: PurePosixPath) -> bool:
    return (
        _CLUTTER_FOLDER in path.parts
        or path.name.lower() in _CLUTTER
        or any(part.startswith(".") for part in path.parts)
    )


def _check_photos(photos: list[Photo], limits: Limits) -> None:
    labels = {photo.label for photo in photos}
    if not photos:
        raise _refusal(
            "There is no photo in a folder of the zip. Put a folder of photos for each label into it."
        )
    if len(labels) < 2:
        raise _refusal(
            f"All photos of the zip lie in one folder, {photos[0].label}. "
            "Put a folder for each of at least two labels into it."
        )
    if len(labels) > limits.max_labels:
        raise _refusal(f"The zip has {len(labels):,} folders of photos. Keep to {limits.max_labels} labels.")
    long = next((label for label in labels if len(label) > limits.max_label_characters), None)
    if long is not None:
        raise _refusal(
            f"The folder {shown_name(long)} has a name that is too long for a label. "
            f"Keep it within {limits.max_label_characters} characters."
        )
    if len(photos) > limits.max_photos:
        raise _refusal(f"The zip has {len(photos):,} photos. Keep to {limits.max_photos:,}.")


def label_of(folder: str) -> str:
    """The label that a folder's name stands for: in one normal form, without what cannot be seen; may be empty."""
    plain = unicodedata.normalize("NFC", folder)
    return _BLANKS.sub(" ", visible(plain)).strip()


def shown_name(path: str) -> str:
    """A path in a zip, fit to be shown."""
    clean = visible(path)
    return clean if len(clean) <= _SHOWN_CHARACTERS else "…" + clean[-_SHOWN_CHARACTERS:]


def _damaged(photo: Photo) -> BadData:
    return _refusal(f"{photo.name} in the zip is damaged. Make the zip again.")


def _too_many_entries(limits: Limits) -> BadData:
    return _refusal(f"The zip holds more files than Vitrine takes. Keep to {limits.max_entries:,}.")


def _refusal(sentence: str) -> BadData:
    return BadData("data", sentence)
