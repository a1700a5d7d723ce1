"""Predictors of photos."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version as version_of
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.db.queries.photos.images import get_image
from shared.db.queries.predictors.predictors import VersionRow
from shared.db.queries.predictors.training_photos import embeddings_of
from shared.errors import ModelUnusable
from shared.predictors.cards import PhotoCard
from shared.predictors.documents import PredictOrder, Task, TrainOrder
from shared.predictors.features import Feature
from shared.predictors.results import Familiarity, Input, PredictionResult
from shared.storage import keys as blob_keys
from worker.imaging import model_view_from_bytes, translated_decode_errors, view_box
from worker.lifecycle import Progress
from worker.predictors.kind import Trained
from worker.predictors.photos.algorithms.classifier import train
from worker.predictors.photos.algorithms.heatmap import contrast, evidence_map, explanation_png, overlay_png
from worker.predictors.photos.algorithms.novelty import familiar
from worker.predictors.photos.algorithms.predictor_file import PhotoPredictor
from worker.predictors.photos.card import CardMaker
from worker.predictors.photos.report import report
from worker.predictors.photos.training_photos import TrainingSet, keep_zip, photos_of_gallery, photos_of_zip
from worker.services import Services

MODEL: Final = "logistic-regression"

# Reading and embedding photos takes most of a training.
_READING: Final = 0.85

# The long side of an overlay: pages stretch it over the photo, and it has no detail.
_OVERLAY_SIDE: Final = 512

_FEATURE: Final = Feature(
    name="file",
    label="photo",
    type="image",
    required=True,
    missing=0,
)


class Image:
    """A photo in, a label out."""

    def train(self, services: Services, order: TrainOrder, progress: Progress) -> Trained:
        def reading(share: float) -> None:
            progress(_READING * share)

        if order.upload is None:
            training = photos_of_gallery(services, reading)
        else:
            training = photos_of_zip(services, order.upload, reading)
        fitted = train(
            training.embeddings, training.classes, lambda share: progress(_READING + (1 - _READING) * share)
        )
        found = report(fitted.held_out, training.classes, training.labels)
        predictor = PhotoPredictor(
            embedding_model=services.photo_model.embedder.model_id,
            labels=training.labels,
            head=fitted.head,
            familiar=familiar(training.embeddings),
        )
        data = predictor.to_bytes()
        maker = CardMaker(training, found, predictor, order)
        self._keep(services, order, training, maker.shown, hashlib.sha256(data).hexdigest())
        return Trained(
            data=data,
            task=Task.IMAGE_CLASSIFICATION,
            model=MODEL,
            rows=len(training.photos),
            features=(_FEATURE,),
            metrics=found.metrics,
            confusion=found.confusion,
            card=maker.card(folds=fitted.folds, strength=fitted.strength, temperature=fitted.temperature),
            libraries={name: version_of(name) for name in ("scikit-learn", "numpy", "torch")},
        )

    def _keep(
        self, services: Services, order: TrainOrder, training: TrainingSet, shown: Sequence[int], sha256: str
    ) -> None:
        """The zip, to train from again for other weights, and thumbnails of its photos that the card shows. shown: their places."""
        if order.upload is None:
            return
        keep_zip(services.blobs, order.upload)
        for place in shown:
            thumbnail = training.photos[place].thumbnail
            if thumbnail is not None:
                services.blobs.put(blob_keys.training_photo(sha256, place), thumbnail, "image/webp")

    def load(self, data: bytes, version: VersionRow) -> PhotoPredictor:  # noqa: ARG002 - others need it
        try:
            return PhotoPredictor.from_bytes(data)
        except ValueError as error:
            raise ModelUnusable from error

    def predict(
        self, services: Services, model: PhotoPredictor, version: VersionRow, order: PredictOrder
    ) -> PredictionResult:
        network = services.photo_model
        if model.embedding_model != network.embedder.model_id:
            raise ModelUnusable(
                f"The predictor was trained with other weights ({model.embedding_model}) than those in use now "
                f"({network.embedder.model_id}), and embeddings of the two must not be mixed. "
                "Its current version is trained again by itself; try again in some minutes, or train it again."
            )
        photo = _photo(services, order)
        embedding = photo.embedding
        if embedding is None:
            embedding = network.embedder.embed(photo.view[np.newaxis])
        probabilities = model.head.probabilities(embedding)[0]
        answer = int(probabilities.argmax())
        evidence = evidence_map(
            network.feature_maps.of(photo.view),
            contrast(model.head.weights, probabilities, answer),
            model.head.centre,
        )
        explanation = f"{photo.sha256}-{version.sha256}"
        _save_explanation(services, explanation, photo, evidence)
        similarities = model.familiar.similarity(embedding)
        return PredictionResult(
            prediction=model.labels[answer],
            probabilities=dict(zip(model.labels, probabilities.tolist(), strict=True)),
            interval=None,
            warnings=_warnings(version, new=bool(model.familiar.is_new(similarities)[0])),
            explanation=explanation,
            familiarity=Familiarity(float(similarities[0]), model.familiar.threshold),
            inputs=(Input("file", "photo", None, photo.name),),
            reasons=(),
            predictor=version.name,
            version=version.version,
            model=version.model,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Photo:
    """view: (224, 224, 3) uint8; width, height: of the whole picture; embedding: (1, 512), where it is known already."""

    name: str
    sha256: str
    width: int
    height: int
    view: NDArray[np.uint8]
    embedding: NDArray[np.float32] | None = None


def _photo(services: Services, order: PredictOrder) -> _Photo:
    """The photo that is asked about. Raises ImageNotFound, Unreadable, TooComplex."""
    if order.upload is not None:
        data = services.blobs.get(blob_keys.upload(order.upload))
        with translated_decode_errors():
            found = services.sandbox.view(data)
        return _Photo("an uploaded photo", order.upload, found.width, found.height, found.model_view)
    if order.image is None:
        raise ValueError("A prediction for a photo names an uploaded one, or one of the gallery.")
    model = services.photo_model.embedder.model_id
    with services.unit_of_work.read() as connection:
        row = get_image(connection, order.image)
        known = embeddings_of(connection, model, [row.id]).get(row.id)
    view = model_view_from_bytes(services.blobs.get(blob_keys.model_view(row.sha256)))
    embedding = None if known is None else np.array([known], np.float32)
    return _Photo(row.name, row.sha256, row.width, row.height, view, embedding)


def _save_explanation(services: Services, name: str, photo: _Photo, evidence: NDArray[np.float64]) -> None:
    """Two pictures: what the network saw with its evidence, and the evidence alone in the shape of the photo."""
    scale = min(1.0, _OVERLAY_SIDE / max(photo.width, photo.height))
    size = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    layers = {
        "photo": explanation_png(photo.view, evidence),
        "overlay": overlay_png(evidence, *size, view_box(photo.width, photo.height)),
    }
    for layer, png in layers.items():
        services.blobs.put(blob_keys.explanation(name, layer), png, "image/png")


def _warnings(version: VersionRow, *, new: bool) -> tuple[str, ...]:
    """What to beware of in this answer."""
    found = []
    if new:
        found.append(
            "This photo is unlike anything seen in training, so the answer means little: "
            "a classifier must choose one of its labels, whatever it is shown."
        )
    card = version.card
    found += card.warnings
    if isinstance(card, PhotoCard) and card.notice:
        found.append(card.notice)
    return tuple(found)
