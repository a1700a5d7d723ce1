"""The network as predictors of photos use it: its embeddings, and the feature map behind one of them."""

from dataclasses import dataclass

from shared.settings import Settings
from worker.embedding.algorithms.embedder import Embedder
from worker.embedding.algorithms.feature_map import FeatureMaps
from worker.embedding.algorithms.resnet import build_resnet18, load_state
from worker.embedding.engine_choice import load_embedder


@dataclass(frozen=True)
class PhotoModel:
    """Both are of the same weights."""

    embedder: Embedder
    feature_maps: FeatureMaps


def load_photo_model(settings: Settings, registered: str | None) -> PhotoModel:
    """With the weights and the engine of the embedding workers.

    registered: the model that the index is being made with. Raises BadSetting, as `load_embedder` does.
    """
    embedder, weights = load_embedder(settings, registered)
    network = build_resnet18()
    load_state(network, weights.state)
    return PhotoModel(embedder, FeatureMaps(network))
