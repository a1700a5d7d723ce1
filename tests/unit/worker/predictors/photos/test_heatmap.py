"""Class activation maps: exact shares of the answer, in the right places and colours."""

import io

import numpy as np
import pytest
from PIL import Image

from tools.train_weights.untrained import untrained_resnet18
from worker.embedding.algorithms.feature_map import FeatureMaps
from worker.embedding.algorithms.resnet18_embedder import ResNet18Embedder
from worker.imaging.algorithms.model_view import view_box
from worker.predictors.photos.algorithms.heatmap import (
    contrast,
    evidence_map,
    explanation_png,
    overlay,
    overlay_png,
)
from worker.predictors.photos.algorithms.linear_head import LinearHead


def test_the_shares_of_all_places_add_up_to_the_answer() -> None:
    random = np.random.default_rng(0)
    features = random.gamma(1, 1, (64, 7, 7)).astype(np.float32)
    pooled = features.mean(axis=(1, 2), dtype=np.float64)
    embedding = (pooled / np.linalg.norm(pooled)).astype(np.float32)
    head = LinearHead(random.normal(size=64), random.normal(size=(3, 64)), random.normal(size=3))
    logits = head.logits(embedding[np.newaxis])[0]
    for answer in range(3):
        found = evidence_map(features, head.weights[answer], head.centre)
        assert found.shape == (7, 7)
        assert found.sum() + head.biases[answer] == pytest.approx(logits[answer], abs=1e-5)


def test_evidence_lies_where_the_features_are() -> None:
    features = np.full((4, 7, 7), 0.1, np.float32)
    features[2, 1, 5] = 9
    found = evidence_map(features, np.array([0.0, 0, 1, 0]), np.zeros(4))
    assert divmod(int(found.argmax()), 7) == (1, 5)


def test_features_of_nothing_are_evidence_of_nothing() -> None:
    assert not evidence_map(np.zeros((4, 7, 7), np.float32), np.ones(4), np.zeros(4)).any()


def test_the_contrast_of_two_classes_is_the_difference_of_their_weights() -> None:
    weights = np.array([[1.0, 2.0], [-3.0, 5.0]])
    np.testing.assert_allclose(contrast(weights, np.array([0.8, 0.2]), 0), [4, -3])
    np.testing.assert_allclose(contrast(weights, np.array([1.0, 0.0]), 0), [4, -3])


def test_the_contrast_is_the_gradient_of_the_log_odds() -> None:
    random = np.random.default_rng(1)
    head = LinearHead(np.zeros(5), random.normal(size=(4, 5)), random.normal(size=4))
    at = random.normal(size=5)

    def log_odds(point: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> float:
        odds = np.exp(head.weights @ point + head.biases)
        return float(np.log(odds[2] / (odds.sum() - odds[2])))

    step = 1e-6 * np.eye(5)
    slope = [(log_odds(at + one) - log_odds(at - one)) / 2e-6 for one in step]
    odds = np.exp(head.weights @ at + head.biases)
    np.testing.assert_allclose(contrast(head.weights, odds / odds.sum(), 2), slope, atol=1e-6)


def test_feature_maps_are_what_embeddings_are_the_mean_of() -> None:
    network = untrained_resnet18(1)
    view = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    features = FeatureMaps(network).of(view)
    assert features.shape == (512, 7, 7)
    pooled = features.mean(axis=(1, 2), dtype=np.float64)
    embedding = ResNet18Embedder(network, "m", device="cpu").embed(view[np.newaxis])[0]
    np.testing.assert_allclose(pooled / np.linalg.norm(pooled), embedding, atol=1e-5)


def test_orange_speaks_for_and_blue_against_and_nothing_is_clear() -> None:
    evidence = np.zeros((7, 7))
    evidence[0, 0], evidence[6, 6] = 1.0, -1.0
    pixels = np.asarray(overlay(evidence, 70, 70)).astype(int)
    supporting, opposing, neutral = pixels[3, 3], pixels[66, 66], pixels[35, 35]
    assert supporting[0] > supporting[2] + 100
    assert opposing[2] > opposing[0] + 100
    assert supporting[3] == pytest.approx(opposing[3], abs=2)
    assert supporting[3] > 120
    assert neutral[3] < 10


def test_weak_evidence_stays_faint() -> None:
    weak = np.asarray(overlay(np.full((7, 7), 0.01), 14, 14))[..., 3].max()
    strong = np.asarray(overlay(np.full((7, 7), 1.0), 14, 14))[..., 3].max()
    assert weak < strong / 10


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (256, 256), (1, 400)])
def test_an_overlay_lies_over_the_part_that_the_network_saw(size: tuple[int, int]) -> None:
    png = overlay_png(np.ones((7, 7)), *size, view_box(*size))
    alpha = np.asarray(Image.open(io.BytesIO(png)))[..., 3]
    assert alpha.shape == size[::-1]
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    seen = 0.875 * min(size)
    for found, side in ((rows, size[1]), (columns, size[0])):
        assert len(found) == pytest.approx(max(1, seen), abs=2)
        assert found[0] == pytest.approx((side - seen) / 2, abs=2)


def test_an_explanation_shows_the_photo_in_greys_under_its_evidence() -> None:
    view = np.zeros((224, 224, 3), np.uint8)
    view[:, 112:] = (0, 200, 0)
    plain = np.asarray(Image.open(io.BytesIO(explanation_png(view, np.zeros((7, 7))))))
    assert plain.shape == (448, 448, 3)
    assert (plain[..., 0] == plain[..., 1]).all()
    assert plain[0, 0, 0] < 10 < plain[0, 440, 0]
    coloured = np.asarray(Image.open(io.BytesIO(explanation_png(view, np.ones((7, 7))))))
    assert (coloured[..., 0] != coloured[..., 2]).any()
