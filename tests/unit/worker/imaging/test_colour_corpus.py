"""Real photos against a decode by nothing but Pillow and LittleCMS, in files of every format."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from tests.support import colour_reference as reference
from tests.support.pictures import encode
from tests.support.shared_data import shared_data
from worker.imaging.algorithms.colour_spaces.matrix_profile import Parametric, Primaries, matrix_profile
from worker.imaging.algorithms.decode import decode

EVERY = 120
SRGB = ImageCms.createProfile("sRGB")
PROFILES = {
    "none": None,
    "linear": matrix_profile(Primaries(*reference.SRGB), Parametric((1.0,))),
    "Adobe RGB": matrix_profile(Primaries(*reference.ADOBE_RGB), Parametric((563 / 256,))),
    "ProPhoto": matrix_profile(Primaries(*reference.PROPHOTO), Parametric((1.8,))),
}
FORMATS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {},
    "WEBP": {"lossless": True},
}


def some_photos() -> Iterator[Image.Image]:
    data = shared_data()
    files = sorted((data / "photos" / "caltech101").glob("*/*")) + sorted((data / "xray").glob("*/*"))[::5]
    for file in files[::EVERY]:
        with Image.open(file) as photo:
            photo.load()
            yield photo


def by_the_book(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as file:
        upright = ImageOps.exif_transpose(file)
        profile = file.info.get("icc_profile")
        if profile is None:
            return upright.convert("RGB")
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(upright.convert("RGB"), embedded, SRGB, outputMode="RGB")
        assert converted is not None
        return converted


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("name", PROFILES)
def test_no_photo_is_shown_in_other_colours(format_name: str, name: str) -> None:
    for photo in some_photos():
        picture = photo if photo.mode == "L" and format_name != "WEBP" else photo.convert("RGB")
        data = encode(picture, format_name, icc_profile=PROFILES[name], **FORMATS[format_name])
        shown, expected = (
            np.asarray(each).astype(np.int16) for each in (decode(data).pixels, by_the_book(data))
        )
        assert np.abs(shown - expected).max() <= 1
