"""Rows as the API shows them (web/http/schemas.py has the fields with their meaning)."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from shared.db.queries.index.state import IndexCounts, IndexStateRow, RunRow
from shared.db.queries.jobs.jobs import JobRow
from shared.db.queries.photos.images import ImageRow
from shared.jobs.kinds import ACTIVE, JobKind, JobStatus
from web.palettes.formats import Swatch, describe

PREFIX: Final = "/api/v1"
_WENT_WRONG: Final = frozenset({JobStatus.FAILED, JobStatus.DEAD})


def time_text(moment: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else time_text(moment)


def image_path(image_id: int) -> str:
    return f"{PREFIX}/images/{image_id}"


def job_path(job: JobRow) -> str:
    return f"{PREFIX}/jobs/{job.id}"


def palette_path(job_id: UUID) -> str:
    """The palettes of a photo that is not in the gallery, which bear the id of the job that found them."""
    return f"{PREFIX}/palettes/{job_id}"


def image_document(image: ImageRow) -> dict[str, Any]:
    here = image_path(image.id)
    return {
        "id": str(image.id),
        "sha256": image.sha256,
        "name": image.name,
        "caption": image.caption,
        "tags": image.tags,
        "label": image.label,
        "width": image.width,
        "height": image.height,
        "bytes": image.bytes,
        "format": image.format,
        "created_at": time_text(image.created_at),
        "status": {
            "palette": image.palette.value,
            "embedding": image.embedding.value,
            "neighbours": image.neighbours.value,
        },
        "colors": image.colors,
        "swatches": list(image.swatches),
        "links": {
            "self": here,
            "file": f"{here}/file",
            "thumbnail": f"{here}/thumbnail",
            "palette": f"{here}/palette",
            "similar": f"{here}/similar",
            "job": None if image.job_id is None else f"{PREFIX}/jobs/{image.job_id}",
        },
    }


def job_document(job: JobRow) -> dict[str, Any]:
    return {
        "id": str(job.id),
        "kind": job.kind.value,
        "status": job.status.value,
        "progress": round(job.progress, 3),
        "attempts": job.attempt,
        "error": _job_error(job),
        "result": _job_result(job),
        "steps": [{"kind": step.kind.value, "status": step.status.value} for step in job.steps],
        "image": None if job.image_id is None else str(job.image_id),
        "created_at": time_text(job.created_at),
        "started_at": _time_or_none(job.started_at),
        "finished_at": _time_or_none(job.finished_at),
        "links": _job_links(job),
    }


def _job_error(job: JobRow) -> dict[str, str] | None:
    # A queued job may bear the error of its last run; while it will run again that is nobody's trouble.
    if job.status not in _WENT_WRONG or job.error_code is None:
        return None
    return {"code": job.error_code, "message": job.error_message or ""}


def _job_result(job: JobRow) -> dict[str, Any] | None:
    if job.status is not JobStatus.SUCCEEDED:
        return None
    if job.kind is JobKind.ANALYSE_IMAGE and job.image_id is not None:
        here = image_path(job.image_id)
        links = {"image": here, "palette": f"{here}/palette", "similar": f"{here}/similar"}
        return {"image": str(job.image_id), "links": links}
    present = _RESULTS.get(job.kind)
    return job.result if present is None or job.result is None else present(job, job.result)


def _palette_result(job: JobRow, result: dict[str, Any]) -> dict[str, Any]:
    palette = palette_document(result["colors"], result["version"])
    return palette if job.image_id is not None else {**palette, "links": {"self": palette_path(job.id)}}


def _training_result(_job: JobRow, result: dict[str, Any]) -> dict[str, Any]:
    here = f"{PREFIX}/predictors/{quote(result['predictor'], safe='')}"
    return {**result, "links": {"predictor": here}}


def _prediction_result(job: JobRow, result: dict[str, Any]) -> dict[str, Any]:
    explanation = f"{job_path(job)}/explanation" if result.get("explanation") else None
    return {**result, "job": str(job.id), "explanation": explanation}


def _batch_result(job: JobRow, result: dict[str, Any]) -> dict[str, Any]:
    return {**result, "links": {"csv": f"{job_path(job)}/predictions"}}


_RESULTS: Final[Mapping[JobKind, Callable[[JobRow, dict[str, Any]], dict[str, Any]]]] = {
    JobKind.PALETTE: _palette_result,
    JobKind.TRAIN_PREDICTOR: _training_result,
    JobKind.PREDICT: _prediction_result,
    JobKind.PREDICT_BATCH: _batch_result,
}


def _job_links(job: JobRow) -> dict[str, str]:
    here = job_path(job)
    links = {"self": here, "events": f"{here}/events"}
    if job.image_id is not None:
        links["image"] = image_path(job.image_id)
    if job.status in ACTIVE:
        links["cancel"] = f"{here}/cancel"
    elif job.status is not JobStatus.SUCCEEDED:
        links["retry"] = f"{here}/retry"
    return links


def swatches(found: Sequence[dict[str, Any]]) -> list[Swatch]:
    """The colours of a stored palette: `{"hex", "proportion"}` each."""
    return [Swatch(swatch["hex"], swatch["proportion"]) for swatch in found]


def palette_document(found: Sequence[dict[str, Any]], version: str) -> dict[str, Any]:
    return describe_palette(swatches(found), version)


def describe_palette(found: Sequence[Swatch], version: str) -> dict[str, Any]:
    return {"colors": [describe(swatch) for swatch in found], "count": len(found), "version": version}


def percentile(similarity: float, quantiles: Sequence[float] | None) -> float | None:
    """The share of random pairs that are less similar, 0 to 100, between the two quantiles that enclose it.

    quantiles: 101 of them, from 0 % to 100 %, rising. None where they are not known.
    """
    if not quantiles:
        return None
    above = bisect_left(quantiles, similarity)
    if above == 0:
        return 0.0
    if above == len(quantiles):
        return 100.0
    low, high = quantiles[above - 1], quantiles[above]
    return round(above - 1 + (similarity - low) / (high - low), 1)


def index_document(
    state: IndexStateRow, counts: IndexCounts, run: RunRow | None, next_run_at: datetime
) -> dict[str, Any]:
    return {
        "model": state.model,
        "target_model": state.target_model,
        "weights": state.weights,
        "generation": state.generation,
        "images": counts.images,
        "embedded": counts.embedded,
        "indexed": counts.indexed,
        "pending": counts.pending,
        "last_run": None if run is None else _run_document(run),
        "next_run_at": time_text(next_run_at),
    }


def _run_document(run: RunRow) -> dict[str, Any]:
    return {
        "mode": run.mode,
        "started_at": time_text(run.started_at),
        "finished_at": time_text(run.finished_at),
        "images": run.images,
        "new": run.new,
        "seconds": round((run.finished_at - run.started_at).total_seconds(), 3),
        "drift": run.drift,
    }
