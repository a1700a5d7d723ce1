"""The ground behind a transparent picture, on which it can be seen."""

from typing import Final

import numpy as np
from PIL import Image

from worker.colour_arrays import srgb8_to_oklab

# In the order of preference: what people expect behind a picture, then what shows white, then what shows both.
_GROUNDS: Final = ((255, 255, 255), (32, 32, 32), (128, 128, 128))
_GROUNDS_OKLAB: Final = srgb8_to_oklab(np.array(_GROUNDS, np.uint8))
# Nearer to the ground than this (in OKLab, where black and white are 1 apart), an edge is hard to see.
_FAINT: Final = 0.15
# A part of the picture that may be so: a white shoe has black laces.
_MAX_FAINT_SHARE: Final = 0.25
_SAMPLE_SIDE: Final = 128


def ground_for(pixels: Image.Image, alpha: Image.Image) -> tuple[int, int, int]:
    """White unless much of what is solid would be lost on it, else dark or grey, whichever loses least.

    pixels: RGB in sRGB; alpha: L, same size.
    """
    size = min(pixels.width, _SAMPLE_SIDE), min(pixels.height, _SAMPLE_SIDE)
    colours, weights = (np.asarray(layer.resize(size, Image.Resampling.NEAREST)) for layer in (pixels, alpha))
    solid = weights.sum(dtype=np.int64)
    if not solid:
        return _GROUNDS[0]
    distances = np.linalg.norm(srgb8_to_oklab(colours)[..., None, :] - _GROUNDS_OKLAB, axis=-1)
    faint = (weights[..., None] * (distances < _FAINT)).sum((0, 1), dtype=np.int64)
    return _GROUNDS[0 if faint[0] <= _MAX_FAINT_SHARE * solid else int(faint.argmin())]
