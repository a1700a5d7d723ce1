"""The weights that Vitrine ships: whole, small, loaded like any other, and far better than none."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.settings import Settings
from tools.train_weights.untrained import untrained_resnet18
from worker.embedding.algorithms.embedder import Embedder
from worker.embedding.algorithms.resnet import build_resnet18, load_state
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder
from worker.embedding.weights import BUNDLED, BadWeightsFile, bundled_weights, load_weights, resolve_weights
from worker.imaging.algorithms.model_view import model_view

pytestmark = pytest.mark.usefixtures("one_torch_thread")

DATA = Path(os.environ.get("VITRINE_TEST_DATA") or Path(__file__).parents[5] / "shared" / "data")
# Held out from training; see tools/train_weights/photos.py.
HELD_OUT = ("bass", "car_side", "crocodile_head", "ewer", "hedgehog", "lobster", "pagoda", "schooner")


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    network = build_resnet18()
    load_state(network, bundled_weights().state)
    return ResNet18Embedder(network, BUNDLED.model_id, device="cpu")


def quiet(_: str) -> None:
    """Nobody wants to know."""


def test_without_file_cache_or_network_the_shipped_weights_are_used(tmp_path: Path) -> None:
    weights = load_weights(Settings(weights_download=False, cache_dir=tmp_path), report=quiet)
    assert weights.model_id == "resnet18/vitrine-1"
    assert (weights.source, weights.sha256) == ("bundled", BUNDLED.sha256)
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_what_the_module_says_it_is() -> None:
    assert hashlib.sha256(BUNDLED.path.read_bytes()).hexdigest() == BUNDLED.sha256


def test_the_file_is_small_and_holds_no_classifier() -> None:
    data = BUNDLED.path.read_bytes()
    assert len(data) <= 23_000_000
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    assert b'"layer4.1.conv2.weight"' in header
    assert b'"fc.' not in header


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_a_file_with_one_changed_bit_is_refused(tmp_path: Path, place: int) -> None:
    data = bytearray(BUNDLED.path.read_bytes())
    data[place] ^= 1
    damaged = tmp_path / BUNDLED.path.name
    damaged.write_bytes(data)
    with pytest.raises(BadWeightsFile, match="wrong SHA-256"):
        resolve_weights(
            None,
            tmp_path / "cache",
            may_download=False,
            report=quiet,
            bundled=replace(BUNDLED, path=damaged),
        )


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadWeightsFile, match=r"There is no .*gone\.safetensors\. Install Vitrine again"):
        bundled_weights(replace(BUNDLED, path=tmp_path / "gone.safetensors"))


def test_the_file_named_by_hand_gives_the_same_values(tmp_path: Path) -> None:
    named = resolve_weights(BUNDLED.path, tmp_path)
    shipped = bundled_weights()
    assert named.source == "explicit"
    assert named.sha256 == shipped.sha256
    assert all(np.array_equal(named.state[name], value) for name, value in shipped.state.items())


def test_licence_and_model_card_lie_beside_it() -> None:
    folder = BUNDLED.path.parent
    assert "Redistributions in binary form" in (folder / "LICENSE-torchvision").read_text()
    assert BUNDLED.sha256 in (folder / "MODEL_CARD.md").read_text()


def test_embeddings_are_finite_of_length_one_and_tell_pictures_apart(embedder: Embedder) -> None:
    views = np.random.default_rng(0).integers(0, 256, (4, 224, 224, 3), dtype=np.uint8)
    views[1], views[2] = 0, 255
    found = embedder.embed(views)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    cosines = found @ found.T
    assert cosines[np.triu_indices(4, 1)].max() < 0.99


def test_photos_of_classes_never_trained_on_find_their_kind(embedder: Embedder) -> None:
    folder = DATA / "photos" / "caltech101"
    if not folder.is_dir():
        pytest.skip(f"there are no test photos in {DATA}")
    paths = [path for name in HELD_OUT for path in sorted((folder / name).glob("*.jpg"))[:10]]
    views = np.stack([view(path) for path in paths])
    labels = np.array([path.parent.name for path in paths])
    untrained = ResNet18Embedder(untrained_resnet18(0), "untrained", device="cpu")
    ours, theirs = (precision_at_5(one.embed(views), labels) for one in (embedder, untrained))
    assert ours > theirs + 0.35
    assert ours > 0.7


def view(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as file:
        photo = file.convert("RGB")
    return model_view([photo], photo.width, photo.height)


def precision_at_5(embeddings: NDArray[np.float32], labels: NDArray[np.str_]) -> float:
    cosines = embeddings @ embeddings.T
    np.fill_diagonal(cosines, -np.inf)
    nearest = np.argsort(-cosines, axis=1)[:, :5]
    return float((labels[nearest] == labels[:, None]).mean())
