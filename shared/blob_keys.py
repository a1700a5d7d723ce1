"""Where each thing lies in the blob store. Photos and what is made of them are named by the photo's SHA-256.

The first two digits are a folder of their own: with a million photos no folder holds more than 4,000 names.
"""

from typing import Final
from uuid import UUID

ORIGINALS: Final = "originals/"
UPLOADS: Final = "uploads/"
SNAPSHOTS: Final = "index/"

# 384 is what a tile of the gallery takes on a desk: two thirds of the bytes of 512, of which a page sends dozens.
THUMBNAIL_SIZES: Final = (256, 384, 512, 1024)


def original(sha256: str) -> str:
    """The bytes as they came: private, since they bear whatever metadata the photo had."""
    return f"{ORIGINALS}{sha256[:2]}/{sha256}"


def upload(sha256: str) -> str:
    """A photo that is only passing through: its palette is wanted and nothing is kept."""
    return f"{UPLOADS}{sha256[:2]}/{sha256}"


def display(sha256: str) -> str:
    """The clean, upright rendition that pages show."""
    return f"renditions/{sha256[:2]}/{sha256}/display"


def thumbnail(sha256: str, size: int) -> str:
    return f"renditions/{sha256[:2]}/{sha256}/{size}"


def histogram(sha256: str) -> str:
    """The colour histogram: palettes of other sizes are computed from it without a decode."""
    return f"features/{sha256[:2]}/{sha256}/histogram"


def model_view(sha256: str) -> str:
    """The 224 x 224 pixels that the embedding model reads."""
    return f"features/{sha256[:2]}/{sha256}/view"


def of_image(sha256: str) -> list[str]:
    """Everything that is kept for one photo."""
    return [
        original(sha256),
        display(sha256),
        *(thumbnail(sha256, size) for size in THUMBNAIL_SIZES),
        histogram(sha256),
        model_view(sha256),
    ]


def snapshot(job_id: UUID) -> str:
    """The embeddings that one full index run works on."""
    return f"{SNAPSHOTS}{job_id}/embeddings.npz"
