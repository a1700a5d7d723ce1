"""Other ways from a JPEG's bytes to a picture whose shorter side has 256 pixels."""

import io
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import numpy as np
from PIL import Image

SHORT_SIDE: Final = 256
# As torchvision resizes for its networks, so that what is off is the decoder's doing.
_FILTER: Final = Image.Resampling.BILINEAR

Shrink = Callable[[bytes], Image.Image]


def plain(data: bytes) -> Image.Image:
    """Pillow as everyone writes it: the whole picture, then a resize."""
    with Image.open(io.BytesIO(data)) as file:
        whole = file.convert("RGB")
    return whole.resize(_size(*whole.size), _FILTER)


def draft(scale: int) -> Shrink:
    """Pillow, with the decoder told to shrink by 1/scale on the way."""

    def shrink(data: bytes) -> Image.Image:
        with Image.open(io.BytesIO(data)) as file:
            size = _size(*file.size)
            file.draft("RGB", (file.width // scale, file.height // scale))
            return file.resize(size, _FILTER)

    return shrink


def _open_cv(cv2: Any, flag: str) -> Shrink:
    def shrink(data: bytes) -> Image.Image:
        found = cv2.imdecode(np.frombuffer(data, np.uint8), getattr(cv2, flag))
        height, width = found.shape[:2]
        small = cv2.resize(found, _size(width, height), interpolation=cv2.INTER_AREA)
        return Image.fromarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))

    return shrink


def _simplejpeg(package: Any) -> Shrink:
    def shrink(data: bytes) -> Image.Image:
        found = package.decode_jpeg(data, min_height=2 * SHORT_SIDE, min_width=2 * SHORT_SIDE)
        height, width = found.shape[:2]
        return Image.fromarray(found).resize(_size(width, height), _FILTER)

    return shrink


def _pyvips(package: Any) -> Shrink:
    def shrink(data: bytes) -> Image.Image:
        with Image.open(io.BytesIO(data)) as file:
            width, height = _size(*file.size)
        found = package.Image.thumbnail_buffer(data, width, height=height, size="force")
        return Image.fromarray(found.numpy())

    return shrink


_BY_PACKAGE: Final[dict[str, tuple[str, Callable[[Any], Shrink]]]] = {
    "OpenCV": ("cv2", lambda package: _open_cv(package, "IMREAD_COLOR")),
    "OpenCV, reduced by 4": ("cv2", lambda package: _open_cv(package, "IMREAD_REDUCED_COLOR_4")),
    "simplejpeg, at least twice the size": ("simplejpeg", _simplejpeg),
    "pyvips thumbnail": ("pyvips", _pyvips),
}


def decode_peers() -> tuple[dict[str, Shrink], list[str]]:
    """The peers by name, and the names of those that are not installed."""
    found: dict[str, Shrink] = {f"Pillow draft 1/{scale}": draft(scale) for scale in (2, 4, 8)}
    missing = []
    for name, (package, make) in _BY_PACKAGE.items():
        try:
            found[name] = make(import_module(package))
        except (ImportError, OSError):
            missing.append(name)
    return found, missing


def _size(width: int, height: int) -> tuple[int, int]:
    scale = SHORT_SIDE / min(width, height)
    return round(width * scale), round(height * scale)
