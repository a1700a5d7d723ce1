"""What a file is that is no picture Vitrine reads: what its sender is told it seems to be."""

import codecs
from typing import Final

from shared.file_types import GIF_MAGICS, JPEG_MAGIC, PNG_MAGIC

# As much as a file of another kind needs to show itself: SVG and HTML may start with long comments.
HEAD_BYTES: Final = 4096

# (offset, bytes, name with its article)
_OTHERS: Final = (
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (0, b"II+\0", "a TIFF picture"),
    (0, b"MM\0+", "a TIFF picture"),
    (0, b"\0\0\1\0", "an icon (ICO)"),
    (0, b"\0\0\2\0", "a cursor (CUR)"),
    (0, b"%!PS", "an EPS or PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS or PostScript file"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (0, b"qoif", "a QOI picture"),
    (0, b"PK\3\4", "a ZIP archive"),
    (0, b"PK\5\6", "a ZIP archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x7fELF", "a program"),
    (0, b"\x1a\x45\xdf\xa3", "a video"),
    (8, b"AVI ", "a video"),
    (8, b"WAVE", "a sound file"),
    (0, b"OggS", "a sound file"),
    (0, b"fLaC", "a sound file"),
    (0, b"ID3", "a sound file"),
)

_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def is_cut_off(head: bytes) -> bool:
    """Whether a whole file is nothing but the first bytes of a magic number."""
    if len(head) >= 4 and (PNG_MAGIC.startswith(head) or any(magic.startswith(head) for magic in GIF_MAGICS)):
        return True
    return head == JPEG_MAGIC[:2] or (
        head.startswith(b"RIFF") and len(head) < 12 and b"WEBP".startswith(head[8:])
    )


def other_kind(head: bytes) -> str | None:
    """What a file that is none of the four formats seems to be, as words with an article ("a PDF"), or None."""
    if head[4:8] == b"ftyp":
        return _iso_media_kind(head)
    for offset, magic, name in _OTHERS:
        if head.startswith(magic, offset):
            return name
    # Two letters are little to go by: text may begin with them, but text has no zero bytes.
    if b"\0" in head[:64]:
        if head.startswith(b"BM"):
            return "a BMP picture"
        if head.startswith(b"MZ"):
            return "a Windows program"
    if b"%PDF-" in head[:1024]:
        return "a PDF"
    return _text_kind(head)


def _iso_media_kind(head: bytes) -> str:
    """AVIF, HEIC and MP4 share one container (ISO/IEC 14496-12): the brands in its first box tell them apart."""
    box = head[8 : min(max(int.from_bytes(head[:4], "big"), 12), 256)]
    brands = {box[at : at + 4] for at in range(0, len(box), 4)}
    if brands & {b"avif", b"avis"}:
        return "an AVIF picture"
    if brands & _HEIF_BRANDS:
        return "a HEIC picture"
    return "a video"


def _text_kind(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "a text file"
    try:
        # Not the strict decoder: the head may end in the middle of a character.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return None
    if any(ord(char) < 32 and char not in "\t\n\r\f\x1b" for char in text):
        return None
    return _markup_kind(text.lstrip().lower())


def _markup_kind(text: str) -> str:
    """What lower-case text without leading blanks is written in."""
    if not text.startswith("<"):
        return "a text file"
    if "<svg" in text:
        return "an SVG drawing"
    if "<html" in text or text.startswith("<!doctype html"):
        return "an HTML page"
    return "an XML file" if text.startswith("<?xml") else "a text file"
