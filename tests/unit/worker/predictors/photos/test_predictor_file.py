"""A predictor of photos in storage: the same when it comes back, and refused when it is anything else."""

import numpy as np
import pytest
from safetensors.numpy import load, save

from worker.predictors.photos.algorithms.linear_head import LinearHead
from worker.predictors.photos.algorithms.novelty import Familiar
from worker.predictors.photos.algorithms.predictor_file import PhotoPredictor


def predictor() -> PhotoPredictor:
    random = np.random.default_rng(0)
    head = LinearHead(random.normal(size=8), random.normal(size=(2, 8)), random.normal(size=2))
    return PhotoPredictor(
        "resnet18/x", ("cat", "dög"), head, Familiar(random.normal(size=(5, 8)).astype(np.float16), 0.7)
    )


def test_it_comes_back_as_it_was() -> None:
    sent = predictor()
    received = PhotoPredictor.from_bytes(sent.to_bytes())
    assert (received.embedding_model, received.labels) == ("resnet18/x", ("cat", "dög"))
    assert received.familiar.threshold == 0.7
    photos = np.eye(3, 8, dtype=np.float32)
    np.testing.assert_array_equal(received.head.probabilities(photos), sent.head.probabilities(photos))
    np.testing.assert_array_equal(received.familiar.similarity(photos), sent.familiar.similarity(photos))
    assert received.to_bytes() == sent.to_bytes()


@pytest.mark.parametrize("data", [b"", b"x" * 100, b"\x80\x04K\x01."])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no predictor of photos"):
        PhotoPredictor.from_bytes(data)


@pytest.mark.parametrize("name", ["about", "centre", "weights", "biases", "references"])
@pytest.mark.parametrize("change", ["missing", "shorter", "of another type", "not finite"])
def test_arrays_that_can_not_be_are_refused(name: str, change: str) -> None:
    arrays = dict(load(predictor().to_bytes()))
    if change == "missing":
        del arrays[name]
    elif change == "shorter":
        arrays[name] = np.ascontiguousarray(arrays[name][..., :-1])
    elif change == "of another type":
        arrays[name] = arrays[name].astype(np.int32)
    elif name == "about":
        arrays[name] = np.frombuffer(b"[]", np.uint8)
    else:
        arrays[name] = np.full_like(arrays[name], np.nan)
    with pytest.raises(ValueError, match="no predictor of photos"):
        PhotoPredictor.from_bytes(save(arrays))
