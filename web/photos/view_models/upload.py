"""The upload page: what may be uploaded."""

from dataclasses import dataclass
from typing import Final

from shared.limits import MAX_FILE_MEBIBYTES

# Types by which a file dialog tells photos from other files. What a file is, its bytes decide.
ACCEPT: Final = "image/jpeg,image/png,image/webp,image/gif"


@dataclass(frozen=True, slots=True)
class UploadView:
    """error: why the photo that was just sent was not taken."""

    limits: str
    accept: str
    error: str | None


def upload_view(error: str | None = None) -> UploadView:
    return UploadView(
        limits=f"JPEG, PNG, WebP or GIF, up to {MAX_FILE_MEBIBYTES} MiB each",
        accept=ACCEPT,
        error=error,
    )
