"""Predictors and their answers as the API shows them (web/predictors/schemas.py)."""

from typing import Any, Final
from urllib.parse import quote

from shared.db.queries.predictors.predictors import VersionRow, VersionSummary
from shared.predictors.documents import MODELS, PredictorKind
from web.http.presenters import PREFIX, time_text

# Only the card shows how often each value came.
_OF_THE_CARD: Final = frozenset({"histogram", "counts"})


def predictor_path(name: str) -> str:
    return f"{PREFIX}/predictors/{quote(name, safe='')}"


def predictor_document(row: VersionRow) -> dict[str, Any]:
    """A version as lists show it."""
    here = predictor_path(row.name)
    version = f"?version={row.version}"
    return {
        "name": row.name,
        "version": row.version,
        "current": row.version == row.current_version,
        "kind": row.kind.value,
        "task": row.task.value,
        "target": row.target,
        "features": [
            {key: value for key, value in feature.items() if key not in _OF_THE_CARD}
            for feature in row.features
        ],
        "metrics": row.metrics,
        "confusion": row.confusion,
        "model": row.model,
        "rows": row.rows,
        "created_at": time_text(row.created_at),
        "sha256": row.sha256,
        "libraries": row.libraries,
        "links": {
            "self": f"{here}{version}",
            "predict": f"{here}/predict{version}",
            "predict_batch": f"{here}/predict-batch{version}" if row.kind is PredictorKind.TABULAR else None,
        },
    }


def card_document(row: VersionRow, versions: list[VersionSummary]) -> dict[str, Any]:
    """A version with its card and its history."""
    return {
        **predictor_document(row),
        "features": row.features,
        "card": with_photo_links(row) if row.kind is PredictorKind.IMAGE else row.card,
        "versions": [
            {
                "version": each.version,
                "current": each.version == row.current_version,
                "task": each.task.value,
                "model": each.model,
                "rows": each.rows,
                "metrics": each.metrics,
                "created_at": time_text(each.created_at),
            }
            for each in versions
        ],
    }


def with_photo_links(row: VersionRow) -> dict[str, Any]:
    """The card of a predictor of photos, with where each photo that it names is to be seen."""
    here = predictor_path(row.name)
    photos = {}
    for number, photo in row.card["photos"].items():
        image = None if photo["image"] is None else f"{PREFIX}/images/{photo['image']}"
        # The hash for caches: a predictor may be deleted, and another take its name.
        of_zip = f"{here}/photos/{number}?version={row.version}&of={row.sha256[:12]}"
        links = {"image": image, "thumbnail": of_zip if image is None else f"{image}/thumbnail"}
        photos[number] = {**photo, "links": links}
    return {**row.card, "photos": photos}


def models_document() -> dict[str, Any]:
    """What can be asked for by name."""
    return {
        "items": [
            {
                "name": model.name,
                "title": model.title,
                "about": model.about,
                "tasks": sorted(task.value for task in model.tasks),
            }
            for model in MODELS
        ]
    }
