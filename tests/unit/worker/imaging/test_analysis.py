import io

import numpy as np
import pytest
from PIL import Image

from shared.colour import Swatch, rgb_to_hex
from tests.support import hostile_files, pictures
from worker.imaging.algorithms.analysis import Analysis, analyse, histogram_from
from worker.imaging.algorithms.decode import DecodeError
from worker.imaging.algorithms.palette import extract_palette
from worker.imaging.algorithms.renditions import Rendition


def renditions_of(analysis: Analysis) -> list[Rendition]:
    return [analysis.display, *analysis.thumbnails.values()]


def opened(rendition: Rendition) -> Image.Image:
    picture = Image.open(io.BytesIO(rendition.bytes))
    picture.load()
    return picture


@pytest.fixture(scope="module")
def large() -> Analysis:
    return analyse(pictures.make_jpeg(4032, 3024, seed=1), 6)


def test_a_large_photo_is_described_as_it_is(large: Analysis) -> None:
    assert (large.width, large.height, large.format) == (4032, 3024, "JPEG")
    assert len(large.palette) == 6
    assert large.model_view.shape == (224, 224, 3)


def test_renditions_fit_their_sides_and_come_close_to_them(large: Analysis) -> None:
    sides = {2048: large.display, **large.thumbnails}
    assert sorted(sides) == [256, 384, 512, 1024, 2048]
    for side, rendition in sides.items():
        assert 0.9 * side <= max(rendition.width, rendition.height) <= side
        assert rendition.width / rendition.height == pytest.approx(4 / 3, rel=0.02)


@pytest.mark.parametrize(
    "make", [pictures.make_jpeg, pictures.make_png, pictures.make_webp, pictures.make_gif]
)
def test_renditions_are_what_they_say(make: object) -> None:
    assert callable(make)
    for rendition in renditions_of(analyse(make(700, 500), 6)):
        picture = opened(rendition)
        assert picture.format is not None
        assert rendition.content_type == f"image/{picture.format.lower()}"
        assert picture.size == (rendition.width, rendition.height)
        assert picture.mode == "RGB"


def test_renditions_look_like_the_photo() -> None:
    photo = pictures.draw_picture(700, 500, seed=3)
    for rendition in renditions_of(analyse(pictures.encode(photo, "PNG"), 6)):
        expected = photo.resize((rendition.width, rendition.height), Image.Resampling.LANCZOS)
        difference = np.abs(np.asarray(opened(rendition)).astype(int) - np.asarray(expected))
        assert difference.mean() < 5


def test_nothing_is_enlarged() -> None:
    analysis = analyse(pictures.make_jpeg(40, 30), 6)
    assert {(r.width, r.height) for r in renditions_of(analysis)} == {(40, 30)}


def test_a_strip_keeps_a_pixel_of_height() -> None:
    analysis = analyse(pictures.encode(pictures.flat_picture((1, 2, 3), 3000, 2), "PNG"), 6)
    assert [(r.width, r.height) for r in analysis.thumbnails.values()] == [
        (256, 1),
        (384, 1),
        (512, 1),
        (1024, 1),
    ]


def test_renditions_say_nothing_about_where_and_with_what() -> None:
    data = pictures.make_jpeg(
        900,
        600,
        orientation=6,
        gps=True,
        comment=b"a private remark",
        icc_profile=pictures.swapped_channels_profile(),
        xmp=b"<x:xmpmeta>a private remark</x:xmpmeta>",
        dpi=(123, 123),
    )
    png = pictures.make_png(900, 600, text="a private remark", exif=pictures.exif_with(6, gps=True))
    for source in (data, png):
        analysis = analyse(source, 6)
        for rendition in renditions_of(analysis):
            info = opened(rendition).info
            assert not info.keys() & {"exif", "icc_profile", "xmp", "comment", "dpi", "Comment"}
            assert not opened(rendition).getexif()
            assert b"private" not in rendition.bytes


def test_a_photo_taken_upright_is_shown_upright() -> None:
    analysis = analyse(pictures.make_jpeg(300, 400, orientation=6, gps=True), 6)
    assert (analysis.width, analysis.height) == (300, 400)
    assert [(r.width, r.height) for r in renditions_of(analysis)][:2] == [(300, 400), (192, 256)]


def test_the_histogram_alone_gives_the_same_palette() -> None:
    data = pictures.make_jpeg(1200, 900, seed=2)
    assert extract_palette(histogram_from(data), 9) == analyse(data, 9).palette


def test_the_palette_is_of_a_sample_of_the_photo(large: Analysis) -> None:
    assert 190_000 <= large.histogram.counts.sum() <= 200_000


def test_no_colour_is_invented_where_colours_meet() -> None:
    stripes = np.zeros((1200, 1600, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)
    stripes[::2] = (0, 0, 255)
    palette = analyse(pictures.encode(Image.fromarray(stripes), "PNG"), 6).palette
    # Exact colours, and shares that a sample locked onto every other row or column would miss.
    shares = {swatch.rgb: swatch.proportion for swatch in palette}
    assert shares == pytest.approx({(0, 0, 255): 0.5, (255, 0, 0): 0.25, (0, 0, 0): 0.25}, abs=0.01)


def test_clear_pixels_do_not_count() -> None:
    assert analyse(pictures.make_palette_png(), 6).palette == (Swatch(rgb_to_hex((255, 0, 0)), 1.0),)


def test_a_wholly_clear_picture_is_white() -> None:
    clear = Image.new("RGBA", (30, 20), (0, 128, 0, 0))
    assert analyse(pictures.encode(clear, "PNG"), 6).palette == (Swatch(rgb_to_hex((255, 255, 255)), 1.0),)


def test_a_faint_picture_has_the_colours_that_show() -> None:
    faint = Image.new("RGBA", (30, 20), (0, 0, 0, 51))
    assert analyse(pictures.encode(faint, "PNG"), 6).palette == (Swatch(rgb_to_hex((204, 204, 204)), 1.0),)


def test_the_hash_of_a_photo_survives_a_smaller_copy(large: Analysis) -> None:
    copy = analyse(large.thumbnails[512].bytes, 6)
    assert (_hash(copy) ^ _hash(large)).bit_count() <= 4


def _hash(analysis: Analysis) -> int:
    value = analysis.facts["perceptual_hash"]
    assert isinstance(value, int)
    return value


def test_an_unreadable_file_has_no_analysis() -> None:
    with pytest.raises(DecodeError):
        analyse(hostile_files.half_of(pictures.make_jpeg()), 6)
    with pytest.raises(DecodeError):
        histogram_from(b"not a picture")
