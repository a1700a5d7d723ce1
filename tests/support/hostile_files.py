"""Files that are broken, disguised or built to hurt, made in memory from the pictures of `pictures`."""

import io
import struct
import zlib

from PIL import Image

from shared.file_types import PNG_MAGIC
from tests.support.headers import png_chunk
from tests.support.pictures import encode, flat_picture, make_apng, make_gif, make_jpeg, make_png, make_webp

_SOS = b"\xff\xda"


def half_of(data: bytes) -> bytes:
    """The first half of a file, as a broken upload leaves it."""
    return data[: len(data) // 2]


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The (kind, body) pairs of a PNG."""
    chunks, at = [], len(PNG_MAGIC)
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def png_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG of these (kind, body) pairs."""
    return PNG_MAGIC + b"".join(png_chunk(kind, body) for kind, body in chunks)


def png_with_bad_crc() -> bytes:
    """A PNG whose pixel data does not match its checksum."""
    data = make_png()
    at = data.index(b"IDAT") + 40
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def png_with_bad_idat() -> bytes:
    """A PNG with good checksums around pixel data that zlib cannot inflate."""
    return png_of(
        [(kind, b"\x78\x9cnonsense" if kind == b"IDAT" else body) for kind, body in png_chunks(make_png())]
    )


def png_without_iend() -> bytes:
    """A PNG that is whole but for its closing chunk."""
    return png_of([chunk for chunk in png_chunks(make_png()) if chunk[0] != b"IEND"])


def apng_without_fctl() -> bytes:
    """An animated PNG whose frames have no control chunks."""
    return png_of([chunk for chunk in png_chunks(make_apng()) if chunk[0] != b"fcTL"])


def png_of_sides(width: int, height: int, *, bits: int = 8) -> bytes:
    """A small, valid grey PNG of any size: white, of `bits` bits a pixel."""
    row = b"\0" + b"\xff" * -(-width * bits // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    return png_of([(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")])


def png_with_text_bomb(size: int = 64 << 20) -> bytes:
    """A PNG with a compressed comment that inflates to `size` bytes."""
    chunks = png_chunks(make_png())
    return png_of([chunks[0], (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(size), 9)), *chunks[1:]])


def png_with_profile_bomb(size: int = 64 << 20) -> bytes:
    """A PNG with a colour profile that inflates to `size` bytes."""
    chunks = png_chunks(make_png())
    return png_of([chunks[0], (b"iCCP", b"icc\0\0" + zlib.compress(bytes(size), 9)), *chunks[1:]])


def gif_of_sides(width: int, height: int) -> bytes:
    """A small GIF whose screen claims any size."""
    data = make_gif()
    return data[:6] + struct.pack("<HH", width, height) + data[10:]


def gif_with_tile_outside() -> bytes:
    """A GIF whose frame lies outside its screen."""
    data = bytearray(make_gif())
    at = _gif_image_descriptor(data)
    data[at + 1 : at + 5] = struct.pack("<HH", 300, 200)
    return bytes(data)


def _gif_image_descriptor(data: bytearray) -> int:
    colours = 2 << (data[10] & 7) if data[10] & 0x80 else 0
    at = 13 + 3 * colours
    while data[at] == 0x21:
        at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    return at


def gif_of_frames(frames: int) -> bytes:
    """A tiny GIF of that many frames."""
    shades = [flat_picture((n % 256, n // 256, 0), 2, 2) for n in range(frames)]
    return encode(shades[0], "GIF", save_all=True, append_images=shades[1:])


def jpeg_with_tail(tail: bytes = b"<html><script>alert(1)</script></html>") -> bytes:
    """A whole JPEG with something else behind it."""
    return make_jpeg() + tail


def jpeg_of_sides(width: int, height: int) -> bytes:
    """A JPEG whose header claims any size up to 65535; its pixel data is that of a small one."""
    data = bytearray(make_jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def jpeg_with_exif(payload: bytes) -> bytes:
    """A JPEG with these bytes as its EXIF block."""
    return make_jpeg(exif=b"Exif\0\0" + payload)


def jpeg_of_scans(scans: int, width: int = 64, height: int = 48) -> bytes:
    """A progressive JPEG that repeats its last scan until it has that many: small to send, dear to decode."""
    data = encode(flat_picture((90, 120, 150), width, height), "JPEG", progressive=True)
    starts = [at for at in range(len(data)) if data[at : at + 2] == _SOS]
    last = data[starts[-1] : -2]
    return data[:-2] + last * (scans - len(starts)) + data[-2:]


def webp_cut() -> bytes:
    """The first half of a WebP."""
    return half_of(make_webp(200, 150))


def not_images() -> dict[str, bytes]:
    """Files of other kinds by name, as people and scanners send them."""
    tiny = flat_picture((200, 30, 30), 8, 8)
    return {
        "text": b"not a picture at all\n",
        "html": b"<!doctype html><title>x</title>",
        "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "exe": b"MZ\x90\x00\x03" + bytes(60),
        "random": bytes((n * 197 + 31) % 256 for n in range(512)),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n",
        "tiff": encode(tiny, "TIFF"),
        "bmp": encode(tiny, "BMP"),
        "ico": encode(tiny, "ICO"),
        "avif": encode(tiny, "AVIF"),
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64),
    }


def frame_count(data: bytes) -> int:
    """How many frames Pillow sees in a file."""
    with Image.open(io.BytesIO(data)) as picture:
        return int(getattr(picture, "n_frames", 1))
