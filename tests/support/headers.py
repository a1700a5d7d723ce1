"""The least bytes that state a size, a frame or a scan, put together by hand: no codec writes files this wrong."""

import struct
import zlib

from shared.file_types import PNG_MAGIC

JPEG_END = b"\xff\xd9"


def jpeg_segment(code: int, body: bytes = b"") -> bytes:
    """A marker segment with its length."""
    return bytes((0xFF, code)) + struct.pack(">H", 2 + len(body)) + body


def jpeg_frame(width: int, height: int, code: int = 0xC0) -> bytes:
    """A frame header of three components; 0xC0 is baseline, 0xC2 progressive."""
    components = b"\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    return jpeg_segment(code, struct.pack(">BHHB", 8, height, width, 3) + components)


def jpeg_scan(data: bytes = b"\x12\x34\xff\x00\x56") -> bytes:
    """A scan of one component with some entropy-coded bytes."""
    return jpeg_segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + data


def jpeg(*parts: bytes, width: int = 32, height: int = 24) -> bytes:
    """A JPEG of that size with these parts between its frame header and its end."""
    return (
        b"\xff\xd8" + jpeg_segment(0xE0, b"JFIF\0") + jpeg_frame(width, height) + b"".join(parts) + JPEG_END
    )


def png_chunk(kind: bytes, body: bytes = b"") -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks: bytes, width: int = 32, height: int = 24, bits: int = 8) -> bytes:
    """A PNG of that size with these chunks between IHDR and IEND."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0))
    return PNG_MAGIC + header + b"".join(chunks) + png_chunk(b"IEND")


def gif_frame(left: int = 0, top: int = 0, width: int = 1, height: int = 1) -> bytes:
    """A frame with a few bytes of data, too few to be a picture."""
    return b"," + struct.pack("<HHHHB", left, top, width, height, 0) + b"\x02\x02\x4c\x01\x00"


def gif_extension(label: int, *blocks: bytes) -> bytes:
    """An extension of these sub-blocks."""
    return bytes((0x21, label)) + b"".join(bytes((len(block),)) + block for block in blocks) + b"\0"


def gif(*parts: bytes, width: int = 32, height: int = 24) -> bytes:
    """A GIF of that logical screen with these parts before its trailer."""
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b"".join(parts) + b";"


def webp_chunk(kind: bytes, body: bytes) -> bytes:
    """A RIFF chunk, padded to an even length."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def webp(*chunks: bytes) -> bytes:
    """A WebP of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_lossy(width: int, height: int) -> bytes:
    """The chunk of a VP8 key frame of that size, without its data."""
    return webp_chunk(b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(4))


def webp_lossless(width: int, height: int) -> bytes:
    """The chunk of a VP8L picture of that size, without its data."""
    return webp_chunk(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(4))


def webp_canvas(width: int, height: int) -> bytes:
    """The chunk that opens an extended WebP."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return webp_chunk(b"VP8X", bytes(4) + sides)


def webp_frame() -> bytes:
    """The chunk of one animation frame, without its data."""
    return webp_chunk(b"ANMF", bytes(16))
