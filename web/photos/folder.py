"""The photos in a folder of this machine, and what is passed over there."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from shared.file_types import PHOTO_EXTENSIONS
from web.http.filenames import decode_name


@dataclass(frozen=True, slots=True)
class FolderPhotos:
    """paths: in order. passed_over: how many of what is no photo by its name, by what it is."""

    paths: list[Path]
    passed_over: Counter[str] = field(default_factory=Counter)


def photos_below(folder: Path) -> FolderPhotos:
    """Looks into every folder below, but for hidden ones, and follows no links to folders."""
    found = FolderPhotos([])

    def count_closed(_error: OSError) -> None:
        found.passed_over["folder that cannot be opened"] += 1

    for parent, folders, files in os.walk(folder, onerror=count_closed):
        for name in [*folders, *files]:
            path = Path(parent, name)
            what = _passed_over(path)
            if what is None and name in files:
                found.paths.append(path)
            elif what is not None:
                found.passed_over[what] += 1
        folders[:] = [name for name in folders if not name.startswith(".")]
    found.paths.sort()
    return found


def _passed_over(path: Path) -> str | None:
    """What it is, if it is not looked at; None for photos and for folders."""
    if path.name.startswith("."):
        return "hidden"
    if path.is_dir():
        return "link to a folder" if path.is_symlink() else None
    if not path.exists():
        return "link to nothing"
    if not path.is_file():
        return "no file"
    suffix = path.suffix.lower()
    return None if suffix in PHOTO_EXTENSIONS else suffix or "without an ending"


def name_of(path: Path) -> str:
    """The name of a file or a folder as text. One that is not in UTF-8 is of a disk from a time before it."""
    return decode_name(os.fsencode(path.name))


def in_words(passed_over: Counter[str]) -> str:
    """What was passed over, most of all first: `2 .txt, 1 hidden`."""
    return ", ".join(
        f"{count} {what}" for what, count in sorted(passed_over.items(), key=lambda item: (-item[1], item[0]))
    )
