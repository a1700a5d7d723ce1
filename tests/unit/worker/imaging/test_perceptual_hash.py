import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from tests.support.pictures import draw_picture, encode, flat_picture
from worker.imaging.algorithms.perceptual_hash import hamming_distance, perceptual_hash

signed = st.integers(-(2**63), 2**63 - 1)


def test_a_hash_fits_a_signed_64_bit_column() -> None:
    hashes = [perceptual_hash(draw_picture(90, 60, seed)) for seed in range(40)]
    assert all(-(2**63) <= value < 2**63 for value in hashes)
    assert min(hashes) < 0 < max(hashes)


def test_a_known_picture_keeps_its_hash() -> None:
    # Stored hashes are compared with new ones: this value may never change.
    ramp = Image.linear_gradient("L")
    picture = Image.composite(ramp, ramp.transpose(Image.Transpose.ROTATE_90), ramp.resize((256, 256)))
    assert perceptual_hash(picture) == 1561083659949841998


@pytest.mark.parametrize("seed", range(8))
def test_copies_of_a_photo_lie_close(seed: int) -> None:
    photo = draw_picture(400, 300, seed)
    original = perceptual_hash(photo)
    small = photo.resize((200, 150), Image.Resampling.BICUBIC)
    pressed = Image.open(io.BytesIO(encode(photo, "JPEG", quality=40)))
    brighter = ImageEnhance.Brightness(photo).enhance(1.08)
    copies = [small, pressed, brighter, photo.convert("L"), photo.convert("RGBA")]
    assert [hamming_distance(original, perceptual_hash(copy)) <= 8 for copy in copies] == [True] * 5


@pytest.mark.parametrize("seed", range(8))
def test_other_photos_lie_far(seed: int) -> None:
    photo = draw_picture(400, 300, seed)
    others = [draw_picture(400, 300, seed + 100), ImageOps.mirror(photo), ImageOps.invert(photo)]
    assert min(hamming_distance(perceptual_hash(photo), perceptual_hash(other)) for other in others) > 12


@pytest.mark.parametrize("grey", [0, 1, 100, 255])
def test_a_picture_of_one_colour_hashes_to_zero(grey: int) -> None:
    assert perceptual_hash(flat_picture((grey, grey, grey))) == 0


def test_a_single_pixel_has_a_hash() -> None:
    assert perceptual_hash(flat_picture((1, 2, 3), 1, 1)) == 0


@given(signed, signed)
def test_the_distance_counts_differing_bits(a: int, b: int) -> None:
    bits = format(a % 2**64, "064b"), format(b % 2**64, "064b")
    assert hamming_distance(a, b) == sum(x != y for x, y in zip(*bits, strict=True))
