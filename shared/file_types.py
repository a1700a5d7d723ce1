"""What kind of picture a file is by its first bytes. Neither its name nor a client's content type is believed."""

from dataclasses import dataclass
from typing import Final, Literal

Format = Literal["JPEG", "PNG", "WEBP", "GIF"]
# As much as `picture_format` needs to see.
HEAD_BYTES: Final = 16

PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
JPEG_MAGIC: Final = b"\xff\xd8\xff"
GIF_MAGICS: Final = (b"GIF87a", b"GIF89a")


@dataclass(frozen=True, slots=True)
class FileType:
    """content_type: of HTTP; extension: with its dot."""

    content_type: str
    extension: str


FILE_TYPES: Final[dict[Format, FileType]] = {
    "JPEG": FileType("image/jpeg", ".jpg"),
    "PNG": FileType("image/png", ".png"),
    "WEBP": FileType("image/webp", ".webp"),
    "GIF": FileType("image/gif", ".gif"),
}
FORMATS: Final[tuple[Format, ...]] = tuple(FILE_TYPES)
PHOTO_EXTENSIONS: Final = frozenset({".jpeg", *(file_type.extension for file_type in FILE_TYPES.values())})


def picture_format(head: bytes) -> Format | None:
    """Which of the formats that Vitrine reads a file starts like, or None. `head`: its first HEAD_BYTES or more."""
    if head.startswith(JPEG_MAGIC):
        return "JPEG"
    if head.startswith(PNG_MAGIC):
        return "PNG"
    if head.startswith(GIF_MAGICS):
        return "GIF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    return None
