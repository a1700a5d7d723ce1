import io
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from worker.demo.algorithms import FAMILIES, MEMBERS, SEED, SHAPES, DemoPicture, draw, draw_one

SHRINK = 4


@pytest.fixture(scope="module")
def pictures() -> list[DemoPicture]:
    """Four of each family, in small."""
    return list(draw(members=4, shrink=SHRINK))


def opened(picture: DemoPicture) -> Image.Image:
    image = Image.open(io.BytesIO(picture.jpeg))
    image.load()
    return image


def description(image: Image.Image) -> NDArray[np.float64]:
    """How much there is of 64 colours, and how steep edges lie in eight directions: no knowledge of the families."""
    pixels = np.asarray(image.resize((160, 160), Image.Resampling.BOX).convert("RGB"), dtype=np.float64)
    bins = (pixels // 64).astype(int) @ np.array([16, 4, 1])
    colours = np.bincount(bins.ravel(), minlength=64) / bins.size
    down, right = np.gradient(pixels.mean(axis=2))
    direction = (np.arctan2(down, right) % np.pi // (np.pi / 8)).astype(int).clip(0, 7)
    edges = np.bincount(direction.ravel(), weights=np.hypot(down, right).ravel(), minlength=8)
    return np.concatenate([np.sqrt(colours), edges / bins.size / 10])


def nearest(descriptions: Sequence[NDArray[np.float64]], of: int) -> int:
    distances = [float(np.abs(other - descriptions[of]).sum()) for other in descriptions]
    distances[of] = np.inf
    return int(np.argmin(distances))


def test_there_are_about_a_hundred_in_about_ten_families() -> None:
    assert 80 <= len(FAMILIES) * MEMBERS <= 120
    assert 10 <= len(FAMILIES) <= 14


def test_every_picture_is_a_jpeg_of_its_shape(pictures: list[DemoPicture]) -> None:
    shapes = {(width // SHRINK, height // SHRINK) for width, height in SHAPES}
    for picture in pictures:
        image = opened(picture)
        assert (image.format, image.mode) == ("JPEG", "RGB"), picture.name
        assert image.size in shapes, picture.name


def test_a_family_comes_in_several_shapes(pictures: list[DemoPicture]) -> None:
    for family in FAMILIES:
        sizes = {opened(picture).size for picture in pictures if picture.label == family.label}
        assert len(sizes) >= 3, family.label


def test_a_full_picture_is_as_large_as_said_and_no_burden() -> None:
    family = next(family for family in FAMILIES if family.label == "bauhaus")
    picture = draw_one(SEED, family, member=0)
    assert opened(picture).size == SHAPES[0]
    assert len(picture.jpeg) < 1_000_000


def test_no_two_pictures_are_the_same(pictures: list[DemoPicture]) -> None:
    assert len({picture.jpeg for picture in pictures}) == len(pictures)
    assert len({picture.name for picture in pictures}) == len(pictures)
    assert len({picture.caption for picture in pictures}) == len(pictures)


def test_every_picture_uses_a_range_of_light_and_dark(pictures: list[DemoPicture]) -> None:
    for picture in pictures:
        assert np.asarray(opened(picture).convert("L"), dtype=float).std() > 12, picture.name


def test_tags_can_be_sent_as_a_list_with_commas(pictures: list[DemoPicture]) -> None:
    for picture in pictures:
        assert len(picture.tags) >= 3, picture.name
        assert len(set(picture.tags)) == len(picture.tags), picture.name
        assert all(tag and tag == tag.strip() and "," not in tag for tag in picture.tags), picture.name


def test_the_same_seed_draws_the_same_bytes() -> None:
    for family in FAMILIES:
        first, again = draw_one(3, family, 1, shrink=8), draw_one(3, family, 1, shrink=8)
        assert first == again, family.label


def test_another_seed_draws_other_pictures() -> None:
    for family in FAMILIES:
        assert draw_one(3, family, 1, shrink=8).jpeg != draw_one(4, family, 1, shrink=8).jpeg, family.label


def test_one_of_each_family_comes_before_the_second_of_any(pictures: list[DemoPicture]) -> None:
    labels = [picture.label for picture in pictures]
    assert sorted(labels[: len(FAMILIES)]) == sorted(family.label for family in FAMILIES)


def test_the_look_alike_of_a_picture_is_one_of_its_family(pictures: list[DemoPicture]) -> None:
    descriptions = [description(opened(picture)) for picture in pictures]
    kin = [
        pictures[nearest(descriptions, index)].label == picture.label
        for index, picture in enumerate(pictures)
    ]
    astray = [picture.name for picture, found in zip(pictures, kin, strict=True) if not found]
    assert len(astray) <= 2, astray
