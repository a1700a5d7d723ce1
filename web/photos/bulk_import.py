"""Importing many photos from a folder or a CSV file, one after another, even if some are bad."""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from shared.errors import BadInput, BadParameter
from shared.limits import DEFAULT_COLORS, MAX_CAPTION, MAX_LABEL
from web.http.bodies.spool import Spool
from web.http.filenames import display_name, split_extension
from web.http.parameters import Tags, clean_text
from web.photos.folder import name_of, photos_below
from web.photos.uploads import Upload, add_image
from web.services import Services

COLUMNS: Final = ("file", "caption", "tags", "label")
_CHUNK_BYTES: Final = 1024 * 1024
_SEPARATORS: Final = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """A photo to import, with its description."""

    path: Path
    caption: str | None = None
    tags: tuple[str, ...] = ()
    label: str | None = None


@dataclass(frozen=True, slots=True)
class ImportSource:
    """What is to be imported. passed_over: how many of what is not, by what it is."""

    entries: list[ImportEntry]
    passed_over: Counter[str]


class ImportStatus(StrEnum):
    ADDED = "added"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What happened to an entry. reason: why it was refused. merged: what of the description of a photo that was there
    already has changed."""

    path: Path
    status: ImportStatus
    reason: str = ""
    merged: tuple[str, ...] = ()


def import_source(source: Path) -> ImportSource:
    """The photos of a folder or of a CSV file. Raises BadInput for a CSV file that cannot be used."""
    return _folder(source) if source.is_dir() else _csv(source)


def _folder(folder: Path) -> ImportSource:
    """Every photo below the folder: its caption from its name, its label from the folder that it lies in."""
    found = photos_below(folder)
    entries = [
        ImportEntry(
            path,
            caption=readable(split_extension(display_name(name_of(path)))[0]),
            label=None if path.parent == folder else readable(display_name(name_of(path.parent))),
        )
        for path in found.paths
    ]
    return ImportSource(entries, found.passed_over)


def _csv(file: Path) -> ImportSource:
    """Columns: file (relative to the CSV file), and if there are any caption, tags (comma-separated) and label."""
    passed_over: Counter[str] = Counter()
    entries = []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        try:
            rows = csv.DictReader(lines, strict=True)
            names = rows.fieldnames or ()
            if "file" not in names:
                raise BadInput(f"{file} needs a column named file; it may have caption, tags and label.")
            passed_over.update(f"column {name}" for name in names if name not in COLUMNS)
            for row in rows:
                if row["file"]:
                    entries.append(_entry_of_row(file.parent, row, rows.line_num))
                else:
                    passed_over["row without a file"] += 1
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadInput(f"{file} is not a CSV file in UTF-8: {error}.") from error
    return ImportSource(entries, passed_over)


def _entry_of_row(folder: Path, row: dict[str, str | None], line: int) -> ImportEntry:
    # Under no name: what is behind the last column.
    if None in row:
        raise BadInput(
            f"Line {line} has more fields than the first. Put quotes around a field that has commas."
        )
    try:
        return ImportEntry(
            folder / (row["file"] or ""),
            caption=clean_text("caption", row.get("caption") or "", max_characters=MAX_CAPTION) or None,
            tags=Tags("").from_text("tags", row.get("tags") or ""),
            label=clean_text("label", row.get("label") or "", max_characters=MAX_LABEL) or None,
        )
    except BadParameter as error:
        raise BadInput(f"Line {line}: {error.message}") from error


def readable(name: str) -> str | None:
    """A file or folder name in words: `sea_side-02` is `sea side 02`."""
    return _SEPARATORS.sub(" ", name).strip()[:MAX_LABEL] or None


def import_photo(services: Services, entry: ImportEntry) -> ImportResult:
    """Adds one photo to the gallery. Raises StorageUnavailable and DatabaseUnavailable: those end an import."""
    try:
        with Spool() as spool, entry.path.open("rb") as file:
            spool.fill(iter(lambda: file.read(_CHUNK_BYTES), b""))
            upload = Upload(
                spool,
                name_of(entry.path),
                DEFAULT_COLORS,
                caption=entry.caption,
                tags=entry.tags,
                label=entry.label,
            )
            added = add_image(services, upload)
    except BadInput as error:
        return ImportResult(entry.path, ImportStatus.REFUSED, error.message)
    except OSError as error:
        return ImportResult(entry.path, ImportStatus.REFUSED, f"It cannot be read: {error.strerror}.")
    status = ImportStatus.DUPLICATE if added.duplicate else ImportStatus.ADDED
    return ImportResult(entry.path, status, merged=added.merged)
