"""Embeddings: torchvision's own preprocessing, length 1, and no row that depends on its company."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from tools.train_weights.untrained import untrained_resnet18
from worker.embedding.algorithms.embedder import DeviceMissing, Embedder, NotFinite, normalise_rows
from worker.embedding.algorithms.resnet import (
    OFFICIAL_WEIGHTS,
    build_resnet18,
    load_state,
)
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder, find_device, preprocess

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return untrained_resnet18(1)


class Answers(nn.Module):
    """A network all of whose features are one value."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self._value = value

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.full((len(pixels), 512), self._value)


def noise(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, 224, 224, 3), dtype=np.uint8)


def picture(width: int, height: int) -> Image.Image:
    """Smooth shapes under noise: what a resize changes both ways."""
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(x / 9), np.cos(y / 7), np.sin((x + y) / 23)], axis=2)
    grain = np.random.default_rng(2).normal(0, 20, waves.shape)
    return Image.fromarray((waves * 90 + 128 + grain).clip(0, 255).astype(np.uint8))


def middle(image: Image.Image) -> NDArray[np.uint8]:
    """The view of the model: shorter side 256, bilinear, and of that the middle 224 x 224."""
    short = min(image.size)
    size = [256 if side == short else int(256 * side / short) for side in image.size]
    left, top = (round((side - 224) / 2) for side in size)
    resized = image.resize(size, Image.Resampling.BILINEAR)
    return np.array(resized.crop((left, top, left + 224, top + 224)))


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (256, 256), (1000, 701), (40, 30)])
def test_preprocessing_equals_torchvisions_transform(size: tuple[int, int]) -> None:
    image = picture(*size)
    expected = OFFICIAL_WEIGHTS.transforms()(image)
    found = preprocess(torch.from_numpy(middle(image)[np.newaxis]))[0]
    assert found.shape == (3, 224, 224)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_embeddings_equal_a_plain_forward_pass(network: nn.Module) -> None:
    images = [picture(300, 200), picture(256, 400)]
    views = np.stack([middle(image) for image in images])
    with torch.inference_mode():
        expected = nn.functional.normalize(
            network(torch.stack([OFFICIAL_WEIGHTS.transforms()(image) for image in images]))
        )
    found = ResNet18Embedder(network, "m", device="cpu").embed(views)
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-5)


def test_an_embedding_does_not_depend_on_its_batch(network: nn.Module) -> None:
    views = noise(9)
    together = ResNet18Embedder(network, "m", device="cpu", batch_size=9).embed(views)
    assert np.abs(together[1:] - together[0]).max(axis=1).min() > 1e-4  # or the next lines could not fail
    for size in (1, 2, 4):
        apart = ResNet18Embedder(network, "m", device="cpu", batch_size=size).embed(views)
        np.testing.assert_allclose(apart, together, rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        ResNet18Embedder(network, "m", device="cpu").embed(views[::-1]), together[::-1], rtol=0, atol=1e-5
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_gives_the_embeddings_of_the_cpu_in_every_batch() -> None:
    views = noise(33)
    expected = ResNet18Embedder(untrained_resnet18(1), "m", device="cpu").embed(views)
    for size in (1, 32, 33):
        found = ResNet18Embedder(untrained_resnet18(1), "m", device="cuda", batch_size=size).embed(views)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_embeddings_are_float32_of_length_one(network: nn.Module) -> None:
    embedder: Embedder = ResNet18Embedder(network, "resnet18/some", device="cpu")
    found = embedder.embed(noise(3))
    assert (embedder.model_id, embedder.dimensions, embedder.device) == ("resnet18/some", 512, "cpu")
    assert found.shape == (3, 512)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_no_views_give_no_embeddings(network: nn.Module) -> None:
    assert ResNet18Embedder(network, "m", device="cpu").embed(noise(0)).shape == (0, 512)


def test_views_that_may_not_be_written_are_read(network: nn.Module) -> None:
    view = np.frombuffer(noise(1).tobytes(), dtype=np.uint8).reshape(1, 224, 224, 3)
    assert np.isfinite(ResNet18Embedder(network, "m", device="cpu").embed(view)).all()


def test_features_of_zero_stay_zero() -> None:
    found = ResNet18Embedder(Answers(0.0), "m", device="cpu").embed(noise(2))
    assert not found.any()


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_features_that_are_not_finite_are_an_error(value: float) -> None:
    embedder = ResNet18Embedder(Answers(value), "m", device="cpu")
    with pytest.raises(NotFinite, match="weights are damaged"):
        embedder.embed(noise(1))


@pytest.mark.parametrize("value", [1e38, 1, 1e-38, 1e-45, -1e-45])
def test_rows_of_any_size_get_length_one(value: float) -> None:
    row = normalise_rows(np.full((1, 512), value, dtype=np.float32))
    np.testing.assert_allclose(row, np.sign(value) / np.sqrt(512), rtol=1e-6)


@pytest.mark.parametrize(
    "views",
    [
        np.zeros((1, 224, 224, 3), np.float32),
        np.zeros((224, 224, 3), np.uint8),
        np.zeros((1, 3, 224, 224), np.uint8),
    ],
)
def test_views_of_a_wrong_shape_or_type_are_refused(network: nn.Module, views: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="Views are"):
        ResNet18Embedder(network, "m", device="cpu").embed(views)


def test_a_batch_of_nothing_is_refused(network: nn.Module) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        ResNet18Embedder(network, "m", device="cpu", batch_size=0)


def test_a_device_is_found() -> None:
    assert find_device("auto") in {"cpu", "cuda", "mps"}
    assert find_device("cpu") == "cpu"


def test_a_device_that_does_not_exist_is_refused() -> None:
    with pytest.raises(DeviceMissing, match='no device "abacus"; choose one of auto, cpu, cuda, mps'):
        find_device("abacus")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device")
def test_a_device_that_this_machine_lacks_is_refused() -> None:
    with pytest.raises(DeviceMissing, match='no device "cuda"'):
        find_device("cuda")


def test_photos_of_one_kind_are_alike_under_trained_weights() -> None:
    root = Path(os.environ.get("VITRINE_TEST_DATA", Path(__file__).parents[5] / "shared" / "data"))
    weights = root / "weights" / "resnet18-imagenet-approx-fp16.pth"
    folders = sorted((root / "photos" / "caltech101").glob("*"))[::8]
    if not weights.exists() or not folders:
        pytest.skip("the test weights and photos are not here: set VITRINE_TEST_DATA")
    network = build_resnet18()
    load_state(network, torch.load(weights, weights_only=True))
    kinds, views = [], []
    for folder in folders:
        for path in sorted(folder.glob("*.jpg"))[:4]:
            with Image.open(path) as image:
                views.append(middle(image.convert("RGB")))
            kinds.append(folder.name)
    embeddings = ResNet18Embedder(network, "m", device="cpu").embed(np.stack(views))
    similarities = embeddings @ embeddings.T
    np.fill_diagonal(similarities, -1)
    nearest = similarities.argmax(axis=1)
    alike = np.mean([kinds[row] == kinds[found] for row, found in enumerate(nearest)])
    assert alike >= 0.8
