"""Conversion to sRGB by LittleCMS."""

import io
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Final, TypeAlias

import numpy as np
from PIL import Image, ImageCms

from shared.photo_notes import PhotoNote

_SRGB: Final = ImageCms.createProfile("sRGB")
# Of a profile's colour space, the mode of the pixels that it fits.
_MODES: Final = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
# Profiles of devices and of colour spaces; others are steps between profiles, or names of colours.
_CLASSES: Final = {"mntr", "scnr", "prtr", "spac"}
# A profile that changes no colour by more is sRGB itself: its numbers are rounded, and so are ours.
_ROUNDING: Final = 1
_STEPS: Final = 17


_Conversion: TypeAlias = Callable[[Image.Image], Image.Image]


class _UnusableProfile(Exception):
    def __init__(self, note: PhotoNote) -> None:
        super().__init__(note)
        self.note = note


def to_srgb(colour: Image.Image, profiles: Iterable[bytes]) -> tuple[Image.Image, PhotoNote | None]:
    """The picture (RGB, L or CMYK) as RGB in sRGB, by the first of its ICC profiles that can be used.

    Without one, colours are taken for sRGB; the note says why the first was passed over.
    """
    note = None
    for profile in profiles:
        try:
            return _converted(colour, profile), note
        except _UnusableProfile as unusable:
            note = note or unusable.note
    return colour.convert("RGB"), note


def _converted(colour: Image.Image, profile: bytes) -> Image.Image:
    mode, convert = _conversion_of(profile, colour.mode)
    return convert(colour if colour.mode == mode else colour.convert(mode))


# A process sees the same few profiles again and again, and reading one takes some milliseconds.
@lru_cache(maxsize=4)
def _conversion_of(profile: bytes, mode: str) -> tuple[str, _Conversion]:
    """The way from pixels of this mode to sRGB, and the mode that they must have for it."""
    try:
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        described = _MODES.get(embedded.profile.xcolor_space.strip())
        # Greys are colours, too.
        fits = described == mode or (described == "RGB" and mode == "L")
        if described is None or not fits or embedded.profile.device_class not in _CLASSES:
            raise _UnusableProfile(PhotoNote.PROFILE_OF_OTHER_COLOURS)
        if described == "L":
            return mode, _conversion_of_grey(embedded)
        transform = ImageCms.buildTransform(embedded, _SRGB, described, "RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError) as error:
        raise _UnusableProfile(PhotoNote.DAMAGED_PROFILE) from error
    convert = partial(_applied, transform)
    if described == "RGB" and _changes_nothing(convert):
        return described, lambda picture: picture
    return described, convert


def _conversion_of_grey(profile: ImageCms.ImageCmsProfile) -> _Conversion:
    """By a table of all tones: what LittleCMS makes of grey for speed is up to ten levels off in the shadows."""
    transform = ImageCms.buildTransform(profile, _SRGB, "L", "RGB", flags=ImageCms.Flags.NOOPTIMIZE)
    tones = np.asarray(_applied(transform, Image.fromarray(np.arange(256, dtype=np.uint8)[None])))[0]
    tables = [channel.tolist() for channel in tones.T]
    return lambda picture: Image.merge("RGB", [picture.point(table) for table in tables])


def _changes_nothing(convert: _Conversion) -> bool:
    """Whether colours all over RGB come out as they went in, but for rounding. By numbers: names say anything."""
    tones = np.arange(256, dtype=np.uint8)[:, None]
    channels = (tones[..., None] * np.eye(3, dtype=np.uint8)).reshape(-1, 3)
    steps = np.linspace(0, 255, _STEPS).astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    probe = np.concatenate([tones.repeat(3, axis=1), channels, grid])[None]
    after = np.asarray(convert(Image.fromarray(probe))).astype(np.int16)
    return bool(np.abs(after - probe).max() <= _ROUNDING)


def _applied(transform: ImageCms.ImageCmsTransform, picture: Image.Image) -> Image.Image:
    converted = ImageCms.applyTransform(picture, transform)
    assert converted is not None  # noqa: S101 - it is None only when the conversion is made in place
    return converted
