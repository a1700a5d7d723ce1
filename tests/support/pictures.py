"""Test pictures drawn in memory: seeded, small by default, in every format that Vitrine reads."""

import io
import struct
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageDraw, ImageOps
from PIL.PngImagePlugin import PngInfo

Mode = Literal["RGB", "RGBA", "L", "LA", "CMYK", "P", "1"]

ORIENTATION = 0x0112
GPS = 0x8825

# What PIL does to the stored pixels to show them upright, by EXIF orientation; the inverse, for building such files.
_STORED_FROM_UPRIGHT = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def draw_picture(width: int = 64, height: int = 48, seed: int = 0) -> Image.Image:
    """A photo-like RGB picture: soft light, hard edges and grain, so that codecs and resizers have work to do."""
    rng = np.random.default_rng(seed)
    light = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8))
    picture = light.resize((width, height), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        centre = rng.uniform((0, 0), (width, height))
        reach = rng.uniform(0.03, 0.2) * max(width, height)
        corners = [tuple(centre + rng.uniform(-reach, reach, 2)) for _ in range(5)]
        pen.polygon(corners, fill=tuple(int(v) for v in rng.integers(0, 256, 3)))
    tile = rng.normal(0, 4, (256, 256, 1)).astype(np.int16)
    grain = np.tile(tile, (-(-height // 256), -(-width // 256), 1))[:height, :width]
    return Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))


def flat_picture(colour: tuple[int, int, int], width: int = 32, height: int = 24) -> Image.Image:
    """A picture of one colour."""
    return Image.new("RGB", (width, height), colour)


def encode(picture: Image.Image, format: str, **options: Any) -> bytes:  # noqa: A002 - Pillow's own word
    """The picture as a file of that format, in memory."""
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def exif_with(orientation: int | None = None, *, gps: bool = False) -> Image.Exif:
    """EXIF as a phone writes it: orientation, and where the picture was taken."""
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    if gps:
        exif.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return exif


def taken_exif(**tags: str) -> Image.Exif:
    """EXIF that says when a photo was taken. tags: by their names in `PIL.ExifTags.Base`, each in its directory."""
    # Pillow writes no EXIF whose first directory is empty into a PNG.
    exif = exif_with(orientation=1)
    for name, value in tags.items():
        directory = exif if name == "DateTime" else exif.get_ifd(ExifTags.IFD.Exif)
        directory[ExifTags.Base[name].value] = value
    return exif


def make_jpeg(
    width: int = 64,
    height: int = 48,
    seed: int = 0,
    *,
    orientation: int | None = None,
    gps: bool = False,
    mode: Mode = "RGB",
    quality: int = 90,
    **options: Any,
) -> bytes:
    """A JPEG that shows upright at `width` x `height` in a viewer that honours its EXIF orientation."""
    picture = draw_picture(width, height, seed)
    turn = _STORED_FROM_UPRIGHT.get(orientation or 1)
    if turn is not None:
        picture = picture.transpose(turn)
    if orientation is not None or gps:
        options["exif"] = exif_with(orientation, gps=gps)
    return encode(picture.convert(mode), "JPEG", quality=quality, **options)


def make_png(
    width: int = 64, height: int = 48, seed: int = 0, *, mode: Mode = "RGB", text: str = "", **options: Any
) -> bytes:
    """A PNG; with an alpha channel (RGBA, LA) its left half is fully transparent."""
    picture = draw_picture(width, height, seed).convert(mode)
    if mode in {"RGBA", "LA"}:
        picture.putalpha(half_transparent(width, height))
    if text:
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_text("Comment", text)
    return encode(picture, "PNG", **options)


def make_webp(
    width: int = 64,
    height: int = 48,
    seed: int = 0,
    *,
    alpha: bool = False,
    lossless: bool = True,
    **options: Any,
) -> bytes:
    """A WebP; with `alpha` its left half is fully transparent."""
    picture = draw_picture(width, height, seed)
    if alpha:
        picture.putalpha(half_transparent(width, height))
    return encode(picture, "WEBP", lossless=lossless, method=0, **options)


def make_gif(width: int = 64, height: int = 48, seed: int = 0, *, frames: int = 1) -> bytes:
    """A GIF whose frames alternate between a picture and its inverse, so that a wrong frame shows."""
    first, rest = _alternating(width, height, seed, frames)
    return encode(first, "GIF", save_all=frames > 1, append_images=rest)


def make_apng(width: int = 64, height: int = 48, seed: int = 0, *, frames: int = 3) -> bytes:
    """An animated PNG whose frames alternate between a picture and its inverse."""
    first, rest = _alternating(width, height, seed, frames)
    return encode(first, "PNG", save_all=True, append_images=rest)


def _alternating(width: int, height: int, seed: int, frames: int) -> tuple[Image.Image, list[Image.Image]]:
    first = draw_picture(width, height, seed)
    inverse = ImageOps.invert(first)
    return first, [inverse if n % 2 else first for n in range(1, frames)]


def make_mpo(width: int = 64, height: int = 48, seed: int = 0) -> bytes:
    """A JPEG of two frames as stereo cameras write it (Multi-Picture Object); the second is the inverse."""
    first = draw_picture(width, height, seed)
    return encode(first, "MPO", save_all=True, append_images=[ImageOps.invert(first)], quality=95)


def make_grey16_png(values: NDArray[np.uint16]) -> bytes:
    """A PNG of 16-bit grey with exactly these values, (h, w)."""
    height, width = values.shape
    return encode(Image.frombytes("I;16", (width, height), values.astype("<u2").tobytes()), "PNG")


def make_palette_png(width: int = 64, height: int = 48) -> bytes:
    """A palette PNG: left half of a transparent index (tRNS), right half red."""
    indices = np.zeros((height, width), dtype=np.uint8)
    indices[:, width // 2 :] = 1
    picture = Image.frombytes("P", (width, height), indices.tobytes())
    picture.putpalette([0, 0, 255, 255, 0, 0])
    return encode(picture, "PNG", transparency=0)


def half_transparent(width: int, height: int) -> Image.Image:
    """An alpha channel: the left half clear, the right half solid."""
    alpha = np.zeros((height, width), dtype=np.uint8)
    alpha[:, width // 2 :] = 255
    return Image.fromarray(alpha)


def swapped_channels_profile() -> bytes:
    """A valid ICC display profile whose red and blue primaries are exchanged: honouring it turns red into blue."""
    # s15Fixed16 XYZ (D50) of the sRGB primaries, as every sRGB profile lists them.
    red, green, blue = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
    gamma = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    tags = {
        b"rXYZ": _xyz(*blue),
        b"gXYZ": _xyz(*green),
        b"bXYZ": _xyz(*red),
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
        b"rTRC": gamma,
        b"gTRC": gamma,
        b"bTRC": gamma,
    }
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for signature, value in tags.items():
        table += signature + struct.pack(">II", start + len(body), len(value))
        body += value
    size = start + len(body)
    header = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += (
        bytes(12)
        + b"acsp"
        + bytes(28)
        + struct.pack(">III", *(round(v * 65536) for v in (0.9642, 1.0, 0.8249)))
    )
    return header.ljust(128, b"\0") + table + body


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">iii", *(round(v * 65536) for v in (x, y, z)))
