"""The yardstick: chest X-rays, told apart by what a network knows of everyday photos."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from shared.settings import Settings
from worker.embedding.engine_choice import load_embedder
from worker.imaging.algorithms.analysis import view_from
from worker.predictors.photos.algorithms.classifier import train
from worker.predictors.photos.report import report

ROOT = Path(os.environ.get("VITRINE_TEST_DATA", Path(__file__).parents[6] / "shared" / "data"))
IMAGENET = ROOT / "weights" / "resnet18-imagenet-approx-fp16.pth"
# A third of them: enough for a figure that a percent or two of luck does not decide.
A_LABEL = 100


def embeddings(settings: Settings) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    folders = [ROOT / "xray" / label for label in ("normal", "pneumonia")]
    if not IMAGENET.exists() or not all(folder.is_dir() for folder in folders):
        pytest.skip("the test weights and X-rays are not here: set VITRINE_TEST_DATA")
    paths = [path for folder in folders for path in sorted(folder.iterdir())[::3][:A_LABEL]]
    views = np.stack([view_from(path.read_bytes()).model_view for path in paths])
    before = torch.get_num_threads()
    embedder, _ = load_embedder(replace(settings, torch_threads=1, device="cpu"))
    found = embedder.embed(views)
    torch.set_num_threads(before)
    return found, np.repeat([0, 1], A_LABEL)


@pytest.mark.parametrize("weights", ["imagenet", "shipped"])
def test_x_rays_that_were_not_seen_are_told_apart(weights: str, tmp_path: Path) -> None:
    explicit = IMAGENET if weights == "imagenet" else None
    found, classes = embeddings(Settings(weights=explicit, weights_download=False, cache_dir=tmp_path))
    metrics = report(train(found, classes).held_out, classes, ("normal", "pneumonia")).metrics
    assert metrics.balanced_accuracy >= 0.90
    assert metrics.calibration_error < 0.08
    assert metrics.log_loss < 0.3 < metrics.baseline.log_loss
