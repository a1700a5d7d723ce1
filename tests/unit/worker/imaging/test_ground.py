import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support.pictures import encode
from worker.imaging.algorithms.analysis import analyse
from worker.imaging.algorithms.decode import decode
from worker.imaging.algorithms.ground import ground_for

WHITE, DARK = (255, 255, 255), (32, 32, 32)


def on_clear(*fills: tuple[int, int, int], alpha: int = 255) -> Image.Image:
    """Bars of equal size on nothing, with the transparent pixels black, as most programs leave them."""
    picture = Image.new("RGBA", (120, 40), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    for place, fill in enumerate(fills):
        width = 100 // len(fills)
        draw.rectangle((10 + place * width, 10, 9 + (place + 1) * width, 29), (*fill, alpha))
    return picture


def ground_of(picture: Image.Image) -> tuple[int, int, int]:
    return ground_for(picture.convert("RGB"), picture.getchannel("A"))


@pytest.mark.parametrize(
    ("fills", "expected"),
    [
        ([WHITE], DARK),
        ([(240, 240, 240)], DARK),
        ([(255, 252, 235)], DARK),
        ([(0, 0, 0)], WHITE),
        ([(30, 30, 30)], WHITE),
        ([(255, 0, 0)], WHITE),
        # Pale, but not white: a photo of a lemon is expected on white.
        ([(255, 230, 0)], WHITE),
        # A white part in a picture of something else.
        ([(90, 60, 30), (0, 80, 160), (200, 30, 30), (255, 255, 255)], WHITE),
        ([WHITE, (0, 0, 0)], DARK),
        ([WHITE, (32, 32, 32)], (128, 128, 128)),
    ],
)
def test_what_is_solid_can_be_seen(fills: list[tuple[int, int, int]], expected: tuple[int, int, int]) -> None:
    assert ground_of(on_clear(*fills)) == expected


def test_a_faint_white_mark_stands_on_a_dark_ground() -> None:
    assert ground_of(on_clear(WHITE, alpha=40)) == DARK


def test_a_picture_of_nothing_is_white() -> None:
    assert ground_of(Image.new("RGBA", (8, 8), (0, 0, 0, 0))) == WHITE


@pytest.mark.parametrize("format_name", ["PNG", "WEBP", "GIF"])
def test_white_on_nothing_is_shown_on_dark_and_is_white_in_its_palette(format_name: str) -> None:
    options = {"lossless": True} if format_name == "WEBP" else {}
    analysis = analyse(encode(on_clear(WHITE), format_name, **options), 6)
    with Image.open(io.BytesIO(analysis.thumbnails[256].bytes)) as thumbnail:
        shown = np.asarray(thumbnail.convert("L"))
    assert shown[20, 60] > 245
    assert shown[3, 60] < 50
    assert [swatch.hex for swatch in analysis.palette] == ["#ffffff"]


def test_pictures_of_white_differ_by_their_shapes() -> None:
    ring, bars = Image.new("RGBA", (90, 90)), Image.new("RGBA", (90, 90))
    ImageDraw.Draw(ring).ellipse((10, 10, 80, 80), outline=WHITE, width=12)
    for left in (10, 40, 70):
        ImageDraw.Draw(bars).rectangle((left, 10, left + 10, 80), WHITE)
    views = [analyse(encode(each, "PNG"), 6).model_view.astype(np.int16) for each in (ring, bars)]
    assert np.abs(views[0] - views[1]).mean() > 20


def test_clear_pixels_do_not_bleed_into_the_edge_of_what_is_shown() -> None:
    picture = on_clear((255, 0, 0)).resize((1200, 400), Image.Resampling.NEAREST)
    pixels = np.asarray(decode(encode(picture, "PNG")).pixels.resize((240, 80), Image.Resampling.BOX))
    # From white to red, and nothing darker on the way.
    assert pixels[..., 0].min() == 255
