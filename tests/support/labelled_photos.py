"""Small photos of two kinds that any embedder tells apart: reddish and bluish ones."""

import io

import numpy as np
from PIL import Image

from tests.support.zips import zip_of

TINTS = {"red": (200, 70, 60), "blue": (60, 80, 200), "green": (60, 190, 80)}


def tinted(label: str, seed: int) -> bytes:
    """A JPEG of one tint with grain and a gradient, different for each seed."""
    random = np.random.default_rng(seed)
    height, width = 48, 64
    light = np.linspace(random.uniform(-40, 0), random.uniform(0, 40), width)[np.newaxis, :, np.newaxis]
    pixels = np.array(TINTS[label]) + light + random.normal(0, 12, (height, width, 3))
    out = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


def tinted_zip(a_label: int = 8, labels: tuple[str, ...] = ("red", "blue"), **more: bytes) -> bytes:
    """A zip with a folder of photos for each label. more: files beside them, "__" in a name for "/"."""
    photos = {
        f"{label}/{seed}.jpg": tinted(label, seed + 100 * place)
        for place, label in enumerate(labels)
        for seed in range(a_label)
    }
    return zip_of(
        photos | {name.replace("__", "/").replace("_jpg", ".jpg"): data for name, data in more.items()}
    )
