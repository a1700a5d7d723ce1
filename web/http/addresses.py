"""Addresses of the API, as documents link them."""

from contextvars import ContextVar
from typing import Final
from urllib.parse import quote
from uuid import UUID

API_PREFIX: Final = "/api/v1"

# Not asked of Flask's request: a list of images names its addresses a hundred times.
_ROOT: Final[ContextVar[str]] = ContextVar("root", default="")


def set_root(root: str) -> None:
    """Has the addresses of this thread begin so from now on. root: a path without a slash at its end, or empty."""
    _ROOT.set(root)


def site_root() -> str:
    """What stands before every path of the site: where it is mounted (web/http/middleware/mount.py), or nothing."""
    return _ROOT.get()


def image_path(image_id: int) -> str:
    return f"{_ROOT.get()}{API_PREFIX}/images/{image_id}"


def job_path(job_id: UUID) -> str:
    return f"{_ROOT.get()}{API_PREFIX}/jobs/{job_id}"


def palette_path(job_id: UUID) -> str:
    """The palettes of a photo that is not in the gallery, which have the id of the job that found them."""
    return f"{_ROOT.get()}{API_PREFIX}/palettes/{job_id}"


def predictor_path(name: str) -> str:
    return f"{_ROOT.get()}{API_PREFIX}/predictors/{quote(name, safe='')}"
