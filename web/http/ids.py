"""Ids in paths. One that could not have been given out names nothing: 404, not 400."""

import re
from typing import Final
from uuid import UUID

from shared.errors import ImageNotFound, JobNotFound

_IMAGE: Final = re.compile(r"[1-9][0-9]{0,18}")
_JOB: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def image_id(text: str) -> int:
    """Raises ImageNotFound."""
    if not _IMAGE.fullmatch(text) or int(text) >= 2**63:
        raise ImageNotFound
    return int(text)


def job_id(text: str) -> UUID:
    """Raises JobNotFound."""
    if not _JOB.fullmatch(text):
        raise JobNotFound
    return UUID(text)
