"""Which photos of the gallery to label next, so that a predictor learns most from them."""

from typing import Final

import numpy as np

from shared.db.queries.predictors.training_photos import newest_unlabelled
from shared.errors import BadParameter
from shared.predictors.documents import SuggestOrder
from shared.predictors.results import SuggestedPhoto, SuggestionsResult
from worker.lifecycle import ClaimedJob, JobResult
from worker.predictors.photos.algorithms.predictor_file import PhotoPredictor
from worker.predictors.photos.algorithms.uncertainty import choose_to_label, entropy
from worker.predictors.tasks import warm_model
from worker.services import Services

# Enough to choose from; embeddings come as text, and these take a second.
MOST_CANDIDATES: Final = 5_000


def suggest_labels(services: Services, job: ClaimedJob) -> JobResult:
    """Of the newest photos without a label, those that the predictor is least sure of, and that are not all alike.

    Only stored embeddings are read: of the model that the predictor was trained with, whichever is in use now.
    """
    order = job.order(SuggestOrder)
    model = warm_model(services, order.predictor_id, order.version).model
    if not isinstance(model, PhotoPredictor):
        raise BadParameter("name", "This predictor takes values, not photos.")
    with services.unit_of_work.read() as connection:
        found = newest_unlabelled(connection, model.embedding_model, MOST_CANDIDATES)
    if not found:
        return JobResult(SuggestionsResult(()))
    ids, embeddings = list(found), np.array(list(found.values()), np.float32)
    probabilities = model.head.probabilities(embeddings)
    uncertainty = entropy(probabilities)
    items = tuple(
        SuggestedPhoto(
            image=str(ids[place]),
            prediction=model.labels[int(probabilities[place].argmax())],
            probabilities=dict(zip(model.labels, probabilities[place].tolist(), strict=True)),
            uncertainty=float(uncertainty[place]),
        )
        for place in choose_to_label(probabilities, embeddings, order.count).tolist()
    )
    return JobResult(SuggestionsResult(items))
