"""Addresses of the API, as documents link them."""

from typing import Final
from urllib.parse import quote
from uuid import UUID

API_PREFIX: Final = "/api/v1"


def image_path(image_id: int) -> str:
    return f"{API_PREFIX}/images/{image_id}"


def job_path(job_id: UUID) -> str:
    return f"{API_PREFIX}/jobs/{job_id}"


def palette_path(job_id: UUID) -> str:
    """The palettes of a photo that is not in the gallery, which have the id of the job that found them."""
    return f"{API_PREFIX}/palettes/{job_id}"


def predictor_path(name: str) -> str:
    return f"{API_PREFIX}/predictors/{quote(name, safe='')}"
